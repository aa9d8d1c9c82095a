"""Lengths of training that fit a time, and what a run is expected to take."""

from __future__ import annotations

from dataclasses import astuple, replace
from pathlib import Path

import pytest
from commands import call, refused
from painter import bars

from tlgan_train.cli.commands import main
from tlgan_train.compute.compute import ON_CPU
from tlgan_train.config import Config, load_config
from tlgan_train.duration import CHOSEN, PICTURES, Seconds, expected, fitted, measure, shortened
from tlgan_train.errors import TrainError
from tlgan_train.pipeline import Pipeline, with_lengths
from tlgan_train.run_folder import open_run

DATA = bars(count=30)
MACHINE = Seconds(
    classifier=2e-3,
    judge=4e-3,
    warmup=5e-3,
    adversarial=12e-3,
    draw=5e-4,
    read=3e-4,
    judged=8e-4,
    move=4e-3,
    head=6e-3,
)


@pytest.mark.parametrize("preset", ["quick", "cast", "paper"])
@pytest.mark.parametrize("minutes", [120, 600])
def test_the_stages_take_the_minutes(preset: str, minutes: int) -> None:
    config = fitted(load_config(preset), minutes, DATA, DATA.characters, MACHINE)
    assert sum(expected(config, DATA, DATA.characters, MACHINE).values()) == pytest.approx(60 * minutes, rel=0.01)


def test_more_time_goes_to_the_gan_and_a_faster_machine_learns_more() -> None:
    quick = load_config("quick")
    short, long = (fitted(quick, minutes, DATA, DATA.characters, MACHINE) for minutes in (30, 60))
    assert long.gan.images > 2 * short.gan.images and long.evaluate.faces > short.evaluate.faces >= 64
    faster = Seconds(*(seconds / 2 for seconds in astuple(MACHINE)))
    assert fitted(quick, 30, DATA, DATA.characters, faster).gan == fitted(quick, 60, DATA, DATA.characters, MACHINE).gan
    assert short.gan.warmup_images < short.gan.images
    changed = {key for key in _keys(short) if short.value(key) != quick.value(key)}
    assert changed <= set(CHOSEN)


def _keys(config: Config) -> list[str]:
    return [f"{name}.{key}" for name, part in config.to_dict().items() if isinstance(part, dict) for key in part]


def test_few_pictures_shorten_a_preset_and_many_leave_it_alone() -> None:
    quick = load_config("quick")
    few = shortened(quick, 100)
    assert few.gan.warmup_images == quick.gan.most_passes * 100
    assert all(few.value(key) / quick.value(key) == pytest.approx(0.125, abs=0.01) for key in PICTURES)
    assert shortened(few, 100) == few and shortened(quick, 100_000) == quick
    paper = load_config("paper")
    assert shortened(paper, 10) == paper


def test_too_short_a_time_is_refused_and_the_one_that_is_named_is_enough() -> None:
    with pytest.raises(TrainError, match=r"--minutes 2 is too short .* give \d+ or more") as caught:
        fitted(load_config("quick"), 2, DATA, DATA.characters, MACHINE)
    shortest = int(str(caught.value).split("give ")[1].split()[0])
    assert fitted(load_config("quick"), shortest, DATA, DATA.characters, MACHINE).gan.images > 0


@pytest.fixture
def small(small_options: list[str], tmp_path: Path) -> Pipeline:
    names = [option.removeprefix("--set=") for option in small_options if option.startswith("--set=")]
    config = load_config("tiny", names).with_value("data.spec", small_options[3])
    return Pipeline(config.with_value("minutes", 2), tmp_path / "run", log=lambda _: None)


@pytest.mark.slow
def test_every_kind_of_work_is_measured(small: Pipeline, clear_options: list[str]) -> None:
    config = small.config.with_value("head.images", 32)
    found = measure(config, small.dataset, small.characters, ON_CPU)
    assert found.head == 0 and all(seconds > 0 for seconds in astuple(replace(found, head=1)))
    clear = replace(small, config=config.with_value("data.spec", clear_options[3]))
    assert measure(clear.config, clear.dataset, clear.characters, ON_CPU).head > 0


def test_a_run_that_goes_on_keeps_its_lengths(small: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlgan_train.duration.LEAST_SECONDS", 0.0)
    lines: list[str] = []
    first = with_lengths(Pipeline(small.config, small.folder, log=lines.append), announce=True)
    assert len(lines) == 1 and lines[0].startswith("expects about 2 minutes on this machine: classifier ")
    assert first.config.gan.images != small.config.gan.images
    small.folder.mkdir()
    open_run(small.folder, first.config, first.dataset.digest)
    monkeypatch.setattr("tlgan_train.pipeline.measure", None)  # it would fail
    assert with_lengths(small, announce=True).config == first.config


def test_a_preset_says_how_long_it_takes_here_unless_that_is_seconds(
    small: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tlgan_train.duration.LEAST_SECONDS", 0.0)
    lines: list[str] = []
    config = small.config.with_value("minutes", 0)
    plain = Pipeline(config.with_value("gan.most_passes", 1), small.folder, log=lines.append)
    few = with_lengths(plain, announce=True).config
    assert few.gan.warmup_images == len(small.dataset.indices("train", small.characters)) and not lines
    assert with_lengths(replace(plain, given=frozenset({"gan.images"})), announce=True).config == plain.config
    monkeypatch.setattr("tlgan_train.pipeline.ANNOUNCED", 1)
    assert with_lengths(plain, announce=False).config == few and not lines
    assert with_lengths(plain, announce=True).config == few
    assert len(lines) == 1 and lines[0].startswith("expects about 0 minutes on this machine: classifier ")


def test_lengths_that_were_set_by_name_stay_when_the_run_goes_on(small: Pipeline) -> None:
    config = small.config.with_value("minutes", 0).with_value("gan.most_passes", 1)
    longer = config.with_value("gan.images", 2 * config.gan.images)
    first = with_lengths(Pipeline(longer, small.folder, given=frozenset({"gan.images"})), announce=False)
    small.folder.mkdir()
    open_run(small.folder, first.config, first.dataset.digest)
    assert with_lengths(Pipeline(first.config, small.folder), announce=False).config == longer
    assert with_lengths(Pipeline(config, small.folder), announce=False).config != longer  # the run refuses them


def test_lengths_are_chosen_by_the_time_or_by_the_user(small_options: list[str], tmp_path: Path) -> None:
    told = refused(call(main, "all", "--run", tmp_path / "run", *small_options, "--minutes", "5"))
    assert "--minutes chooses axes.calibration_faces; leave out one of them" in told
    assert not (tmp_path / "run").exists()
