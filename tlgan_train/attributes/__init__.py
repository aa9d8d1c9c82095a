"""Add attributes to a finished model: labelled pictures become another axis."""
