"""Pictures a second of GAN training from picture files, beside the loop of the PyTorch DCGAN example.

The same network (ngf 64), pictures, batches and number of pictures, alternating in one run; ours starts from a cold
cache every time. Writes `results/training_speed.json`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from dcgan_example import train_plainly

from tlgan_train.config import Config
from tlgan_train.data import export_folder, load_dataset
from tlgan_train.gan import train_gan

BATCH, IMAGES, ROUNDS = 64, 1280, 2
RESULTS = Path(__file__).with_name("results")


def test_images_per_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHEERMEUP_CACHE", str(tmp_path / "drawing"))
    drawn = Config.from_dict({"data": {"image_size": 256, "toon_faces": 40}})
    root = tmp_path / "pictures"
    export_folder(load_dataset(drawn.data), root)
    cpus = len(os.sched_getaffinity(0))
    torch.set_num_threads(cpus)
    times: dict[str, list[float]] = {"example": [], "ours": []}
    for number in range(ROUNDS):
        times["example"].append(seconds(lambda: train_plainly(root, BATCH, IMAGES, workers=cpus)))
        monkeypatch.setenv("CHEERMEUP_CACHE", str(tmp_path / f"cache{number}"))
        times["ours"].append(seconds(lambda: ours(root, tmp_path / f"run{number}")))  # noqa: B023 - called at once
    speed = {name: IMAGES / float(np.median(of)) for name, of in times.items()}
    RESULTS.mkdir(exist_ok=True)
    facts = {"images": IMAGES, "batch": BATCH, "cpus": cpus, "images_per_second": speed}
    facts["ratio"] = speed["ours"] / speed["example"]
    (RESULTS / "training_speed.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    assert min(speed.values()) > 0


def ours(root: Path, run: Path) -> None:
    """As the preset `paper`, whose network and number of passes are the example's."""
    settings = {"discriminator_norm": "batch", "batch_size": BATCH, "images": IMAGES, "ema_images": 0}
    config = Config.from_dict({"data": {"spec": f"folder:{root}"}, "gan": settings})
    dataset = load_dataset(config.data)
    train_gan(config, dataset, dataset.characters, run, log=lambda _: None, progress=False)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
