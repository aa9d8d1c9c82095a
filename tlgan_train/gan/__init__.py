"""Step I: train the DCGAN that draws the characters, and its encoder."""
