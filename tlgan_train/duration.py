"""How long a run takes on this machine, and lengths of training that fit a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from tlgan_train.axes.calibration import DISTANCES, PACE_STEPS, REACHES
from tlgan_train.classifiers.augment import augment
from tlgan_train.classifiers.classifier import new_classifier
from tlgan_train.compute.compute import Compute
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.data.views import random_affine
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.evaluate import walks_of
from tlgan_train.gan.state import build, label_arrays
from tlgan_train.gan.step import training_step, warmup_step
from tlgan_train.head.losses import in_range
from tlgan_train.head.train import has_head, head_step, new_head, new_optimisers
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.inference import to_tensor
from tlgan_train.models.judge import Judge

LEAST_SECONDS, LEAST_REPEATS = 0.5, 3
"""Each kind of work is repeated for so long, and so often, to measure it."""
READ_BATCH = 256
"""Pictures that are drawn and read at a time."""
READER_STEPS = 1_500
"""Steps after which classifier and judge have usually ended."""
STRAIGHT_METHODS = 4
"""Methods whose axes are straight lines."""
REPORTED = 20
"""Faces for each face of the evaluation that report and export draw, roughly."""
PARTS = {
    "classifier.steps": (0.12, 500),
    "judge.steps": (0.08, 500),
    "axes.path_moves": (0.12, 6_400),
    "axes.calibration_faces": (0.05, 64),
    "evaluate.faces": (0.06, 64),
    "head.images": (0.15, 8_000),
}
"""Lengths of other work than pictures of the GAN: which share of the time each may take, and the smallest that is worth
anything."""
ADVERSARIAL_SHARE = 0.1
"""Pictures with the discriminator for each picture of the warm-up."""
DECAY_SHARE = 0.2
"""Part of the warm-up at whose end step sizes fall."""
LEAST_PASSES = 10
"""The GAN needs so many passes over the pictures to be worth anything."""
PICTURES = ("gan.images", "gan.warmup_images", "gan.warmup_decay_images", "gan.decay_images")
"""Lengths of the GAN's training in pictures. They follow from the time, or from the number of pictures."""
CHOSEN = (*PARTS, *PICTURES)
"""Settings that follow from the time."""


@dataclass(frozen=True)
class Seconds:
    """What this machine takes for one picture, face or move, in seconds."""

    classifier: float
    """A picture in the training of the classifier."""
    judge: float
    """A picture in the training of the judge."""
    warmup: float
    """A picture in the warm-up of the GAN."""
    adversarial: float
    """A picture in the training with the discriminator."""
    draw: float
    """A face drawn by the generator."""
    read: float
    """A face read by the classifier."""
    judged: float
    """A face read by the judge."""
    move: float
    """A move in the training of the ends of `path`."""
    head: float
    """A picture in the training of the head; 0 without one."""


def measure(config: Config, dataset: Dataset, characters: tuple[str, ...], compute: Compute) -> Seconds:
    """Time each kind of work on new networks for some seconds, and return what one picture of it takes."""
    gan = config.gan
    classifier, reader = (compute.place(new_classifier(config.classifier, dataset)) for _ in range(2))
    judge = compute.place(Judge(len(dataset.emotions), len(dataset.characters)))
    state = build(config, dataset, characters, compute)
    state.readers = (reader.eval().requires_grad_(False),)
    chosen = np.resize(dataset.indices("train", characters), max(gan.batch_size, READ_BATCH))
    pictures = to_tensor(dataset.images[chosen], compute.device)
    arrays = label_arrays(dataset, characters, len(state.generator.prior.sizes))
    batch, labels = pictures[: gan.batch_size], tuple(compute.put(of[chosen[: gan.batch_size]]) for of in arrays)
    few = pictures[: config.classifier.batch_size]
    z = torch.randn(READ_BATCH, state.generator.latent_dim, device=compute.device)
    moving = z[: len(batch)].clone().requires_grad_(True)
    changes = torch.Generator().manual_seed(0)

    def learned(network: nn.Module) -> Callable[[], object]:
        def step() -> None:
            with compute.autocast():
                outputs = network.train()(augment(random_affine(few, changes), changes))
            _backward(outputs)

        return step

    def moved() -> None:
        faces = augment(state.averaged.eval()(moving), changes)
        _backward(output for _ in range(1 + config.classifier.coaches) for output in reader(faces))

    def read(network: nn.Module, x: Tensor) -> Callable[[], object]:
        return torch.no_grad()(lambda: network.eval()(x))

    warming = (lambda: warmup_step(state, gan, batch, labels, compute)) if gan.warmup_images else None
    return Seconds(
        classifier=_seconds(learned(classifier)) / len(few),
        judge=_seconds(learned(judge)) / len(few),
        warmup=_seconds(warming) / len(batch) if warming else 0.0,
        adversarial=_seconds(lambda: training_step(state, gan, batch, labels, compute)) / len(batch),
        draw=_seconds(read(state.averaged, z)) / len(z),
        read=_seconds(read(classifier, pictures[:READ_BATCH])) / READ_BATCH,
        judged=_seconds(read(judge, pictures[:READ_BATCH])) / READ_BATCH,
        move=_seconds(moved) / len(moving),
        head=_head_seconds(config, dataset, state.averaged.eval(), chosen, compute),
    )


def _head_seconds(
    config: Config, dataset: Dataset, generator: Generator, chosen: np.ndarray, compute: Compute
) -> float:
    """Return the seconds that a picture takes in the training of the head."""
    if not has_head(config, dataset):
        return 0.0
    head = compute.place(new_head(generator, dataset))
    optimisers, some = new_optimisers(head, config.head), chosen[: config.head.batch_size]
    z = torch.randn(len(some), generator.latent_dim, device=compute.device)
    background = in_range(dataset.background, compute.device)

    def step() -> None:
        head_step(generator, head, optimisers, z, dataset.sprites_of(some), background, compute)

    return _seconds(step) / len(some)


def expected(config: Config, dataset: Dataset, characters: tuple[str, ...], seconds: Seconds) -> dict[str, float]:
    """Return the expected seconds of each stage, in their order."""
    gan, axes, emotions = config.gan, config.axes, len(dataset.emotions)
    images = gan.images or gan.epochs * len(dataset.indices("train", characters))
    reader = min(config.classifier.steps, READER_STEPS) * config.classifier.batch_size * seconds.classifier
    seen, judged = seconds.draw + seconds.read, seconds.draw + seconds.judged
    kinds = emotions + (len(characters) if len(characters) > 1 else 0)
    swept = axes.calibration_faces * (STRAIGHT_METHODS * DISTANCES * emotions + (len(REACHES) + PACE_STEPS) * kinds)
    others = STRAIGHT_METHODS + 1 + bool(axes.path_moves)  # with local and random, without the default method
    walks = walks_of(config.evaluate.faces, True) + others * walks_of(config.evaluate.faces, False)
    frames = walks * emotions * (config.evaluate.steps + 1)
    return {
        "classifier": (1 + config.classifier.coaches) * reader,
        "judge": min(config.judge.steps, READER_STEPS) * config.judge.batch_size * seconds.judge,
        "gan": gan.warmup_images * seconds.warmup + (images - gan.warmup_images) * seconds.adversarial,
        "head": config.head.images * seconds.head,
        "samples": config.samples.count * seen,
        "axes": 1.5 * axes.path_moves * seconds.move + swept * seen,
        "evaluate": (frames + config.evaluate.samples) * judged,
        "report": REPORTED * config.evaluate.faces * judged,
    }


def fitted(config: Config, minutes: float, dataset: Dataset, characters: tuple[str, ...], seconds: Seconds) -> Config:
    """Return the settings with lengths with which a run takes so many minutes.

    The GAN gets what other work leaves. Raises `TrainError` if that is too little.
    """

    def without_pictures(config: Config) -> float:
        """Return the seconds of everything but the pictures of the GAN."""
        gan = replace(config.gan, images=0, epochs=0, warmup_images=0)
        return sum(expected(replace(config, gan=gan), dataset, characters, seconds).values())

    warms_up = config.gan.warmup_images > 0
    adversarial = ADVERSARIAL_SHARE if warms_up else 1.0
    each = adversarial * seconds.adversarial + warms_up * seconds.warmup
    needed = LEAST_PASSES * len(dataset.indices("train", characters))
    shortest = config
    for key, (share, least) in PARTS.items():
        most = config.value(key)
        some = without_pictures(_with(config, key, least)) - without_pictures(_with(config, key, 0))
        unit = some / least if most else 0.0
        allowed = int(60 * minutes * share / unit) if unit else most
        config = _with(config, key, min(most, max(least, allowed)))
        shortest = _with(shortest, key, min(most, least))
    for fitting in (config, shortest):
        pictures = int((60 * minutes - without_pictures(fitting)) / each)
        if pictures >= needed:
            break
    else:
        least_minutes = math.ceil((without_pictures(shortest) + needed * each) / 60)
        raise TrainError(
            f"--minutes {minutes:g} is too short for these pictures on this machine; give {least_minutes} or more"
        )
    lengths = {"gan.images": int((warms_up + adversarial) * pictures)}
    if warms_up:
        lengths |= {
            "gan.warmup_images": pictures,
            "gan.warmup_decay_images": int(DECAY_SHARE * pictures),
            "gan.decay_images": int(adversarial * pictures),
        }
    for key, value in lengths.items():
        fitting = fitting.with_value(key, value)
    return fitting


def shortened(config: Config, pictures: int) -> Config:
    """Return the settings with at most `gan.most_passes` passes over so many pictures."""
    length = config.gan.warmup_images or config.gan.images
    most = config.gan.most_passes * pictures
    if most and most < length:
        for key in PICTURES:
            config = config.with_value(key, round(config.value(key) * most / length))
    return config


def _with(config: Config, key: str, value: int) -> Config:
    """Return the settings with another value, even one that no run could have."""
    section, _, name = key.partition(".")
    return replace(config, **{section: replace(getattr(config, section), **{name: value})})


def in_words(stages: dict[str, float]) -> str:
    """Return the expected time of a run in one line."""
    parts = ", ".join(f"{name} {seconds / 60:.1f}" for name, seconds in stages.items())
    return f"expects about {sum(stages.values()) / 60:.0f} minutes on this machine: {parts}"


def _backward(outputs: Iterable[Tensor]) -> None:
    """Compute gradients of some loss, once for all outputs of a step."""
    torch.cat([output.float().flatten() for output in outputs]).square().mean().backward()


def _seconds(work: Callable[[], object]) -> float:
    """Return the seconds that one call takes, as the median over some, after one that is not counted."""
    work()
    times: list[float] = []
    while len(times) < LEAST_REPEATS or sum(times) < LEAST_SECONDS:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))
