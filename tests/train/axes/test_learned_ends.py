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

from tlgan_runtime.latent.centres import BetweenCentres
from tlgan_runtime.latent.motions import Motion
from tlgan_runtime.latent.moves import move
from tlgan_train.axes.end_training import EndTrainer, Moves
from tlgan_train.axes.fit import fit_axes
from tlgan_train.axes.learned_ends import at_centres, found_by, load_paths, train_paths
from tlgan_train.axes.load import load_axes, load_moves
from tlgan_train.axes.samples import Samples, draw_latents, draw_samples, load_samples, read_faces
from tlgan_train.config import Config
from tlgan_train.errors import TrainError
from tlgan_train.models.ends import PathNetwork
from tlgan_train.models.prior import Prior
from tlgan_train.run_folder import save_tensors

pytestmark = pytest.mark.numerical

CONFIG = Config.from_dict(
    {"samples": {"count": 1500}, "axes": {"calibration_faces": 40, "method": "path", "path_moves": 6400}, "seed": 2}
)


EVERY = np.ones(3, bool)
LIDS = 4
"""A latent that emotion and character have nothing to do with."""


class BlockPainter(Painter):
    """z (N, 8) → picture (N, 3, 32, 32) of two rows of four blocks, which blur and shifts leave readable."""

    def forward(self, z: Tensor) -> Tensor:
        blocks = torch.tanh(z / self.scale).view(-1, 1, 2, 4)
        return blocks.repeat_interleave(16, 2).repeat_interleave(8, 3).expand(-1, 3, -1, -1)


class BlockReader(nn.Module):
    """Reads them back from the middles of the blocks."""

    def latents(self, x: Tensor) -> Tensor:
        blocks = x.mean(dim=1).unflatten(1, (2, 16)).unflatten(3, (4, 8))[:, :, 6:10, :, 3:5].mean(dim=(2, 4))
        return 4 * torch.atanh(blocks.flatten(1).clamp(-0.99, 0.99))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = self.latents(x)
        sign = 20 * z[:, CHARACTER : CHARACTER + 1]
        return GAIN * z[:, :3], torch.cat([sign, -sign], dim=1)


class GullibleReader(BlockReader):
    """Takes a block that has nothing to do with it for the second emotion as well."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        emotion, character = super().forward(x)
        last = x[:, :, 22:26, 27:29].mean(dim=(1, 2, 3))
        return emotion + torch.stack([0 * last, 40 * last, 0 * last], dim=1), character


class HesitantReader(BlockReader):
    """Is hardly ever sure of the second emotion: moving its latent changes less."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        emotion, character = super().forward(x)
        return emotion * torch.tensor([1.0, 0.25, 1.0]), character


PAINTER, READER = BlockPainter(), BlockReader()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("paths")
    samples = draw_samples(CONFIG, PAINTER, READER, run, log=lambda _: None)
    fit_axes(CONFIG, samples, EMOTIONS, PAINTER, READER, run, log=lambda _: None)
    return run


def method(folder: Path, name: str) -> BetweenCentres:
    motion = load_moves(folder, EMOTIONS, LATENT_DIM).methods[name]
    assert isinstance(motion, BetweenCentres)
    return motion


def ends(axes: Motion, z: np.ndarray, emotion: int) -> tuple[np.ndarray, np.ndarray]:
    """Probability of the emotion and latents where strength 1 leads."""
    moved = move(z, axes, np.eye(3)[emotion])
    return softmax(read_faces(PAINTER, READER, moved)[0], axis=1)[:, emotion], moved


def test_every_face_shows_every_emotion_at_its_end(folder: Path) -> None:
    z = draw_latents(PAINTER, 200, 0, "faces of this test")
    path = method(folder, "path")
    begin = found_by(PathNetwork.around(at_centres(path), z))
    for emotion in range(3):
        learned, moved = ends(path, z, emotion)
        mirrored, _ = ends(replace(path, find=begin), z, emotion)
        assert np.quantile(learned, 0.05) > max(0.8, np.quantile(mirrored, 0.05) + 0.2)
        assert learned.mean() > 0.9
        assert (np.sign(moved[:, CHARACTER]) == np.sign(z[:, CHARACTER])).mean() > 0.95


def test_half_of_the_strength_is_on_the_way(folder: Path) -> None:
    z, axes = draw_latents(PAINTER, 5, 0, "faces of this test"), method(folder, "path")
    end, half = (move(z, axes, strength * np.eye(3)[1]) - z for strength in (1.0, 0.5))
    share = np.linalg.norm(half, axis=1) / np.linalg.norm(end, axis=1)
    np.testing.assert_allclose(half, share[:, None] * end, atol=1e-4)
    assert ((share > 0.1) & (share < 0.9)).all()
    assert move(z, axes, np.zeros(3)).tobytes() == z.tobytes()


def test_the_method_is_written_down_with_what_it_needs(folder: Path) -> None:
    methods = load_axes(folder)["methods"]
    assert (methods["path"]["ends"], methods["path"]["keeps"]) == ("paths", True)
    assert load_axes(folder)["default"] == "path" and "ends" not in methods["local"]
    assert methods["path"]["centres"]["targets"] == methods["path"]["centres"]["latents"]
    assert min(methods["path"]["fitted"]["calibrated_probability"]) > 0.9
    distance = methods["path"]["max_strength"]
    assert all(0.5 < d < 8 for d in distance)


def test_every_classifier_has_a_say(folder: Path) -> None:
    z, emotion = torch.from_numpy(draw_latents(PAINTER, 40, 0, "faces of this test")), torch.arange(40) % 3

    def losses(*classifiers: nn.Module) -> torch.Tensor:
        moves = Moves(z, emotion, torch.zeros(40, 3), torch.eye(3)[emotion], torch.eye(2)[emotion % 2])
        trainer, changes = EndTrainer(load_samples(folder), PAINTER, classifiers), torch.Generator().manual_seed(0)
        with torch.no_grad():
            return torch.stack(trainer.losses(load_paths(folder), moves, changes, compare=False))

    one, other, both = losses(READER), losses(GullibleReader()), losses(READER, GullibleReader())
    assert not torch.allclose(one, other)
    torch.testing.assert_close(both, (one + other) / 2)


def test_before_it_learns_a_face_ends_at_its_mirror_image_and_back_again(folder: Path) -> None:
    z, centres = draw_latents(PAINTER, 40, 0, "faces of this test"), at_centres(method(folder, "local"))
    certain = replace(centres, slopes=1e5 * centres.slopes, intercepts=1e5 * centres.intercepts)
    find = found_by(PathNetwork.around(certain, z))
    own = (z @ certain.slopes.T + certain.intercepts).argmax(axis=1)
    ends = find(z, EVERY, ~EVERY)
    np.testing.assert_allclose(ends[np.arange(40), own], z, atol=1e-5)
    for emotion in range(3):
        there = ends[:, emotion]
        for near, far in ((own, np.full(40, emotion)), (np.full(40, emotion), own)):  # as far from the other centre
            np.testing.assert_allclose(
                np.linalg.norm(z - centres.latents[near], axis=1),
                np.linalg.norm(there - centres.latents[far], axis=1), atol=1e-4,
            )  # fmt: skip
    network = PathNetwork.around(certain, z)
    there = torch.from_numpy(ends[:, 1].astype(np.float32))
    back = network.ends(there, torch.zeros(3), torch.zeros(40, 3, LATENT_DIM))
    there = (ends[:, 1] @ certain.slopes.T + certain.intercepts).argmax(axis=1) == 1
    np.testing.assert_allclose(back.numpy()[there, own[there]], z[there], atol=1e-4)
    assert there.mean() > 0.9


def test_coordinates_of_labels_move_more_than_others(folder: Path) -> None:
    painter, samples, local = BlockPainter(), load_samples(folder), method(folder, "local")
    z = samples.z[:30]

    def beyond(prior: Prior) -> np.ndarray:
        """How far learning moves the ends of faces along each coordinate."""
        painter.prior = prior
        network = train_paths(local, samples, painter, [READER], 6400, 1, log=lambda _: None)
        with torch.inference_mode():
            return network.beyond(torch.from_numpy(z), torch.zeros(3)).abs().mean(dim=(0, 1)).numpy()

    labelled, alike = beyond(Prior((3, 2), LATENT_DIM)), beyond(Prior((), LATENT_DIM))
    assert labelled[3:].sum() < 0.95 * alike[3:].sum()


@pytest.mark.slow
def test_what_is_kept_is_still_shown_and_the_emotion_beside_it(folder: Path) -> None:
    z, samples = draw_latents(PAINTER, 300, 0, "faces of this test"), load_samples(folder)
    network = train_paths(method(folder, "local"), samples, PAINTER, [READER], 25_600, 1, log=lambda _: None)
    path = replace(method(folder, "path"), find=found_by(network))
    before = softmax(read_faces(PAINTER, READER, z)[0], axis=1)
    for emotion, kept in ((0, 1), (1, 2), (2, 0)):
        strengths, keep = np.eye(3)[emotion], np.eye(3, dtype=bool)[kept]
        moved = move(z, path, strengths, keep)
        after = softmax(read_faces(PAINTER, READER, moved)[0], axis=1)
        showing, other = before[:, kept] > 0.95, before[:, kept] < 0.05
        gone = softmax(read_faces(PAINTER, READER, move(z, path, strengths))[0], axis=1)[showing, kept]
        assert gone.mean() < 0.1 and after[showing, kept].mean() > 0.9
        odds, begun = (np.log(seen[showing, emotion] / seen[showing, 3 - emotion - kept]) for seen in (after, before))
        assert (odds - begun).mean() > 1
        assert after[other, emotion].mean() > 0.85  # nothing to keep
        assert (np.sign(moved[:, CHARACTER]) == np.sign(z[:, CHARACTER])).mean() > 0.95


@pytest.mark.slow
def test_ends_come_to_lie_where_draws_of_the_emotion_lie(folder: Path) -> None:
    samples, local = load_samples(folder), method(folder, "local")
    z = samples.z.copy()
    # Draws of the second emotion have them closed.
    z[:, LIDS] += np.where(samples.emotion.argmax(axis=1) == 1, 1.5, 0.0)
    changed = replace(samples, z=z)
    faces = draw_latents(PAINTER, 200, 0, "faces of this test")

    def closed(samples: Samples) -> np.ndarray:
        network = train_paths(local, samples, PAINTER, [READER], 6400, 1, log=lambda _: None)
        return (found_by(network)(faces, EVERY, ~EVERY) - faces[:, None])[:, :, LIDS].mean(axis=0)

    plain, compared = closed(samples), closed(changed)
    assert abs(plain).max() < 0.3
    assert compared[1] > 0.6 and abs(compared[[0, 2]]).max() < 0.4


@pytest.mark.slow
def test_an_emotion_that_is_hard_to_show_is_shown_nearly_as_clearly(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, local, reader = load_samples(folder), method(folder, "local"), HesitantReader()
    faces = draw_latents(PAINTER, 200, 0, "faces of this test")

    def shown() -> np.ndarray:
        network = train_paths(local, samples, PAINTER, [reader], 6400, 1, log=lambda _: None)
        ends = found_by(network)(faces, EVERY, ~EVERY)
        read = [softmax(read_faces(PAINTER, reader, ends[:, emotion])[0], axis=1)[:, emotion] for emotion in range(3)]
        return np.mean(read, axis=1)

    with_margins = shown()
    monkeypatch.setattr("tlgan_train.axes.end_training.MOST_MARGIN", 0.0)
    without = shown()
    assert with_margins[1] > without[1] + 0.02
    np.testing.assert_allclose(with_margins[[0, 2]], without[[0, 2]], atol=0.02)


def test_the_same_seed_gives_the_same_network(folder: Path) -> None:
    samples, local = load_samples(folder), method(folder, "local")

    def trained(seed: int) -> torch.Tensor:
        network = train_paths(local, samples, PAINTER, [READER], 128, seed, log=lambda _: None)
        return network.better[-1].weight

    assert torch.equal(trained(1), trained(1))
    assert not torch.equal(trained(1), trained(2))


def test_ends_of_an_earlier_version_are_to_be_trained_again(folder: Path, tmp_path: Path) -> None:
    facts = {"emotions": 3, "latent_dim": LATENT_DIM, "moving": 2}
    save_tensors(tmp_path / "axes" / "paths.safetensors", load_paths(folder).state_dict(), facts)
    with pytest.raises(TrainError, match=r"earlier version; delete .*axes\.json and run `tlgan-train axes` again"):
        load_paths(tmp_path)


def test_without_moves_to_learn_from_there_is_no_path(folder: Path, tmp_path: Path) -> None:
    none = replace(CONFIG, axes=replace(CONFIG.axes, path_moves=0))
    with pytest.raises(TrainError, match=r"set axes\.path_moves"):
        fit_axes(none, load_samples(folder), EMOTIONS, PAINTER, READER, tmp_path, log=lambda _: None)
    lines = replace(none, axes=replace(none.axes, method="local"))
    fit_axes(lines, load_samples(folder), EMOTIONS, PAINTER, READER, tmp_path, log=lambda _: None)
    assert "path" not in load_axes(tmp_path)["methods"]
    with pytest.raises(TrainError, match="run `tlgan-train axes`"):
        load_paths(tmp_path)
