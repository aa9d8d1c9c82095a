"""Pictures of one's own: read, placed, found in latent space, and edited."""
