"""Frames become files: GIF, WebP, APNG and MP4. Only `options.py`, what can be asked for, knows emotions."""
