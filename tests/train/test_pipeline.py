"""`tlgan-train all`: the whole paper in one command, what it keeps, what it does again, what it refuses."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import Outcome, call, refused
from safetensors.torch import load_file

from tests.program import PATIENCE
from tlgan_runtime import CheerMeUp
from tlgan_runtime.latent.moves import move
from tlgan_train.axes.learned_ends import load_paths
from tlgan_train.cli.commands import Stage, main
from tlgan_train.config import Config
from tlgan_train.data import load_dataset
from tlgan_train.gan.log import TrainingLog
from tlgan_train.gan.weights import images_seen, load_generator
from tlgan_train.report.results import read_results
from tlgan_train.run_folder import claimed
from tlgan_train.stages import STAGES

OPAQUE = tuple(name for name in STAGES if name != "head")
"""Stages of a run whose pictures are neither transparent nor large."""


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "copy"))


def times(run: Path) -> dict[str, int]:
    return {stage.name: (run / stage.product).stat().st_mtime_ns for stage in map(STAGES.get, OPAQUE)}


def test_the_command_names_every_stage() -> None:
    assert [stage.value for stage in Stage] == ["all", "data", *STAGES]
    assert all(set(stage.reads) <= set(list(STAGES)[:place]) for place, stage in enumerate(STAGES.values()))


def test_all_runs_every_stage_in_order_and_ends_with_a_bundle(finished: tuple[Path, Outcome]) -> None:
    run, outcome = finished
    assert outcome.stages("started") == list(OPAQUE) and outcome.stages("already done") == []
    assert outcome.out == f"{run / 'bundle'}\n"
    assert all((run / STAGES[stage].product).is_file() for stage in OPAQUE)
    assert (run / "bundle" / "manifest.json").is_file()
    assert not list(run.rglob(".*"))
    assert "<html" in (run / "report.html").read_text(encoding="utf-8")


def test_without_such_pictures_a_head_is_refused(run: Path) -> None:
    assert "no stage head: it draws pictures that are transparent" in refused(call(main, "head", "--run", run))


@pytest.mark.slow
def test_transparent_pictures_make_a_transparent_bundle(clear_options: list[str], tmp_path: Path) -> None:
    outcome = call(main, "all", "--run", tmp_path / "run", *clear_options)
    assert outcome.code == 0 and outcome.stages("started") == list(STAGES), outcome.err
    app = CheerMeUp(tmp_path / "run" / "bundle", provider="cpu")
    assert (app.manifest.channels, app.image_size) == (4, 32)
    assert app.manifest.background == json.loads((tmp_path / "run" / "training.json").read_text())["background"]
    assert app.render(app.sample(2), background=None).shape == (2, 32, 32, 4)


def test_the_run_folder_says_how_it_came_about(run: Path) -> None:
    config = json.loads((run / "config.json").read_text())
    assert config["config"]["preset"] == "tiny" and config["config"]["gan"]["images"] == 96
    facts = json.loads((run / "training.json").read_text())
    assert facts["data"].startswith("folder:") and facts["data_digest"] == config["data_digest"]
    assert facts["pictures"] == {"train": 48, "validation": 6, "test": 6} and facts["drawn_pictures"] == 24
    assert facts["images_seen"] == 96 and 0 <= facts["classifier_accuracy"] <= 1
    assert list(facts["stages"]) == list(OPAQUE)
    assert all(stage["seconds"] >= 0 and stage["peak_mib"] > 0 for stage in facts["stages"].values())


@pytest.mark.slow
def test_a_second_call_without_options_keeps_everything(copy: Path) -> None:
    before = times(copy)
    outcome = call(main, "all", "--run", copy)
    assert outcome.code == 0, outcome.err
    assert outcome.stages("already done") == list(OPAQUE) and outcome.stages("started") == []
    assert times(copy) == before
    assert json.loads((copy / "bundle" / "manifest.json").read_text())["name"] == "copy"  # written anew


@pytest.mark.parametrize(
    ("option", "told"), [("--set=samples.count=1300", "samples.count was 1200, now 1300"), ("--seed=3", "seed was 0")]
)
def test_other_settings_in_the_same_run_are_refused(
    run: Path, small_options: list[str], option: str, told: str
) -> None:
    before = times(run)
    line = refused(call(main, "axes", "--run", run, *small_options, option))
    assert told in line and "--run" in line
    assert times(run) == before


@pytest.mark.slow
def test_a_stage_whose_product_is_gone_is_done_again_and_what_comes_before_is_kept(copy: Path) -> None:
    before, axes = times(copy), (copy / "axes.json").read_bytes()
    (copy / "axes.json").unlink()
    for stage in OPAQUE:
        outcome = call(main, stage, "--run", copy)
        assert outcome.code == 0 and outcome.out == f"{copy / STAGES[stage].product}\n", outcome.err
        # The same axes come out, so what was made from them is still right.
        assert outcome.stages("started") == (["axes"] if stage == "axes" else [])
    assert (copy / "axes.json").read_bytes() == axes
    assert [stage for stage, time in times(copy).items() if time != before[stage]] == ["axes"]


@pytest.mark.slow
def test_what_was_made_from_something_that_changed_is_done_again(copy: Path) -> None:
    document = json.loads((copy / "axes.json").read_text())
    document["methods"]["paper"]["max_strength"][0] *= 2
    (copy / "axes.json").write_text(json.dumps(document))
    assert call(main, "axes", "--run", copy).stages("started") == []
    assert call(main, "evaluate", "--run", copy).stages("started") == ["evaluate"]
    evaluation = json.loads((copy / "evaluation.json").read_text())
    moved = evaluation["methods"]["paper"]["emotions"]["anger"]["distance"]
    assert moved == pytest.approx(document["methods"]["paper"]["max_strength"][0], rel=1e-5)
    assert call(main, "report", "--run", copy).stages("started") == ["report"]
    assert call(main, "report", "--run", copy).stages("started") == []


def test_the_report_shows_the_ends_that_were_found_for_each_face(run: Path) -> None:
    config = Config.from_dict(json.loads((run / "config.json").read_text())["config"])
    generator = load_generator(run)
    results = read_results(config, load_dataset(config.data, config.seed), generator, run)
    z = results.latents(5, "evaluation faces")
    with torch.no_grad():
        ends = load_paths(run)(torch.from_numpy(z), torch.zeros(3))[:, 1].numpy()
    np.testing.assert_allclose(move(z, results.axes["path"], np.eye(3)[1]), ends, atol=1e-5)


@pytest.mark.slow
def test_the_report_shows_losses_that_come_in_after_a_warm_up(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrainingLog, "EVERY", 1)
    shutil.rmtree(copy / "gan")
    (copy / "report.html").unlink()
    assert call(main, "gan", "--run", copy).code == 0
    rows = [json.loads(line) for line in (copy / "gan" / "metrics.jsonl").read_text().splitlines()]
    assert ["discriminator" in row for row in rows] == [False] * 2 + [True] * 4
    outcome = call(main, "report", "--run", copy)
    assert outcome.code == 0, outcome.err


def test_a_stage_before_its_time_names_the_one_to_run(tmp_path: Path, small_options: list[str]) -> None:
    for stage, needed in (("samples", "gan"), ("axes", "gan"), ("evaluate", "gan"), ("report", "gan")):
        outcome = call(main, stage, "--quiet", "--run", tmp_path / stage, *small_options)
        assert f"tlgan-train {needed}`" in refused(outcome)
        assert not (tmp_path / stage / STAGES[stage].product).exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--set=axes.path_moves=0"], "axes.path_moves"),
        (["--set=axes.calibration_faces=999"], "axes.calibration_faces"),
        (["--set=samples.count=1000"], "samples.count"),
        (["--set=gan.images=0", "--set=gan.epochs=0"], "gan.images and gan.epochs are both 0"),
        (["--set=gan.reconstruction_weight=0"], "gan.warmup_images needs an encoder"),
        (["--set=judge.steps=0"], "judge.steps must be 1 or more"),
        (["--alexnet-weights", "nowhere.pth"], "no weights file at nowhere.pth"),
    ],
)
def test_what_a_later_stage_could_not_use_stops_before_the_gan(
    tmp_path: Path, small_options: list[str], options: list[str], says: str
) -> None:
    outcome = call(main, "all", "--run", tmp_path / "run", *small_options, *options)
    assert says in refused(outcome)
    assert not (tmp_path / "run").exists()


def test_a_second_process_in_the_same_folder_is_refused(copy: Path) -> None:
    before = times(copy)
    with claimed(copy):
        assert "another process is at work" in refused(call(main, "all", "--run", copy))
        assert "another process is at work" in refused(call(main, "report", "--run", copy))
    assert times(copy) == before
    assert call(main, "report", "--run", copy).code == 0  # the claim ends with its block


@pytest.mark.slow
def test_a_full_disk_stops_in_one_line_and_the_same_command_goes_on(
    small_options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Path
) -> None:
    write, calls = Path.write_bytes, iter(range(100))

    def fills_up(path: Path, content: bytes) -> int:
        if next(calls) < 3:  # generator, encoder and checkpoint of the first half
            return write(path, content)
        write(path, content[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    options = ["gan", "--quiet", "--run", tmp_path / "run", *small_options]
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", fills_up)
        line = refused(call(main, *options))
    assert "generator.safetensors: No space left on device; free some space" in line
    assert images_seen(tmp_path / "run") == 48
    assert not list(tmp_path.rglob(".*"))
    assert call(main, *options).code == 0
    ours, theirs = (load_file(folder / STAGES["gan"].product) for folder in (tmp_path / "run", run))
    assert all((ours[name] == value).all() for name, value in theirs.items())


@pytest.mark.slow
def test_under_torchrun_one_process_writes_and_speaks_and_the_others_help(
    small_options: list[str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    arguments = ["-m", "tlgan_train.cli", "--", "gan", "--run", str(tmp_path / "run"), *small_options]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'run' / STAGES['gan'].product}\n"
    assert done.stderr.count("gan: started") == 1 and done.stderr.count("gan: done in") == 1
    assert images_seen(tmp_path / "run") == 96
    again = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=PATIENCE)
    assert again.returncode == 0 and again.stderr.count("gan: already done") == 1, again.stderr
