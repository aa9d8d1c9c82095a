"""Faces in the files, sizes and names that other programs expect."""
