"""What is refused before training: settings without effect or sense, names, and pictures that are too few."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from commands import call, refused
from painter import bars

from tlgan_train.checks import check_gan, check_pictures, check_warmup, examine, idle_settings
from tlgan_train.cli.commands import main
from tlgan_train.config import PRESETS, Config, load_config
from tlgan_train.data import export_folder
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError

NAMES = sorted(path.stem for path in PRESETS.glob("*.toml"))
PLAIN = ["gan.reconstruction_weight=0", "gan.warmup_images=0", "gan.codes=0", "gan.label_sectors=false"]
"""Turns a preset into the paper's GAN."""


def idle(preset: str, *overrides: str) -> list[str]:
    return idle_settings(load_config(preset, list(overrides)), {item.partition("=")[0] for item in overrides})


@pytest.mark.parametrize(
    ("override", "needs"),
    [
        ("data.toon_faces=20", "data.spec"),
        ("gan.epochs=5", "gan.images"),
        ("gan.kl_weight=0.5", "gan.reconstruction_weight"),
        ("gan.feature_weight=1.5", "gan.reconstruction_weight"),
        ("gan.adversarial_weight=0.1", "gan.reconstruction_weight"),
        ("gan.redraw_noise=0.5", "gan.warmup_images"),
        ("gan.warmup_decay_images=100", "gan.warmup_images"),
        ("gan.sector_push=1.5", "gan.label_sectors"),
        ("gan.codes=20", "gan.warmup_images"),
        ("gan.augment=0.3", "gan.warmup_images"),
        ("classifier.coaches=2", "axes.path_moves"),
    ],
)
def test_a_setting_that_was_asked_for_and_changes_nothing_names_what_it_needs(override: str, needs: str) -> None:
    others = [*PLAIN, "axes.path_moves=0", "axes.method=logit", "data.spec=folder:x"]
    (line,) = idle("quick", *others, override)
    key = override.partition("=")[0]
    assert line.startswith(f"{key}=") and f"set {needs} " in line and f"leave out {key}" in line and "\n" not in line


def test_a_setting_for_pictures_has_no_effect_on_built_in_ones() -> None:
    (line,) = idle("quick", "data.fit=pad")
    assert (
        line == "data.fit=pad has no effect with data.spec=toon; set data.spec to something else, or leave out data.fit"
    )
    assert idle("quick", "data.fit=pad", "data.spec=folder:x=y") == []


def test_each_setting_that_needs_others_needs_ones_that_exist() -> None:
    config = Config()
    for section in dataclasses.fields(config):
        value = getattr(config, section.name)
        for setting in dataclasses.fields(value) if dataclasses.is_dataclass(value) else ():
            for need in setting.metadata.get("needs", ()):
                owner, _, name = need.partition("=")[0].removesuffix("!").partition(".")
                assert hasattr(getattr(config, owner), name), setting.name


@pytest.mark.parametrize("preset", NAMES)
def test_no_preset_is_refused_and_what_it_sets_by_itself_is_no_mistake(preset: str) -> None:
    config = load_config(preset)
    assert examine(config, (), lambda: bars(count=10))[1] == []
    assert idle(preset, *PLAIN) == []
    # Nor is a value that is the default anyway.
    assert idle(preset, *PLAIN, "gan.kl_weight=0", "gan.augment=0") == []


@pytest.mark.parametrize(
    ("overrides", "trains"),
    [
        (["gan.images=160", "gan.warmup_images=144", "gan.batch_size=16"], True),
        (["gan.images=160", "gan.warmup_images=145", "gan.batch_size=16"], False),
        (["gan.images=160", "gan.warmup_images=4000", "gan.batch_size=16"], False),
        (["gan.images=0", "gan.epochs=3", "gan.warmup_images=60", "gan.batch_size=16"], True),
        (["gan.images=0", "gan.epochs=3", "gan.warmup_images=90", "gan.batch_size=16"], False),
    ],
)
def test_a_warm_up_has_to_leave_a_step_to_the_gan(overrides: list[str], trains: bool) -> None:
    lines = check_warmup(load_config("tiny", overrides).gan, pictures=30)
    assert (lines == []) == trains and all("gan.warmup_images" in line for line in lines)


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ([*PLAIN, "gan.adversarial_weight=0"], "gan.adversarial_weight"),
        (["gan.fake_target=1"], "gan.real_target and gan.fake_target"),
    ],
)
def test_a_gan_that_could_learn_nothing_is_refused(overrides: list[str], says: str) -> None:
    (line,) = check_gan(load_config("quick", overrides).gan)
    assert says in line


@pytest.mark.parametrize("key", ["gan.generator_lr", "gan.discriminator_lr", "classifier.lr", "judge.lr"])
def test_a_step_size_of_0_is_refused(key: str) -> None:
    with pytest.raises(TrainError, match=f"{key} must be above 0 and finite"):
        load_config("tiny", [f"{key}=0"])


def named(
    emotions: tuple[str, ...] = ("anger", "joy", "sadness"), characters: tuple[str, ...] = ("ada", "bo")
) -> Dataset:
    return dataclasses.replace(bars(count=10), emotions=emotions, characters=characters)


@pytest.mark.parametrize("name", ["start", "all", "very+happy", "joy,mild", "a=b", "a:b", "a@b", " joy", "joy\nfoo"])
def test_a_name_that_could_not_be_said_later_is_refused_with_one_that_could(name: str) -> None:
    (line,) = check_pictures(Config(), named(emotions=("anger", name, "sadness")))
    assert f"the emotion {name!r}" in line and "rename it, for example to " in line and "\n" not in line
    (line,) = check_pictures(Config(), named(characters=("ada", name)))
    assert f"the character {name!r}" in line


def test_a_character_without_others_may_be_called_as_its_folder_is() -> None:
    data = bars(count=10)
    alone = data.character == 0
    parts = {key: getattr(data, key)[alone] for key in ("images", "emotion", "character", "split")}
    assert check_pictures(Config(), dataclasses.replace(data, characters=("faces, v2",), **parts)) == []
    # But a bundle has to hold it.
    (line,) = check_pictures(Config(), dataclasses.replace(data, characters=("faces\u202e",), **parts))
    assert "the character 'faces\\u202e' cannot have this name" in line


def test_names_in_any_script_pass() -> None:
    assert check_pictures(Config(), named(("Freude", "radość życia", "喜び"), ("Zoë", "少女"))) == []


def test_a_name_of_an_emotion_and_of_a_drawn_character_is_refused_where_mixes_name_both() -> None:
    both = named(characters=("joy", "bo"))
    (line,) = check_pictures(Config().with_value("data.characters", "all"), both)
    assert "'joy' is the name of an emotion and of a character" in line
    assert check_pictures(Config(), both) == []


def test_an_emotion_that_no_drawn_character_shows_is_refused() -> None:
    data = bars(count=10)
    kept = ~((data.character == 0) & (data.emotion == 2))
    parts = {key: getattr(data, key)[kept] for key in ("images", "emotion", "character", "split")}
    lacking = dataclasses.replace(data, **parts)
    (line,) = check_pictures(Config(), lacking)
    assert "no training picture shows sadness of ada" in line
    assert check_pictures(Config().with_value("data.characters", "all"), lacking) == []


def test_an_empty_split_and_too_few_latents_are_told_at_once() -> None:
    data = bars(count=10)
    config = load_config("tiny", ["gan.latent_dim=2"])
    lines = check_pictures(config, dataclasses.replace(data, split=np.where(data.split == 2, 0, data.split)))
    assert ["0 test pictures" in lines[0], "gan.latent_dim of 2" in lines[1]] == [True, True] and len(lines) == 2
    sizes = [load_config("tiny", [f"gan.latent_dim={size}", "data.characters=all"]) for size in (5, 6)]
    assert [len(check_pictures(config, data)) for config in sizes] == [1, 0]


MISTAKEN = ["gan.warmup_images=2000", "gan.kl_weight=0.5", "gan.reconstruction_weight=0", "gan.codes=0"]


def test_data_lists_all_that_all_refuses_by_the_same_words(tmp_path: Path) -> None:
    export_folder(named(emotions=("a+b", "joy", "start")), tmp_path / "pictures")
    settings = ["--preset", "tiny", "--data", f"folder:{tmp_path / 'pictures'}"]
    settings += [f"--set={item}" for item in MISTAKEN] + ["--alexnet-weights", "nowhere.pth"]
    shown = call(main, "data", *settings)
    trained = call(main, "all", "--run", tmp_path / "run", *settings)
    assert shown.code == trained.code == 2
    assert "60 pictures" in shown.out and trained.out == ""
    assert shown.err == trained.err and not (tmp_path / "run").exists()
    lines = shown.err.splitlines()
    assert all(line.startswith("tlgan-train: ") for line in lines)
    for words in ("needs an encoder", "gan.kl_weight=0.5 has no effect", "the whole training", "'a+b'", "'start'",
                  "nowhere.pth"):  # fmt: skip
        assert sum(words in line for line in lines) == 1, words


def test_data_that_all_would_take_exits_0(tmp_path: Path, small_options: list[str]) -> None:
    outcome = call(main, "data", *small_options)
    assert outcome.code == 0 and outcome.err == ""


def test_something_else_in_the_place_of_the_bundle_stops_before_the_gan(
    tmp_path: Path, small_options: list[str]
) -> None:
    (tmp_path / "run" / "bundle").mkdir(parents=True)
    (tmp_path / "run" / "bundle" / "notes.txt").write_text("mine")
    assert "is no bundle" in refused(call(main, "all", "--run", tmp_path / "run", *small_options))
    assert [path.name for path in (tmp_path / "run").rglob("*")] == ["bundle", "notes.txt"]


def test_data_of_a_run_says_when_it_was_started_with_something_else(run: Path, small_options: list[str]) -> None:
    assert call(main, "data", "--run", run, *small_options).code == 0
    outcome = call(main, "data", "--run", run, *small_options, "--set", "gan.batch_size=8")
    assert outcome.code == 2 and "gan.batch_size was 16, now 8" in outcome.err


@pytest.mark.slow
def test_a_finished_run_with_such_a_name_goes_on(run: Path, small_options: list[str], monkeypatch) -> None:
    """Runs of earlier versions may hold names and settings that are refused now."""
    monkeypatch.setattr("tlgan_train.pipeline.examine", lambda *arguments: (None, ["refused"]))
    outcome = call(main, "all", "--run", run)
    assert outcome.code == 0, outcome.err
