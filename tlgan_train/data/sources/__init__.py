"""Readers of pictures: the built-in characters, folders, archives, tables."""
