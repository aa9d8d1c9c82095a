"""Writes frames as GIF, WebP, APNG or MP4. Only `options.py` knows emotions."""
