"""Bundles on disk: read, check and write the folder or .zip, the manifest and the axes."""
