"""`Faces`: the faces of a bundle, sampled, drawn, read and moved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlgan_runtime.animation.layout import Pixels
from tlgan_runtime.animation.options import AnimationOptions
from tlgan_runtime.bundle.find import find_bundle
from tlgan_runtime.bundle.manifest import Manifest
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.errors import BundleNotFoundError, InputError
from tlgan_runtime.graphs.bundle_graphs import open_graphs
from tlgan_runtime.graphs.end_finders import usable_axes
from tlgan_runtime.graphs.session import Engine
from tlgan_runtime.latent import sampling
from tlgan_runtime.latent.axes import Motions
from tlgan_runtime.latent.keep import check_keep
from tlgan_runtime.latent.moves import Move
from tlgan_runtime.latent.vocabulary import Mix, Vocabulary
from tlgan_runtime.renderer import Renderer
from tlgan_runtime.scores import Scores
from tlgan_runtime.transparency import AUTO, Background, averaged
from tlgan_runtime.validation import array, one_of, real

Latents = NDArray[np.float32]


class Faces:
    """An open bundle: what it says about itself, and what it does with latents and pictures of its faces.

    `CheerMeUp` adds animations and pictures of one's own, and describes the arguments.
    """

    def __init__(
        self,
        bundle: str | PathLike[str] | None = None,
        *,
        provider: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
    ) -> None:
        self._options: dict[str, Any] = {"provider": provider, "threads": threads, "precision": precision}
        self._engine = Engine(provider, threads)
        self._bundle = Bundle(find_bundle(bundle))
        self._axes = usable_axes(self._bundle, self._engine)
        characters = self._axes.characters
        self._vocabulary = Vocabulary(
            self.manifest.emotions,
            () if characters is None else characters.names,
            tuple(attribute.name for attribute in self._axes.attributes),
        )
        self._mapping, generator, self._classifier, self._encoder = open_graphs(self._bundle, self._engine, precision)
        self._renderer = Renderer(generator, self.manifest, self._engine.threads)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), **self._options), (self._bundle.path,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._bundle.path)!r}, provider={self._options['provider']!r})"

    @property
    def manifest(self) -> Manifest:
        """Everything that the bundle says about itself."""
        return self._bundle.manifest

    @property
    def path(self) -> Path:
        """The folder or .zip in use."""
        return self._bundle.path

    @property
    def emotions(self) -> list[str]:
        """Names that `move`, `walk` and `gif` take, in the order of the classifier's output."""
        return list(self.manifest.emotions)

    @property
    def characters(self) -> list[str]:
        """Those that the classifier knows, in the order of its output."""
        return list(self.manifest.characters)

    @property
    def drawn_characters(self) -> list[str]:
        """Those that the generator was trained to draw."""
        return list(self.manifest.drawn_characters)

    @property
    def attributes(self) -> list[str]:
        """What was added to the finished model, which `move`, `walk` and `gif` take as well."""
        return list(self.vocabulary.attributes)

    @property
    def vocabulary(self) -> Vocabulary:
        """All names that mixes may use: emotions, characters that a face can become, attributes."""
        return self._vocabulary

    @property
    def methods(self) -> list[str]:
        """Methods whose axes the bundle holds, the default one first."""
        return sorted(self._axes.methods, key=lambda name: (name != self._axes.default, name))

    @property
    def latent_dim(self) -> int:
        return self.manifest.latent_dim

    @property
    def image_size(self) -> int:
        """Side of the square pictures, pixels."""
        return self.manifest.image_size

    @property
    def providers(self) -> list[str]:
        """Execution providers really in use, most preferred first; starts the generator to find out."""
        return self._renderer.providers

    def sample(self, n: int, seed: int = 0) -> Latents:
        """(n, latent_dim) latents of faces. The same on every machine, and face i does not depend on n.

        They are draws from N(0, I), taken to the generator's own latents by the bundle's mapping if it has one.
        """
        count, seed = AnimationOptions.check("faces", n), AnimationOptions.check("seed", seed)
        z = sampling.sample(count, self.latent_dim, seed)
        return z if self._mapping is None else self._mapping.run(z)["latent"]

    def render(self, z: ArrayLike, background: Background = AUTO) -> Pixels:
        """The faces of `z`, (N, latent_dim) floats from -1000 to 1000 -> uint8 (N, H, W, 3), RGB.

        Latents are in standard deviations of the prior (`latent.MAX_LATENT`); far beyond 6, faces fall apart.

        Where the bundle draws faces without a background, `background` is a colour (`"white"`, `"#ffaa00"` or three
        numbers from 0 to 255), or `"auto"` for the one that the bundle names. None gives uint8 (N, H, W, 4), RGBA with
        straight alpha. Raises `InputError` for another background of faces that fill their pictures.
        """
        return self._renderer.draw(self._check_latents(z), self._renderer.behind(background))

    def classify(self, images: ArrayLike) -> Scores:
        """What emotion and character the classifier sees in `images`, uint8 (N, H, W, 3).

        They have the size of the faces, or the smaller one that the classifier reads (`manifest.reader_size`).
        """
        return Scores(**self._classifier.run(self._read(images)))

    def _read(self, images: ArrayLike) -> Pixels:
        """Pictures in the size that classifier and encoder read."""
        pictures, read = array("images", images), self.manifest.read_size
        shapes = [(size, size, 3) for size in dict.fromkeys((self.image_size, read))]
        if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[1:] not in shapes or len(pictures) == 0:
            wanted = " or ".join(f"(N, {', '.join(map(str, shape))})" for shape in shapes)
            raise InputError(f"images must be uint8 {wanted}, not {pictures.dtype} {pictures.shape}")
        return averaged(pictures, read)

    def encode(self, images: ArrayLike) -> Latents:
        """Latents float32 (N, latent_dim) that draw `images`, uint8 (N, H, W, 3) of the sizes that `classify` takes.

        The faces must lie in `images` as drawn ones do; `invert` finds them in other pictures. Raises
        `BundleNotFoundError` if the bundle has no encoder.
        """
        pictures = self._read(images)
        if self._encoder is None:
            raise self._no_encoder()
        return self._encoder.run(pictures)["z"]

    def move(
        self,
        z: ArrayLike,
        strengths: Mix,
        method: str | None = None,
        *,
        until: float | None = None,
        keep: Sequence[str] = (),
    ) -> Latents:
        """`z`, (N, latent_dim), moved by a mix of emotions, characters and attributes; the same shape.

        Strength 0 has no effect and returns `z` bit for bit; 1 is the full effect; a negative strength leads away from
        an emotion, or to faces without an attribute. Where the bundle draws several characters, a mix may name
        characters, too: a face becomes another character and keeps its emotion. `method` names the axes; None is the
        bundle's default.

        With `until`, a probability from 0 to 1, each face goes towards `strengths` in steps of a sixteenth, and stops
        where the classifier gives the emotions with strengths above 0 that probability together (and the characters, if
        the mix names any). A face that never gets there stops where it comes nearest.

        `keep` names emotions and attributes that must not change, and `character`. The component of the move along
        their axes is removed; the norm is not restored. The method `path` also looks for ends that keep these
        emotions, if the bundle has such ends. A move away from an emotion has no ends: there only the axes count.

        A small change of a strength is a small move, through 0 as well, with two exceptions. With `until` a face may
        stop a step earlier or later. And at strength 0 `until` does not wait for the emotion, and `keep` may name it.
        """
        start, mix = self._check_latents(z), self.vocabulary.strengths(strengths)
        move = self._prepared(start, mix, method, keep)
        if until is None:
            return move.at(mix)
        until, wanted = real("until", until, 0.0, 1.0), self.vocabulary.wanted(mix, self.characters)
        return move.until(mix, until, lambda moved: self.classify(self.render(moved)).together(*wanted))

    def _prepared(
        self, start: Latents, strengths: NDArray[np.float64], method: str | None, keep: Sequence[str]
    ) -> Move:
        """Faces ready to be moved by any of `strengths` (..., E + C + A); checks the method and what to keep."""
        motions = self._motions(method)
        return Move(start, motions, check_keep(keep, strengths, motions), strengths)

    def _motions(self, method: str | None) -> Motions:
        return self._axes.motions(self._axes.default if method is None else one_of("method", method, self.methods))

    def _no_encoder(self) -> BundleNotFoundError:
        return BundleNotFoundError(
            f"the bundle {self.path} has no encoder, which finds faces in pictures; add one with `tlgan-train "
            "encoder`, or take another bundle"
        )

    def _check_latents(self, z: ArrayLike) -> Latents:
        return sampling.check_latents(z, self.latent_dim)
