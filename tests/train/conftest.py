"""One thread for everything, no weights from elsewhere, and one finished run that the tests of later stages share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from commands import Outcome, call
from painter import bars
from PIL import Image

from tlgan_train.cli.commands import main
from tlgan_train.data import export_folder

# Ten pictures of each class and networks a few channels wide: every stage does its real work, none of it well.
SMALL = {
    "gan.precision": "fp32",
    "gan.latent_dim": 8,
    "gan.generator_width": 4,
    "gan.discriminator_width": 4,
    "gan.batch_size": 16,
    "gan.images": 96,
    "gan.warmup_images": 32,
    "gan.checkpoint_images": 48,
    "classifier.steps": 5,
    "judge.steps": 5,
    "samples.count": 1_200,
    "axes.calibration_faces": 4,
    "axes.path_moves": 256,
    "evaluate.faces": 6,
    "evaluate.steps": 3,
    "evaluate.samples": 60,
}


@pytest.fixture(scope="session", autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Results must not depend on the number of cores or on what is in somebody's caches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHEERMEUP_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(torch.hub, "_hub_dir", str(tmp_path_factory.mktemp("hub")))
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, as in a terminal; shells start background jobs with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def small_options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options of `tlgan-train` for a run of seconds on a folder of two characters with three emotions."""
    root = tmp_path_factory.mktemp("pictures") / "bars"
    export_folder(bars(count=10), root)
    return _options(root)


@pytest.fixture(scope="session")
def clear_options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The same, but the lower half of each picture is transparent, so the run has a head."""
    root = tmp_path_factory.mktemp("pictures") / "clear"
    export_folder(bars(count=10), root)
    for path in root.rglob("*.png"):
        with Image.open(path) as image:
            alpha = Image.new("L", image.size, 255)
            alpha.paste(0, (0, 16, 32, 32))
            image.putalpha(alpha)
            image.save(path)
    return [*_options(root), "--set=head.images=32"]


def _options(root: Path) -> list[str]:
    return ["--preset", "tiny", "--data", f"folder:{root}", *(f"--set={key}={value}" for key, value in SMALL.items())]


@pytest.fixture(scope="session")
def finished(small_options: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A run folder after `tlgan-train all`, and what that said. Copy it to change it."""
    run = tmp_path_factory.mktemp("runs") / "small"
    outcome = call(main, "all", "--run", run, *small_options)
    assert outcome.code == 0, outcome.err
    return run, outcome


@pytest.fixture(scope="session")
def run(finished: tuple[Path, Outcome]) -> Path:
    return finished[0]
