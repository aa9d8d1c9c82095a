"""Turn names and strengths into moved latents, in numpy alone."""
