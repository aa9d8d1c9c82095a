"""Pictures a second of GAN training from picture files, beside the loop of the PyTorch DCGAN example.

The same network (ngf 64), pictures, batches and number of pictures, some epochs long: the example decodes the files
again in every epoch, ours reads them once, from a cold cache, and maps the result. Each in a process of its own, whose
memory is read at its end. Writes `results/training_speed.json`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import torch
from dcgan_example import train_plainly

from tlgan_train.config import Config
from tlgan_train.data import export_folder, load_dataset
from tlgan_train.gan.train import train_gan

BATCH, IMAGES = 64, 3328
RESULTS = Path(__file__).with_name("results")


def test_images_per_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHEERMEUP_CACHE", str(tmp_path / "drawing"))
    drawn = Config.from_dict({"data": {"image_size": 256, "toon_faces": 20}})
    root = tmp_path / "pictures"
    dataset = load_dataset(drawn.data)
    export_folder(dataset, root)
    monkeypatch.setenv("CHEERMEUP_CACHE", str(tmp_path / "cache"))
    measured = {arm: alone(train, arm, root, tmp_path) for arm in ("example", "ours")}
    facts = {
        "files": len(dataset.images),
        "images": IMAGES,
        "batch": BATCH,
        "cpus": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "images_per_second": {arm: IMAGES / seconds for arm, (seconds, _) in measured.items()},
        "memory_mib": {arm: memory for arm, (_, memory) in measured.items()},
    }
    facts["ratio"] = measured["example"][0] / measured["ours"][0]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "training_speed.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))
    assert min(facts["images_per_second"].values()) > 0


def alone(work: Callable[..., tuple[float, dict[str, float]]], *arguments: object) -> tuple[float, dict[str, float]]:
    """What `work` returns in a fresh process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def train(arm: str, root: Path, folder: Path) -> tuple[float, dict[str, float]]:
    """Seconds of a training, from files on, and the memory of its process (not its workers) at the end."""
    cpus = len(os.sched_getaffinity(0))
    torch.set_num_threads(cpus)
    start = time.perf_counter()
    if arm == "ours":
        ours(root, folder / "run")
    else:
        train_plainly(root, BATCH, IMAGES, workers=cpus)
    return time.perf_counter() - start, memory()


def ours(root: Path, run: Path) -> None:
    """As the preset `paper`, whose network and number of passes are the example's."""
    settings = {"discriminator_norm": "batch", "batch_size": BATCH, "images": IMAGES, "ema_images": 0}
    config = Config.from_dict({"data": {"spec": f"folder:{root}"}, "gan": settings})
    dataset = load_dataset(config.data)
    train_gan(config, dataset, dataset.characters, run, log=lambda _: None, progress=False)


def memory() -> dict[str, float]:
    """MiB in use now, of the process's own and of mapped files, and at most together."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    names = {"own": "RssAnon", "mapped": "RssFile", "peak": "VmHWM"}
    return {name: round(int(lines[field].split()[0]) / 1024) for name, field in names.items()}
