"""Step I: what training writes, and that stopping and going on changes nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from painter import bars
from PIL import Image
from safetensors.torch import load_file

from tests.program import PATIENCE
from tlgan_train.compute import distributed
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.config import Config
from tlgan_train.data.batches import Batches
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.gan import state as gan_state
from tlgan_train.gan import step as gan_step
from tlgan_train.gan import train as gan_train
from tlgan_train.gan.log import TrainingLog
from tlgan_train.gan.train import mirrored, train_gan
from tlgan_train.gan.weights import images_seen, load_encoder, load_generator
from tlgan_train.models.inference import predict, to_tensor
from tlgan_train.run_folder import load_tensors, save_tensors

pytestmark = pytest.mark.numerical

STEPS, BATCH = 6, 8
SMALL = {
    "latent_dim": 8, "generator_width": 8, "discriminator_width": 8, "batch_size": BATCH, "images": STEPS * BATCH,
    "checkpoint_images": 2 * BATCH, "ema_images": 20, "precision": "fp32",
}  # fmt: skip
FULL = {
    **SMALL, "discriminator_norm": "spectral", "reconstruction_weight": 40.0, "feature_weight": 1.0, "kl_weight": 0.02,
    "label_sectors": True, "sector_push": 2.0, "mapping_width": 16,
    "codes": 4, "warmup_images": 2 * BATCH, "matrix_lr": 0.02,
}  # fmt: skip
PAPER = {**SMALL, "discriminator_norm": "batch"}


class Tripping:
    """Pictures of which `takes` batches can be taken; then something happens instead."""

    def __init__(self, images: np.ndarray, takes: int, happening: BaseException) -> None:
        self.images, self.takes, self.happening, self.shape = images, takes, happening, images.shape

    def __getitem__(self, picked: np.ndarray) -> np.ndarray:
        if len(picked) == BATCH:  # others are those whose codes the prior keeps
            if self.takes == 0:
                raise self.happening
            self.takes -= 1
        return self.images[picked]


@pytest.fixture(scope="module")
def data() -> Dataset:
    return bars(count=10)


@pytest.fixture(autouse=True)
def every_step_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrainingLog, "EVERY", 1)


def train(data: Dataset, run: Path, settings: dict[str, object], log: Callable[[str], None] = lambda _: None) -> None:
    config = Config.from_dict({"gan": settings, "data": {"image_size": 32}, "seed": 5})
    train_gan(config, data, data.characters, run, log=log, progress=False)


@pytest.fixture(scope="module", params=[FULL, PAPER], ids=["full", "paper"])
def settings(request: pytest.FixtureRequest) -> dict[str, object]:
    return request.param


@pytest.fixture(scope="module")
def whole(data: Dataset, settings: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed."""
    run = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingLog, "EVERY", 1)
        train(data, run, settings)
    return run


def rows(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "gan" / "metrics.jsonl").read_text().splitlines()]


def losses(run: Path) -> list[dict[str, float]]:
    return [{key: value for key, value in row.items() if key != "images_per_second"} for row in rows(run)]


def assert_same_training(one: Path, other: Path) -> None:
    names = sorted(path.relative_to(one) for path in one.glob("gan/*.safetensors"))
    assert names == sorted(path.relative_to(other) for path in other.glob("gan/*.safetensors"))
    for name in names:
        expected, found = load_file(one / name), load_file(other / name)
        assert expected.keys() == found.keys()
        assert [key for key, value in expected.items() if not torch.equal(value, found[key])] == []
    assert losses(one) == losses(other)


def test_a_run_leaves_weights_a_log_and_grids(whole: Path, settings: dict[str, object]) -> None:
    folder = whole / "gan"
    assert [row["images"] for row in rows(whole)] == [8, 16, 24, 32, 40, 48]
    assert all(np.isfinite(list(row.values())).all() and row["images_per_second"] > 0 for row in rows(whole))
    grids = sorted(folder.glob("samples/*"))
    assert [grid.name for grid in grids] == ["000000016.png", "000000032.png", "000000048.png"]
    with Image.open(grids[-1]) as grid:
        assert grid.size == (16 * 32, 8 * 32) and grid.mode == "RGB"
        assert np.asarray(grid).std() > 0
    assert (load_encoder(whole) is not None) == (settings is FULL)
    assert images_seen(whole) == 48
    assert not list(whole.rglob(".*"))  # nothing temporary is left
    assert list(folder.glob("tensorboard/*"))


def test_a_finished_run_is_not_trained_again(data: Dataset, whole: Path, settings: dict[str, object]) -> None:
    before = {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    train(data, whole, settings)
    assert before == {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("takes", "kept"), [(3, 3), pytest.param(1, 1, marks=pytest.mark.slow), pytest.param(4, 4, marks=pytest.mark.slow)]
)
def test_interrupted_between_steps_and_resumed_equals_uninterrupted(
    data: Dataset, settings: dict[str, object], whole: Path, tmp_path: Path, takes: int, kept: int
) -> None:
    tripping = replace(data, images=Tripping(data.images, takes, KeyboardInterrupt()))
    lines: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        train(tripping, tmp_path, settings, lines.append)
    assert images_seen(tmp_path) == kept * BATCH
    assert f"stopped after {kept * BATCH}" in lines[-1]
    assert not list(tmp_path.rglob(".*"))
    train(data, tmp_path, settings)
    assert_same_training(whole, tmp_path)


@pytest.mark.usefixtures("ctrl_c")
def test_interrupted_within_a_step_and_resumed_equals_uninterrupted(
    data: Dataset, settings: dict[str, object], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C between the update of D and that of G, where the time of a step goes."""
    autocast, calls = Compute.autocast, iter(range(1000))

    def pressed(self: Compute) -> object:
        # In the third step: the second forward pass comes after D's update. Steps that warm up have one pass.
        if next(calls) == (3 if settings is FULL else 5):
            signal.raise_signal(signal.SIGINT)
        return autocast(self)

    with monkeypatch.context() as patch:
        patch.setattr(Compute, "autocast", pressed)
        with pytest.raises(KeyboardInterrupt):
            train(data, tmp_path, settings)
    assert next(calls) > 3
    train(data, tmp_path, settings)
    assert_same_training(whole, tmp_path)


def test_a_row_of_the_log_that_was_cut_off_is_written_again(
    data: Dataset, settings: dict[str, object], whole: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(replace(data, images=Tripping(data.images, 3, KeyboardInterrupt())), tmp_path, settings)
    with (tmp_path / "gan" / "metrics.jsonl").open("a") as log:
        log.write('{"images": 6')
    train(data, tmp_path, settings)
    assert_same_training(whole, tmp_path)


def test_killed_and_resumed_equals_uninterrupted(
    data: Dataset, settings: dict[str, object], whole: Path, tmp_path: Path
) -> None:
    """A kill saves nothing: what was logged after the last checkpoint is forgotten, and logged again."""
    with pytest.raises(RuntimeError, match="killed"):
        train(replace(data, images=Tripping(data.images, 5, RuntimeError("killed"))), tmp_path, settings)
    assert images_seen(tmp_path) == 4 * BATCH and rows(tmp_path)[-1]["images"] == 5 * BATCH
    train(data, tmp_path, settings)
    assert [row["images"] for row in rows(tmp_path)] == [8, 16, 24, 32, 40, 48]
    assert_same_training(whole, tmp_path)


def test_the_seed_decides_and_the_state_around_does_not(data: Dataset, tmp_path: Path) -> None:
    settings = {**PAPER, "images": 2 * BATCH}
    for name, noise in (("a", 1), ("b", 2)):
        torch.manual_seed(noise)
        np.random.seed(noise)
        train(data, tmp_path / name, settings)
    assert_same_training(tmp_path / "a", tmp_path / "b")
    train_gan(
        Config.from_dict({"gan": settings, "data": {"image_size": 32}, "seed": 6}),
        data, data.characters, tmp_path / "c", log=lambda _: None, progress=False,
    )  # fmt: skip
    assert losses(tmp_path / "a") != losses(tmp_path / "c")


@pytest.mark.parametrize("every", [1, 50])
def test_diverging_stops_in_one_line_and_keeps_the_last_good_checkpoint(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    monkeypatch.setattr(TrainingLog, "EVERY", every)
    train(data, tmp_path, {**PAPER, "images": 2 * BATCH})
    with pytest.raises(TrainError, match="diverged") as caught:
        train(data, tmp_path, {**PAPER, "images": 12 * BATCH, "generator_lr": 1e30, "discriminator_lr": 1e30})
    assert "\n" not in str(caught.value) and "gan.generator_lr" in str(caught.value)
    for name in ("checkpoint", "generator"):
        tensors = load_file(tmp_path / "gan" / f"{name}.safetensors")
        assert [key for key, value in tensors.items() if not torch.isfinite(value).all()] == []
    assert all(np.isfinite(list(row.values())).all() for row in rows(tmp_path))


def test_warming_up_leaves_the_discriminator_alone(data: Dataset, tmp_path: Path) -> None:
    train(data, tmp_path, {**FULL, "images": 2 * BATCH})
    assert [row.keys() & {"discriminator", "reconstruction"} for row in rows(tmp_path)] == [{"reconstruction"}] * 2
    names = load_file(tmp_path / "gan" / "checkpoint.safetensors").keys()
    assert not [name for name in names if name.startswith("discriminator_optimiser.")]
    assert [name for name in names if name.startswith("generator_optimiser.")]
    train(data, tmp_path, {**FULL, "images": 3 * BATCH})
    assert {"discriminator", "generator", "feature"} <= rows(tmp_path)[-1].keys()
    with pytest.raises(TrainError, match=r"gan\.reconstruction_weight"):
        train(data, tmp_path / "paper", {**PAPER, "warmup_images": BATCH})


def test_the_prior_keeps_codes_of_pictures_when_the_warm_up_ends(data: Dataset, tmp_path: Path) -> None:
    lines: list[str] = []
    train(data, tmp_path, {**FULL, "images": 2 * BATCH}, lines.append)
    assert load_generator(tmp_path).prior.unfilled and "codes" not in " ".join(lines)
    train(data, tmp_path, {**FULL, "images": 3 * BATCH}, lines.append)
    prior = load_generator(tmp_path).prior
    assert not prior.unfilled and " ".join(lines).count("the prior keeps 24 codes of pictures") == 1
    encoder = load_encoder(tmp_path)
    assert encoder is not None
    means, _ = predict(encoder, data.images, data.indices("train"))
    for label, kept in enumerate(prior.mixtures.codes):
        emotion, character = divmod(label, len(data.characters))
        own = (data.emotion == emotion) & (data.character == character)
        distances = torch.cdist(kept, torch.from_numpy(means[own[data.indices("train")]]))
        assert distances.min(dim=1).values.max() < 1e-4
    train(data, tmp_path, {**FULL, "images": 5 * BATCH}, lines.append)
    z = torch.randn(9, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(load_generator(tmp_path).prior(z), prior(z))
    assert " ".join(lines).count("codes of pictures") == 1
    with pytest.raises(TrainError, match=r"gan\.codes"):
        train(data, tmp_path / "cold", {**FULL, "warmup_images": 0})


def test_mirrored_pictures_are_shown_as_often_as_pictures_themselves(data: Dataset, tmp_path: Path) -> None:
    pictures = torch.linspace(-1, 1, 400)[:, None, None, None] * torch.tensor([0.5, 1.0]).expand(400, 3, 2, 2)
    torch.manual_seed(0)
    shown = mirrored(pictures)
    turned = (shown == pictures.flip(3)).all(dim=(1, 2, 3))
    assert torch.equal(shown[~turned], pictures[~turned])
    assert turned.float().mean() == pytest.approx(0.5, abs=0.08)
    lines: list[str] = []
    train(data, tmp_path, {**FULL, "mirror": True, "codes": 100, "images": 3 * BATCH}, lines.append)
    assert "the prior keeps 96 codes" in " ".join(lines)


def test_after_warming_up_the_encoder_stays_as_it_is(data: Dataset, tmp_path: Path) -> None:
    train(data, tmp_path, {**FULL, "images": 2 * BATCH})
    warm = load_file(tmp_path / "gan" / "encoder.safetensors")
    generator = load_file(tmp_path / "gan" / "generator.safetensors")
    train(data, tmp_path, {**FULL, "images": 4 * BATCH})
    assert all(
        torch.equal(value, warm[name]) for name, value in load_file(tmp_path / "gan" / "encoder.safetensors").items()
    )
    moved = load_file(tmp_path / "gan" / "generator.safetensors")
    assert not any(torch.equal(moved[name], value) for name, value in generator.items() if name.endswith("weight"))


def test_step_sizes_fall_to_nothing_over_the_last_pictures(data: Dataset) -> None:
    config = Config.from_dict({"gan": {**FULL, "decay_images": 40}, "data": {"image_size": 32}})
    state = gan_state.build(config, data, data.characters, ON_CPU)
    full = config.gan.generator_lr, config.gan.discriminator_lr
    for state.step, share in ((0, 1), (15, 1), (19, 0.2), (20, 0)):
        gan_train.set_step_sizes(state, config.gan, 20, warming_up=False)
        sizes = [o.param_groups[0]["lr"] for o in (state.generator_optimiser, state.discriminator_optimiser)]
        assert sizes == [share * lr for lr in full]


@pytest.mark.parametrize(("decay", "first"), [(0, [1, 1]), (2 * BATCH, [1, 0.5])])
def test_step_sizes_fall_at_the_end_of_the_warm_up_if_that_is_asked_for(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decay: int, first: list[float]
) -> None:
    shares: list[float] = []
    set_step_sizes = gan_train.set_step_sizes

    def noting(state: gan_train.GanState, settings: gan_train.GanConfig, steps: int, warming_up: bool) -> None:
        set_step_sizes(state, settings, steps, warming_up)
        shares.append(state.generator_optimiser.param_groups[0]["lr"] / settings.generator_lr)

    monkeypatch.setattr(gan_train, "set_step_sizes", noting)
    train(data, tmp_path, {**FULL, "decay_images": 2 * BATCH, "warmup_decay_images": decay})
    assert shares == [*first, 1, 1, 1, 0.5]  # two steps of warm-up, four with D


@pytest.mark.parametrize("noise", [1.0, 0.0])
def test_pictures_are_redrawn_from_samples_and_at_last_with_the_noise_that_is_set(data: Dataset, noise: float) -> None:
    config = Config.from_dict({"gan": {**FULL, "redraw_noise": noise}, "data": {"image_size": 32}})
    state = gan_state.build(config, data, data.characters, ON_CPU)
    arrays = gan_state.label_arrays(data, data.characters, sets=2)
    real, labels = to_tensor(data.images[:BATCH]), tuple(torch.from_numpy(of[:BATCH]) for of in arrays)

    def redrawn_twice() -> list[tuple[dict[str, torch.Tensor], torch.Tensor]]:
        with torch.no_grad():
            return [gan_step.reconstruct(state, config.gan, real, labels, ON_CPU) for _ in range(2)]

    (losses, first), (_, second) = redrawn_twice()
    assert "kl" in losses and not torch.equal(first, second)
    state.encoder.eval()
    (losses, first), (_, second) = redrawn_twice()
    assert "kl" not in losses and torch.equal(first, second) == (noise == 0)


def test_a_generator_that_draws_one_picture_is_told_and_the_checkpoint_before_is_kept(
    data: Dataset, tmp_path: Path
) -> None:
    settings = {**PAPER, "ema_images": 10**9}
    train(data, tmp_path, {**settings, "images": 2 * BATCH})
    path = tmp_path / "gan" / "checkpoint.safetensors"
    tensors, facts = load_tensors(path, "gan")
    tensors["averaged.layers.1.weight"].zero_()  # the first gain: nothing of the latent comes through
    save_tensors(path, tensors, facts)
    before = path.read_bytes()
    with pytest.raises(TrainError, match="one face for every latent") as caught:
        train(data, tmp_path, {**settings, "images": 4 * BATCH})
    assert "\n" not in str(caught.value) and path.read_bytes() == before


@pytest.mark.slow
def test_a_run_of_one_process_goes_on_in_two_that_end_with_the_same_weights(
    data: Dataset, settings: dict[str, object], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    train(data, run, {**settings, "images": 3 * BATCH})
    before = load_file(run / "gan" / "checkpoint.safetensors")
    script = Path(__file__).parents[1] / "two_processes.py"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)]
    done = subprocess.run([*command, str(run), json.dumps(settings)], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    one, other = load_file(f"{run}.0"), load_file(f"{run}.1")
    assert one.keys() == other.keys() and all(torch.equal(value, other[key]) for key, value in one.items())
    assert images_seen(run) == STEPS * BATCH and [row["images"] for row in rows(run)][-1] == STEPS * BATCH
    after = load_file(run / "gan" / "checkpoint.safetensors")
    assert not torch.equal(after["generator.layers.0.weight"], before["generator.layers.0.weight"])
    assert all(torch.equal(after[key], value) for key, value in one.items())


def test_a_batch_that_does_not_divide_among_the_processes_is_told(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "count", lambda: 3)
    with pytest.raises(TrainError, match="8 does not divide among 3 processes"):
        train(data, tmp_path, PAPER)


def test_no_length_of_training_is_told(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"gan\.images"):
        train(data, tmp_path, {**PAPER, "images": 0, "epochs": 0})


def test_epochs_are_passes_over_the_training_split(data: Dataset, tmp_path: Path) -> None:
    train(data, tmp_path, {**PAPER, "images": 0, "epochs": 1})
    assert images_seen(tmp_path) == len(data.indices("train")) == 48


def test_without_averaging_the_last_weights_are_exported(data: Dataset, tmp_path: Path) -> None:
    train(data, tmp_path, {**PAPER, "images": 2 * BATCH, "ema_images": 0})
    checkpoint = load_file(tmp_path / "gan" / "checkpoint.safetensors")
    for name, parameter in load_generator(tmp_path).named_parameters():
        assert torch.equal(parameter, checkpoint[f"generator.{name}"])


def test_the_loaded_generator_draws_each_face_by_itself(whole: Path) -> None:
    generator = load_generator(whole)
    z = torch.randn(9, 8, generator=torch.Generator().manual_seed(0))
    together = generator(z)
    alone = torch.cat([generator(row[None]) for row in z])
    among_others = generator(torch.cat([50 * z, z]))[9:]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    torch.testing.assert_close(together, among_others, atol=1e-5, rtol=0)
    assert not generator.training and not any(p.requires_grad for p in generator.parameters())


def test_an_untrained_run_names_the_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="tlgan-train gan"):
        load_generator(tmp_path)


def test_batches_pass_over_everything_or_give_classes_equal_shares(data: Dataset) -> None:
    indices = data.indices("train")[:40]  # 8 of each of five classes
    passes = Batches(data, indices, 16, balanced=False, seed=1)
    seen = np.concatenate([passes[step] for step in range(5)])  # 80 pictures: two epochs, one batch across both
    for epoch in (seen[:40], seen[40:]):
        np.testing.assert_array_equal(np.sort(epoch), indices)
    assert not np.array_equal(seen[:40], seen[40:]) and not np.array_equal(seen[:40], indices)
    np.testing.assert_array_equal(passes[3], Batches(data, indices, 16, balanced=False, seed=1)[3])

    lopsided = np.concatenate([data.indices("train", ("ada",)), data.indices("train", ("bo",))[:2]])
    drawn = Batches(data, lopsided, 400, balanced=True, seed=1)
    classes = [(data.character[i], data.emotion[i]) for i in np.concatenate([drawn[0], drawn[1]])]
    assert {pair: pytest.approx(0.25, abs=0.06) for pair in classes} == {
        pair: classes.count(pair) / len(classes) for pair in ((0, 0), (0, 1), (0, 2), (1, 0))
    }
    assert set(drawn[0]) <= set(lopsided)
