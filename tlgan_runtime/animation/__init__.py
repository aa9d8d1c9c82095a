"""Frames become files: GIF, WebP, APNG and MP4. Nothing here knows what an emotion is."""
