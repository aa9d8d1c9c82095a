"""Step I: trains the DCGAN that draws the characters, and the encoder beside it."""
