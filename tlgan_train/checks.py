"""Find mistakes that make a run useless or impossible, before anything is trained.

`tlgan-train data` lists them. Commands that train refuse to start.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from tlgan_runtime.latent.names import flaw, is_plain, without_flaw
from tlgan_train.axes.regression import PaperAxes
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset, drawn_characters
from tlgan_train.errors import TrainError
from tlgan_train.models.mixtures import STEERING
from tlgan_train.sections import AxesConfig, GanConfig


def examine(
    config: Config, given: Collection[str], load: Callable[[], Dataset], *others: Callable[[], object]
) -> tuple[Dataset | None, list[str]]:
    """Return the pictures, and a line for each mistake in them and in the settings.

    The pictures are None if they cannot be read.

    Args:
        given: settings that the user chose, as `section.key`. Settings of the preset are never mistakes.
        load: reads the pictures. A `TrainError` that it raises is a mistake.
        others: further checks. A `TrainError` that one raises is a mistake.
    """
    lines = [
        *check_gan(config.gan),
        *check_size(config),
        *check_axes(config.axes, config.samples.count),
        *idle_settings(config, given),
    ]
    for other in others:
        try:
            other()
        except TrainError as error:
            lines.append(str(error))
    try:
        dataset = load()
    except TrainError as error:
        return None, [*lines, str(error)]
    return dataset, lines + check_pictures(config, dataset)


def check_weights(path: Path | None) -> None:
    """Raise `TrainError` for a file of AlexNet weights that cannot be used."""
    if path is not None:
        from tlgan_train.classifiers.classifier import read_weights  # imports torch

        read_weights(path)


def idle_settings(config: Config, given: Collection[str]) -> list[str]:
    """Return a line for each of the settings `given` that has no effect together with the other settings.

    Settings that equal their defaults are never reported.
    """
    lines = []
    for key in sorted(given):
        section, _, name = key.rpartition(".")
        if not section:
            continue
        setting = {field.name: field for field in dataclasses.fields(getattr(config, section))}[name]
        value = config.value(key)
        for need in setting.metadata.get("needs", ()) if value != setting.default else ():
            other, relation, bound = re.fullmatch(r"([\w.]+)(!?=|)(.*)", need).groups()
            now = config.value(other)
            if {"": bool(now), "=": str(now) == bound, "!=": str(now) != bound}[relation]:
                continue
            on = "to true" if now is False else "above 0"
            change = {"": on, "=": f"to {bound}", "!=": "to something else"}[relation]
            shown = str(now).lower() if isinstance(now, bool) else now
            lines.append(f"{key}={value} has no effect with {other}={shown}; set {other} {change}, or leave out {key}")
            break
    return lines


def check_gan(gan: GanConfig) -> list[str]:
    """Return a line for each contradiction in the settings of the GAN."""
    lines = []
    if gan.warmup_images and not gan.reconstruction_weight:
        lines.append("gan.warmup_images needs an encoder; set gan.reconstruction_weight above 0, for example 40")
    if gan.codes and not gan.warmup_images:
        lines.append("gan.codes are those at the end of a warm-up; set gan.warmup_images, or no codes")
    if not gan.adversarial_weight and not gan.reconstruction_weight:
        lines.append("gan.adversarial_weight of 0 without an encoder leaves nothing to learn; set it above 0")
    if gan.real_target == gan.fake_target:
        lines.append("gan.real_target and gan.fake_target are equal; D needs different targets to learn anything")
    if not gan.images and not gan.epochs:
        lines.append("gan.images and gan.epochs are both 0; set one of them to the length of training")
    return lines


def check_size(config: Config) -> list[str]:
    """Return a line if nothing would draw pictures of the chosen size."""
    size = config.data.image_size
    if size == config.data.model_size or (config.head.images and config.gan.reconstruction_weight):
        return []
    return [
        f"data.image_size of {size} needs a head, which an encoder teaches; set head.images and "
        f"gan.reconstruction_weight, for example to 40000 and 40, or data.image_size to {config.data.model_size}"
    ]


def check_warmup(gan: GanConfig, pictures: int) -> list[str]:
    """Return a line if training on that many pictures would end before its warm-up does."""
    images = gan.images or gan.epochs * pictures
    last = images - 1 - (images - 1) % gan.batch_size
    if not images or last >= gan.warmup_images:
        return []
    return [
        f"gan.warmup_images of {gan.warmup_images} takes the whole training of {images} pictures and leaves none for "
        "the GAN; lower it, or train for longer with gan.images or gan.epochs"
    ]


def check_axes(settings: AxesConfig, samples: int) -> list[str]:
    """Return a line for each setting with which axes cannot be fitted to that many samples."""
    lines, held_out = [], int(samples * settings.held_out_share)
    if settings.method == "path" and not settings.path_moves:
        lines.append("axes.method path needs a network; set axes.path_moves, for example to 25600")
    if held_out < settings.calibration_faces:
        lines.append(
            f"axes.held_out_share of {samples} samples is {held_out}; "
            f"at least axes.calibration_faces, {settings.calibration_faces}, are needed"
        )
    if samples - held_out < PaperAxes().samples:
        lines.append(
            f"samples.count of {samples} leaves {samples - held_out} samples for the fit; the paper's axes "
            f"need {PaperAxes().samples}: raise samples.count or lower axes.held_out_share"
        )
    return lines


def check_pictures(config: Config, dataset: Dataset) -> list[str]:
    """Return a line for each mistake in a data set, and for each setting that does not fit it."""
    lines = check_names(dataset)
    if len(dataset.emotions) < 2:
        lines.append(f"{dataset.spec} shows one emotion, {dataset.emotions[0]}; editing needs pictures of two or more")
    if shortage := dataset.shortage():
        lines.append(shortage)
    try:
        return lines + _check_drawn(config, dataset, drawn_characters(config.data.characters, dataset.characters))
    except TrainError as error:
        return [*lines, str(error)]


def _check_drawn(config: Config, dataset: Dataset, drawn: tuple[str, ...]) -> list[str]:
    lines, train = [], dataset.indices("train", drawn)
    counts = np.bincount(dataset.emotion[train], minlength=len(dataset.emotions))
    for emotion, count in zip(dataset.emotions, counts, strict=True):
        if not count:
            lines.append(
                f"no training picture shows {emotion} of {', '.join(drawn)}, so it cannot be drawn; give such "
                f"pictures, choose other data.characters, or leave {emotion} out of the data"
            )
    if len(drawn) > 1 and (both := set(drawn) & set(dataset.emotions)):
        lines.append(
            f"{min(both)!r} is the name of an emotion and of a character, which mixes could not tell apart; rename one"
        )
    needed = len(dataset.emotions) + max(len(drawn) - 2, 0)
    if config.gan.codes:
        needed = max(needed, len(dataset.emotions) + len(drawn) - 2 + STEERING)
    if 0 < config.gan.latent_dim < needed:
        lines.append(
            f"gan.latent_dim of {config.gan.latent_dim} is too small for {len(dataset.emotions)} emotions and "
            f"{len(drawn)} drawn character{'s' * (len(drawn) > 1)} to vary in; set it to {needed} or more"
        )
    return lines + check_warmup(config.gan, len(train))


def check_names(dataset: Dataset) -> list[str]:
    """Return a line for each emotion and character whose name the runtime does not accept.

    A single character is never named in a mix. Its name comes from the folder or file of the pictures, so any name is
    accepted that a bundle can hold.
    """
    characters = dataset.characters
    if len(characters) == 1 and is_plain(characters[0]):
        characters = ()
    kinds = (("emotion", dataset.emotions), ("character", characters))
    return [
        f"the {kind} {name!r} cannot have this name: {why}; rename it, for example to {without_flaw(name)}"
        for kind, names in kinds
        for name in names
        if (why := flaw(name))
    ]
