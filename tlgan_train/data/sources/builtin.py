"""The built-in characters as a `Source`, which draws faces from a seed when they are needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import ImageColor

from tlgan_train.data import toon
from tlgan_train.data.dataset import SPLITS
from tlgan_train.data.sources.source import Batch, Source
from tlgan_train.data.sources.workers import ordered_map
from tlgan_train.data.split import block_sizes
from tlgan_train.data.sprites import PackedSprite, packed
from tlgan_train.sections import DataConfig

# Faces a process draws at a time: 0.6 MB of 64 × 64 pixels, 9.8 MB of 256 × 256.
FACES_A_JOB = 50


def builtin_source(config: DataConfig, seed: int) -> Source:
    """`config.toon_faces` faces of each character and emotion, each split from its own stream of random numbers.

    Within a class training faces come first, then validation, then test: the blocks of `split.split_blocks`. The key
    covers the drawing code itself, so that a changed face is drawn anew.
    """
    sizes = block_sizes(config.toon_faces, config.validation_share, config.test_share) or (config.toon_faces, 0, 0)
    size, full = config.model_size, config.image_size
    jobs = [
        (character, emotion, stream, start, min(start + FACES_A_JOB, faces), seed, size, full)
        for character in toon.CHARACTERS
        for emotion in toon.EMOTIONS
        for stream, faces in zip(SPLITS, sizes, strict=True)
        for start in range(0, faces, FACES_A_JOB)
    ]
    total = len(toon.CHARACTERS) * len(toon.EMOTIONS) * config.toon_faces
    digest = hashlib.sha256(_code_digest())
    digest.update(json.dumps([version("resvg-py"), size, full, sizes, seed]).encode())
    return Source(
        name="the built-in characters",
        key=digest.hexdigest(),
        total=total,
        image_size=size,
        sprite_size=full,
        background=ImageColor.getrgb(toon.BACKGROUND)[:3],
        characters=tuple(toon.CHARACTERS),
        emotions=tuple(toon.EMOTIONS),
        classes=frozenset((c, e) for c in range(len(toon.CHARACTERS)) for e in range(len(toon.EMOTIONS))),
        factors=tuple(toon.FACTORS),
        batches=partial(_batches, jobs, total),
    )


Job = tuple[str, str, str, int, int, int, int, int]


def _batches(jobs: list[Job], total: int) -> Generator[Batch]:
    characters, emotions = tuple(toon.CHARACTERS), tuple(toon.EMOTIONS)
    for (character, emotion, *_), (images, sprites, factors) in zip(jobs, ordered_map(_draw, jobs, total), strict=True):
        count = len(images)
        yield Batch(
            images,
            np.full(count, characters.index(character)),
            np.full(count, emotions.index(emotion)),
            factors,
            count,
            sprites=sprites,
        )


def _draw(job: Job) -> tuple[np.ndarray, tuple[PackedSprite, ...], np.ndarray]:
    character, emotion, stream, start, stop, seed, size, full = job
    faces = [toon.sample_face(character, emotion, n, stream=stream, seed=seed) for n in range(start, stop)]
    images = np.stack([toon.draw(face, size) for face in faces])
    sprites = tuple(packed(toon.draw_sprite(face, full)) for face in faces)
    return images, sprites, np.array([face.factors() for face in faces], np.float32)


def _code_digest() -> bytes:
    digest = hashlib.sha256()
    root = Path(toon.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.digest()
