"""Network definitions only: no files, no training."""
