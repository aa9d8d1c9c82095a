"""Names that an option chooses from. Nothing is imported here: the help of the command line needs no more than this."""

from __future__ import annotations

PROVIDERS = ("auto", "cpu", "cuda")
"""Where graphs run; `auto` takes CUDA where it works."""
PRECISIONS = ("auto", "int8")
"""Which generator of a bundle draws."""
EASINGS = ("linear", "smooth")
"""How strengths change from one frame to the next: evenly, or slowly at both ends."""
LOOPS = ("forth-and-back", "forth", "once")
"""What follows the last frame of an animation."""
