"""From labelled pictures of characters to a bundle that edits their expressions (CheerMeUp, TL-GAN)."""
