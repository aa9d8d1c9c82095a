"""Bundles on disk: a folder or a .zip, its manifest, its axes, and the checks of each."""
