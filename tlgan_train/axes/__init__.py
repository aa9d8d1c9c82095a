"""Steps III to V: draw samples, fit an axis for each emotion, and calibrate it."""
