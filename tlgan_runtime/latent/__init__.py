"""Arithmetic on latent vectors: from names and strengths to moved latents, in numpy alone."""
