"""Attributes that are added to a finished model: labelled pictures become another axis."""
