"""The commands `tlgan-train` and `tlgan-export`."""
