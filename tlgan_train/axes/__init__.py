"""Steps III to V: samples of latents and readings, an axis for each emotion, and its calibration."""
