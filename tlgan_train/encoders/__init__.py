"""An encoder for a finished bundle that has none."""
