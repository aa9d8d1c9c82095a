"""Chooses the colour behind transparent pictures, unlike what they show.

The networks see pictures without alpha. If teeth are as white as what is behind a face, nothing tells where the face
ends, and the head of the generator makes holes in mouths.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tlgan_runtime.pictures.decode import WHITE, UnusablePictureError, opened, see_through
from tlgan_runtime.transparency import Colour
from tlgan_train.data.sources.archive import file_at

CANDIDATES: tuple[Colour, ...] = (WHITE, (196, 219, 230), (242, 214, 176), (150, 190, 160), (128, 128, 128))
"""Quiet colours: white, light blue, sand, sage and grey. The first one that pictures hardly show is taken."""
NEAR = 48
"""Largest difference of similar colours, in any channel."""
HARDLY = 0.003
"""Largest share of pixels that are similar to the background."""
READ = 64
"""Pictures to look at, at even distances."""
SIDE = 64


def background_of(root: Path, paths: Sequence[str]) -> Colour:
    """Return a colour for what is behind pictures; white if none of them is transparent."""
    seen = []
    for place in np.unique(np.linspace(0, len(paths) - 1, min(READ, len(paths))).astype(int)):
        try:
            with file_at(root, paths[place]) as file, opened(file) as image:
                if see_through(image) is not None:
                    pixels = np.asarray(image.convert("RGBA").resize((SIDE, SIDE), Image.Resampling.BOX))
                    seen.append(pixels[pixels[..., 3] > 250][:, :3])
        except UnusablePictureError:  # reading it will say why
            continue
    if not seen:
        return WHITE
    colours = np.concatenate(seen).astype(np.int16)
    near = ((np.abs(colours - other) <= NEAR).all(axis=1) for other in CANDIDATES)
    shares = [float(similar.mean()) if len(similar) else 0.0 for similar in near]
    rare = [place for place, share in enumerate(shares) if share <= HARDLY]
    return CANDIDATES[rare[0] if rare else int(np.argmin(shares))]
