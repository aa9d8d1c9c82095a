"""Memory of a process that trains the GAN of `quick`, by the number of pictures. Writes `results/training_memory.json`.

Pictures are memory-mapped: the system keeps as many of their pages as it likes, and takes them back when it needs room.
What the process itself needs is the rest, its anonymous memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

STATUS = Path("/proc/self/status")
RESULTS = Path(__file__).with_name("results")
PICTURES = (5_600, 56_000)
SETTINGS = ("gan.images=2560", "gan.warmup_images=1280", "gan.decay_images=0")


@pytest.mark.skipif(not STATUS.exists(), reason="the kinds of memory are not known here")
def test_memory_by_pictures(tmp_path: Path) -> None:
    facts = {}
    for count in PICTURES:
        command = [sys.executable, __file__, str(count), str(tmp_path / str(count))]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        facts[f"{count}"] = json.loads(printed.splitlines()[-1])
    small, large = (facts[f"{count}"]["anonymous_mib"] for count in PICTURES)
    facts["growth_mib"] = large - small
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "training_memory.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))
    assert facts["growth_mib"] < facts[f"{PICTURES[1]}"]["pictures_mib"] / 4, "some of the pictures are kept"


def train(count: int, folder: Path) -> None:
    """Train on that many pictures of noise, and print megabytes at the end."""
    from tlgan_train.classifiers.classifier import new_classifier
    from tlgan_train.config import load_config
    from tlgan_train.data.dataset import Dataset
    from tlgan_train.gan.train import train_gan

    folder.mkdir()
    shape = (count, 64, 64, 3)
    rng, path = np.random.default_rng(0), folder / "pictures"
    with path.open("wb") as file:
        for _ in range(count):
            file.write(rng.bytes(64 * 64 * 3))
    emotion = np.arange(count) % 7
    emotions = tuple(f"emotion {index}" for index in range(7))
    nothing = np.zeros(count, dtype=np.int64)
    pictures = np.memmap(path, np.uint8, "r", shape=shape)
    dataset = Dataset(
        pictures, emotion, nothing, nothing.astype(np.uint8), emotions, ("noise",), digest="0" * 64, spec="noise"
    )
    config = load_config("quick", list(SETTINGS))
    teacher = new_classifier(config.classifier, dataset).eval().requires_grad_(False)
    train_gan(config, dataset, ("noise",), folder / "run", progress=False, readers=(teacher,))
    fields = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    megabytes = {name: int(fields[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile", "VmHWM")}
    facts = {
        "pictures_mib": pictures.nbytes / 2**20,
        "anonymous_mib": megabytes["RssAnon"],
        "mapped_mib": megabytes["RssFile"],
        "peak_mib": megabytes["VmHWM"],
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    train(int(sys.argv[1]), Path(sys.argv[2]))
