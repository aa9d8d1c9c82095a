"""Parts of other recipes, as the benchmark of recipes measures them: each trains, differently, and leaves no trace."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from painter import CHARACTERS, bars

from tlgan_train.axes.samples import draw_faces, draw_latents
from tlgan_train.config import Config
from tlgan_train.gan.train import train_gan
from tlgan_train.gan.weights import load_generator

pytestmark = pytest.mark.numerical

VARIANTS = runpy.run_path(str(Path(__file__).parents[3] / "benchmarks" / "recipe_variants.py"))["VARIANTS"]
BATCH = 8
SETTINGS = {
    "latent_dim": 8, "generator_width": 8, "discriminator_width": 8, "batch_size": BATCH, "images": 10 * BATCH,
    "precision": "fp32", "reconstruction_weight": 40.0, "feature_weight": 1.0, "kl_weight": 0.02,
    "label_sectors": True, "warmup_images": BATCH, "ema_images": 0,
}  # fmt: skip


def faces(run: Path) -> np.ndarray:
    data = bars(count=10)
    train_gan(
        Config.from_dict({"data": {"image_size": 32}, "gan": SETTINGS}),
        data,
        CHARACTERS[:1],
        run,
        log=lambda _: None,
        progress=False,
    )
    generator = load_generator(run)
    return draw_faces(generator, draw_latents(generator, 4, 0, "faces"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return faces(tmp_path_factory.mktemp("plain"))


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_trains_differently_and_only_while_it_lasts(name: str, plain: np.ndarray, tmp_path: Path) -> None:
    with VARIANTS[name]():
        other = faces(tmp_path / "other")
    assert other.std() > 1 and not np.array_equal(other, plain)
    np.testing.assert_array_equal(faces(tmp_path / "again"), plain)
