"""`Renderer`: draws the faces of a bundle over a background, alone or frame by frame."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime import transparency
from tlgan_runtime.animation.layout import Pixels
from tlgan_runtime.bundle.manifest import Manifest
from tlgan_runtime.errors import InputError
from tlgan_runtime.graphs.session import MICRO_BATCH, Graph
from tlgan_runtime.latent.moves import Move
from tlgan_runtime.transparency import AUTO, Background, Colour, colour, over


class Renderer:
    """Latents float32 (N, latent_dim) become pictures uint8: (N, H, W, 3) RGB, or (N, H, W, 4) RGBA, straight alpha."""

    def __init__(self, generator: Graph, manifest: Manifest, threads: int) -> None:
        self._generator = generator
        self._manifest = manifest
        self._threads = threads

    @property
    def providers(self) -> list[str]:
        """Execution providers in use; starts the generator to find out."""
        return self._generator.providers

    @property
    def clear(self) -> bool:
        """Whether the bundle draws faces without a background."""
        return self._manifest.channels == 4

    @property
    def usual(self) -> Colour:
        """The colour that the bundle names for the background of its faces."""
        return colour("background", self._manifest.background)

    def behind(self, background: Background) -> Colour | None:
        """Return the colour behind faces; None for none, and where faces fill their pictures.

        Raises `InputError` for what is no background, and for any but `auto` where faces fill their pictures.
        """
        chosen = transparency.background("background", background)
        if self.clear:
            return self.usual if chosen == AUTO else chosen
        if chosen != AUTO:
            raise InputError(
                f"the faces of {self._manifest.name} fill their pictures, so nothing can be behind them; leave "
                "background out"
            )
        return None

    def draw(self, latents: NDArray[np.float32], behind: Colour | None) -> Pixels:
        """Return the faces over a colour that `behind` returned."""
        images = self._generator.run(latents)["image"]
        return over(images, behind) if images.shape[-1] == 4 and behind is not None else images

    def solid(self, images: Pixels) -> Pixels:
        """Return drawn faces as the classifier reads them, RGB."""
        return over(images, self.usual) if images.shape[-1] == 4 else images

    def frames(self, move: Move, faces: int, strengths: NDArray[np.float64], behind: Colour | None) -> Iterator[Pixels]:
        """Yield a frame for each of `strengths` (T, C, E + C + A), whose C columns the faces take in turn."""
        # Few faces leave a micro-batch half empty (a third more time) and threads idle: the next steps fill them.
        together = max(1, MICRO_BATCH * self._threads // faces)
        turns = faces // strengths.shape[1]
        for first in range(0, len(strengths), together):
            moved = [
                move.at(np.tile(columns, (turns, 1)) if len(columns) > 1 else columns[0])
                for columns in strengths[first : first + together]
            ]
            images = self.draw(np.concatenate(moved), behind)
            yield from images.reshape(len(moved), faces, *images.shape[1:])
