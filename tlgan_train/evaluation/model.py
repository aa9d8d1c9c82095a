"""One view of finished models, whether a run or a bundle: they draw faces and read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from tlgan_runtime.bundle.find import find_bundle
from tlgan_runtime.editor import CheerMeUp
from tlgan_runtime.pictures.decode import WHITE
from tlgan_runtime.transparency import Colour, averaged, colour
from tlgan_train.axes.samples import draw_faces, draw_latents
from tlgan_train.classifiers.classifier import load_classifier
from tlgan_train.classifiers.judge import load_judge
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.compute.seeds import stream_seed
from tlgan_train.data.dataset import drawn_characters
from tlgan_train.gan.weights import load_encoder, load_generator
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.encoder import Encoder
from tlgan_train.models.inference import predict
from tlgan_train.run_folder import read_json

SMALLEST_PROBABILITY = 1e-6
"""Probabilities of a bundle's classifier are raised to this before their logarithm is taken."""
ReadPictures = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Pictures uint8 (N, S, S, 3) → logits of emotions (N, E) and characters (N, C), up to a constant for each picture."""


@dataclass(frozen=True)
class FinishedModel:
    """A generator with the networks that read its faces."""

    emotions: tuple[str, ...]
    characters: tuple[str, ...]
    """Characters that the classifier knows, in the order of its output."""
    drawn: tuple[str, ...]
    """Characters that the generator was trained on."""
    latent_dim: int
    """Length of a latent."""
    image_size: int
    """Side of the square pictures that classifier and judge read, pixels."""
    background: Colour
    """Colour behind the faces."""
    seed: int
    """Seed of the training."""
    latents: Callable[[int, str], np.ndarray]
    """`latents(count, stream)`: float32 (count, latent_dim), independent for streams with different names."""
    draw: Callable[[np.ndarray], np.ndarray]
    """Faces uint8 (N, S, S, 3) of latents (N, latent_dim), in the size that is read."""
    encode: Callable[[np.ndarray], np.ndarray] | None
    """Latents (N, latent_dim) of pictures uint8 (N, S, S, 3); None for a model without an encoder."""
    classify: ReadPictures
    judge: ReadPictures
    """A network that took no part in the making of the model; the classifier if there is none, as in a bundle."""
    judged_by: str
    """Which of these `judge` is: `judge` or `classifier`."""


def finished_run(run: Path, compute: Compute = ON_CPU) -> FinishedModel:
    """The model of a run folder. Raises `TrainError` that names a stage which has not run."""
    settings = read_json(run / "config.json", made_by="all")["config"]
    generator, classifier, judge = (load(run, compute) for load in (load_generator, load_classifier, load_judge))
    encoder = load_encoder(run, compute)
    facts = read_json(run / "training.json", made_by="all")
    names = read_json(run / "classifier" / "metrics.json", made_by="classifier")
    characters = tuple(names["characters"])
    return trained_model(
        generator, encoder, classifier, judge, tuple(names["emotions"]), characters,
        drawn_characters(settings["data"]["characters"], characters), generator.image_size, settings["seed"],
        colour("background", facts.get("background", WHITE)),
    )  # fmt: skip


def trained_model(
    generator: Generator,
    encoder: Encoder | None,
    classifier: nn.Module,
    judge: nn.Module,
    emotions: tuple[str, ...],
    characters: tuple[str, ...],
    drawn: tuple[str, ...],
    image_size: int,
    seed: int,
    background: Colour = WHITE,
) -> FinishedModel:
    """The model of networks in eval mode.

    The first two outputs of `classifier` and `judge` are the logits of emotions and characters. `FinishedModel` says
    what the other arguments are.
    """

    def reading(network: nn.Module) -> ReadPictures:
        def read(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            emotion, character = predict(network, images)[:2]
            return emotion, character

        return read

    return FinishedModel(
        emotions=emotions,
        characters=characters,
        drawn=drawn,
        latent_dim=generator.latent_dim,
        image_size=image_size,
        background=background,
        seed=seed,
        latents=lambda count, stream: draw_latents(generator, count, seed, stream),
        draw=lambda z: draw_faces(generator, z),
        encode=None if encoder is None else lambda images: predict(encoder, images)[0],
        classify=reading(classifier),
        judge=reading(judge),
        judged_by="judge",
    )


def finished_bundle(path: str | Path) -> FinishedModel:
    """The model of a bundle, by path or by name. Raises a `CheerMeUpError` if the bundle cannot be read."""
    app = CheerMeUp(find_bundle(path), provider="cpu")
    seed, size = app.manifest.training.get("seed", 0), app.manifest.read_size

    def read(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores = app.classify(images)
        emotion, character = (np.log(np.maximum(table, SMALLEST_PROBABILITY)) for table in scores)
        return emotion, character

    return FinishedModel(
        emotions=tuple(app.emotions),
        characters=tuple(app.characters),
        drawn=tuple(app.drawn_characters),
        latent_dim=app.latent_dim,
        image_size=size,
        background=colour("background", app.manifest.background),
        seed=seed,
        latents=lambda count, stream: app.sample(count, stream_seed(seed, f"latents {stream}")),
        draw=lambda z: averaged(app.render(z), size),
        encode=app.encode if "encoder" in app.manifest.roles else None,
        classify=read,
        judge=read,
        judged_by="classifier",
    )
