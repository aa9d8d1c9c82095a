"""Learned ends, with a generator and a reader of known arithmetic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from painter import CHARACTER, EMOTIONS, GAIN, LATENT_DIM, Painter
from scipy.special import softmax
from torch import Tensor, nn

from tlgan_runtime.axes import AxisSet, parse_axes
from tlgan_runtime.latent import move
from tlgan_train.axes import fit_axes, load_axes
from tlgan_train.config import Config
from tlgan_train.errors import TrainError
from tlgan_train.paths import end_losses, found_by, load_paths, train_paths
from tlgan_train.samples import draw_latents, draw_samples, load_samples, read_faces

CONFIG = Config.from_dict(
    {"samples": {"count": 1500}, "axes": {"calibration_faces": 40, "method": "path", "path_moves": 3200}, "seed": 2}
)


class BlockPainter(Painter):
    """z (N, 8) → picture (N, 3, 32, 32) of two rows of four blocks, which blur and shifts leave readable."""

    def forward(self, z: Tensor) -> Tensor:
        blocks = torch.tanh(z / self.scale).view(-1, 1, 2, 4)
        return blocks.repeat_interleave(16, 2).repeat_interleave(8, 3).expand(-1, 3, -1, -1)


class BlockReader(nn.Module):
    """Reads them back from the middles of the blocks."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        blocks = x.mean(dim=1).unflatten(1, (2, 16)).unflatten(3, (4, 8))[:, :, 6:10, :, 3:5].mean(dim=(2, 4))
        z = 4 * torch.atanh(blocks.flatten(1).clamp(-0.99, 0.99))
        sign = 20 * z[:, CHARACTER : CHARACTER + 1]
        return GAIN * z[:, :3], torch.cat([sign, -sign], dim=1)


class GullibleReader(BlockReader):
    """Takes a block that has nothing to do with it for the second emotion as well."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        emotion, character = super().forward(x)
        last = x[:, :, 22:26, 27:29].mean(dim=(1, 2, 3))
        return emotion + torch.stack([0 * last, 40 * last, 0 * last], dim=1), character


PAINTER, READER = BlockPainter(), BlockReader()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("paths")
    samples = draw_samples(CONFIG, PAINTER, READER, run, log=lambda _: None)
    fit_axes(CONFIG, samples, EMOTIONS, PAINTER, READER, run, log=lambda _: None)
    return run


def method(folder: Path, name: str) -> AxisSet:
    axes = parse_axes(load_axes(folder), EMOTIONS, LATENT_DIM).methods[name]
    return replace(axes, find_ends=found_by(load_paths(folder))) if name == "path" else axes


def ends(axes: AxisSet, z: np.ndarray, emotion: int) -> tuple[np.ndarray, np.ndarray]:
    """Probability of the emotion and latents where strength 1 leads."""
    moved = move(z, axes, np.eye(3)[emotion])
    return softmax(read_faces(PAINTER, READER, moved)[0], axis=1)[:, emotion], moved


def test_every_face_shows_every_emotion_at_its_end(folder: Path) -> None:
    z = draw_latents(PAINTER, 200, 0, "faces of this test")
    path = method(folder, "path")
    centres = replace(path, find_ends=None)  # whose lines the network began with
    for emotion in range(3):
        learned, moved = ends(path, z, emotion)
        line, _ = ends(centres, z, emotion)
        assert np.quantile(learned, 0.05) > np.quantile(line, 0.05) + 0.05
        assert learned.mean() > 0.9
        assert (np.sign(moved[:, CHARACTER]) == np.sign(z[:, CHARACTER])).mean() > 0.97


def test_half_of_the_strength_is_on_the_way(folder: Path) -> None:
    z, axes = draw_latents(PAINTER, 5, 0, "faces of this test"), method(folder, "path")
    end, half = (move(z, axes, strength * np.eye(3)[1]) - z for strength in (1.0, 0.5))
    share = np.linalg.norm(half, axis=1) / np.linalg.norm(end, axis=1)
    np.testing.assert_allclose(half, share[:, None] * end, atol=1e-4)
    assert ((share > 0.1) & (share < 0.9)).all()
    assert move(z, axes, np.zeros(3)).tobytes() == z.tobytes()


def test_both_methods_are_written_down_with_what_they_need(folder: Path) -> None:
    methods = load_axes(folder)["methods"]
    assert (methods["path"]["ends"], methods["guided"]["ends"]) == ("paths", "gradient")
    assert load_axes(folder)["default"] == "path" and "ends" not in methods["local"]
    assert methods["path"]["centres"]["targets"] == methods["path"]["centres"]["latents"]
    assert min(methods["path"]["fitted"]["calibrated_probability"]) > 0.9
    distance = methods["path"]["max_strength"]
    assert all(0.5 < d < 8 for d in distance)


def test_every_classifier_has_a_say(folder: Path) -> None:
    z, emotion = torch.from_numpy(draw_latents(PAINTER, 40, 0, "faces of this test")), torch.arange(40) % 3

    def losses(*classifiers: nn.Module) -> torch.Tensor:
        changes = torch.Generator().manual_seed(0)
        with torch.no_grad():
            who = torch.eye(2)[emotion % 2]
            return end_losses(load_paths(folder), z, emotion, who, PAINTER, classifiers, 0.0, changes)

    one, other, both = losses(READER), losses(GullibleReader()), losses(READER, GullibleReader())
    assert not torch.allclose(one, other)
    torch.testing.assert_close(both, (one + other) / 2)


def test_ends_that_are_less_likely_than_faces_cost_what_they_lack(folder: Path) -> None:
    z, emotion = torch.from_numpy(draw_latents(PAINTER, 40, 0, "faces of this test")), torch.arange(40) % 3
    network, who = load_paths(folder), torch.eye(2)[emotion % 2]
    with torch.no_grad():
        density = torch.distributions.Normal(0.0, 1.0).log_prob(network(z)[torch.arange(40), emotion]).sum(dim=1)
        for likely in (float(density.min()), float(density.mean()), 0.0):
            changes = torch.Generator().manual_seed(0)
            short = end_losses(network, z, emotion, who, PAINTER, [READER], likely, changes)[3]
            assert short == pytest.approx(float((likely - density).clamp(min=0).mean()), abs=1e-4)


def test_the_same_seed_gives_the_same_network(folder: Path) -> None:
    samples, local = load_samples(folder), method(folder, "local")

    def trained(seed: int) -> torch.Tensor:
        network = train_paths(local, samples.z, samples.character, PAINTER, [READER], 128, seed, log=lambda _: None)
        return network.better[-1].weight

    assert torch.equal(trained(1), trained(1))
    assert not torch.equal(trained(1), trained(2))


def test_without_moves_to_learn_from_there_is_no_path(folder: Path, tmp_path: Path) -> None:
    none = replace(CONFIG, axes=replace(CONFIG.axes, path_moves=0))
    with pytest.raises(TrainError, match=r"set axes\.path_moves"):
        fit_axes(none, load_samples(folder), EMOTIONS, PAINTER, READER, tmp_path, log=lambda _: None)
    lines = replace(none, axes=replace(none.axes, method="local"))
    fit_axes(lines, load_samples(folder), EMOTIONS, PAINTER, READER, tmp_path, log=lambda _: None)
    assert {"path", "guided"}.isdisjoint(load_axes(tmp_path)["methods"])
    with pytest.raises(TrainError, match="run `tlgan-train axes`"):
        load_paths(tmp_path)
