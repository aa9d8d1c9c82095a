"""An axis added to a finished model from labelled pictures: labels, readers, levels, and what runs and bundles keep."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import Outcome, call, refused
from PIL import Image

from tests.tiny_bundle import EMOTIONS, attribute_entry, axis_directions, draw, make_bundle
from tlgan_runtime import CheerMeUp
from tlgan_runtime.bundle.read import Bundle
from tlgan_train.attributes import add as attributes_add
from tlgan_train.attributes import fit, reader
from tlgan_train.attributes.add import ATTRIBUTES, current_attributes, made_from
from tlgan_train.attributes.fit import nearest_level
from tlgan_train.attributes.reader import deal, standard_scores
from tlgan_train.cli.commands import main
from tlgan_train.cli.export import export_main
from tlgan_train.data import labels as labelling
from tlgan_train.data.labels import load_labels

SIDE, LATENT_DIM = 16, 8
KINDS = {"binary": lambda values: (values > 0).astype(int), "number": lambda values: values.round(3)}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds instead of minutes: the pictures of the tiny bundle are easily read."""
    for name, value in {"SAMPLES": 700, "HELD_OUT": 200, "CALIBRATION_FACES": 40, "FACES": 40, "FRAMES": 4}.items():
        monkeypatch.setattr(fit, name, value)
    monkeypatch.setattr(fit, "DISTANCES", np.array([1.0, 2.0, 3.0]))
    monkeypatch.setattr(reader, "STEPS", 60)
    monkeypatch.setattr(reader, "BATCH", 16)
    monkeypatch.setattr(reader, "RESAMPLES", 100)


def write_pictures(root: Path, count: int = 300, kind: str = "binary", header: str = "path,bright") -> Path:
    """Pictures as the tiny bundle draws them, labelled by their last latent."""
    z = np.random.default_rng(3).standard_normal((count, LATENT_DIM)).astype(np.float32)
    root.mkdir(exist_ok=True)
    rows = [header]
    for number, (image, label) in enumerate(zip(draw(z, SIDE), KINDS[kind](z[:, -1]), strict=True)):
        Image.fromarray(image).save(root / f"{number}.png")
        rows.append(f"{number}.png,{label}")
    (root / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root / "labels.csv"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("labelled") / "binary")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "tiny", EMOTIONS[:3], latent_dim=LATENT_DIM)


def add(name: str, table: Path, bundle: Path) -> Outcome:
    return call(main, "attribute", name, "--labels", table, "--bundle", bundle)


@pytest.mark.slow
def test_a_bundle_gets_an_axis_that_works_and_loses_nothing(table: Path, bundle: Path) -> None:
    before = json.loads((bundle / "axes.json").read_text())
    outcome = add("bright", table, bundle)
    assert outcome.code == 0 and outcome.out == f"{bundle}\n", outcome.err
    Bundle(bundle).verify()
    after = json.loads((bundle / "axes.json").read_text())
    assert {key: after[key] for key in before} == before
    (entry,) = after["attributes"]
    answer = np.eye(LATENT_DIM)[-1]
    # Between emotions: what moves the log-odds of all alike changes none.
    emotions = np.linalg.svd(np.diff(axis_directions(3, LATENT_DIM), axis=0))[2][:2]
    answer -= answer @ emotions.T @ emotions
    assert np.dot(entry["direction"], answer / np.linalg.norm(answer)) > 0.9
    np.testing.assert_allclose(emotions @ entry["direction"], 0, atol=0.05)
    assert entry["kind"] == "binary" and entry["fitted"]["reader"]["value"] > 0.8

    app = CheerMeUp(bundle, threads=1)
    z = app.sample(100, seed=9)
    shown = [(app.move(z, {"bright": strength})[:, -1] > 0).mean() for strength in (-1.0, 0.0, 1.0)]
    assert shown[0] < 0.15 < shown[1] < 0.85 < shown[2]
    figures = app.manifest.metrics["attributes"]["bright"]
    assert figures["with"]["mean_end"]["value"] > figures["with"]["random_mean_end"]["value"] + 0.2
    assert figures["faces"] == 40 and figures["emotion_and_character_by"] == "classifier"
    card = (bundle / "MODEL_CARD.md").read_text()
    assert "## Attributes" in card and "| bright, with |" in card


def test_another_attribute_is_added_and_one_of_the_same_name_replaced(
    table: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anything = table.with_name("anything.csv")
    anything.write_text(table.read_text().replace("path,bright", "path,label"))
    for name, kind in (("hat", "binary"), ("bright", "binary"), ("hat", "number")):
        entry = entry_of(name, {}) | {"kind": kind}
        monkeypatch.setattr(attributes_add, "fit_attribute", lambda *_, entry=entry: entry)
        outcome = add(name, anything, bundle)
        assert outcome.code == 0, outcome.err
    axes = json.loads((bundle / "axes.json").read_text())
    assert [(entry["name"], entry["kind"]) for entry in axes["attributes"]] == [("bright", "binary"), ("hat", "number")]
    assert CheerMeUp(bundle, threads=1).attributes == ["bright", "hat"]
    card = (bundle / "MODEL_CARD.md").read_text()
    assert card.count("## Attributes") == 1 and card.count("| hat, with |") == 1 and card.startswith("# Tiny")


@pytest.mark.slow
def test_numbers_are_labels_as_well(tmp_path: Path, bundle: Path) -> None:
    table = write_pictures(tmp_path / "numbers", kind="number", header="path,label")
    outcome = add("level", table, bundle)
    assert outcome.code == 0 and "R²" in outcome.err, outcome.err
    app = CheerMeUp(bundle, threads=1)
    z = app.sample(100, seed=9)
    low, high = (app.move(z, {"level": strength})[:, -1].mean() for strength in (-1.0, 1.0))
    assert high - low > 2


def test_what_cannot_be_told_from_pictures_is_refused(
    table: Path, tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "STEPS", 5)  # there is nothing to learn
    rows = table.read_text().splitlines()[1:]
    mixed = [f"{table.parent / row.split(',')[0]},{number % 2}" for number, row in enumerate(rows)]
    (tmp_path / "mixed.csv").write_text("\n".join(["path,odd", *mixed]) + "\n")
    before = (bundle / "axes.json").read_bytes()
    error = call(main, "attribute", "odd", "--labels", tmp_path / "mixed.csv", "--bundle", bundle, "--quiet")
    assert "odd cannot be learned from the labelled pictures" in refused(error)
    assert (bundle / "axes.json").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("hat", "", "is empty"),
        ("hat", "path,character\na.png,ada\n", "no column 'label', only path, character"),
        ("hat", "file,hat\na.png,1\n", "no column 'path'"),
        ("hat", "path,hat,hat\na.png,1,1\n", "two columns 'hat'"),
        ("hat", "path,hat\na.png\n", "lists no pictures"),
        ("hat", "path,hat\na.png,1\na.png,0\n", "line 3: a.png is on line 2 already"),
        ("hat", "path,hat\na.png,1\nb.png,maybe\n", "line 3: 'maybe' is no label"),
        ("hat", "path,hat\na.png,3\nb.png,nan\n", "line 3: 'nan' is no label"),
        ("hat", "path,hat\na.png,1\nb.png,1\n", "0 pictures are labelled 0 (no); 50 or more"),
        ("hat", "path,hat\na.png,1.5\nb.png,2\n", "2 pictures are with a number; 100 or more"),
        ("a hat", "path,hat\n", "'a hat' cannot be the name"),
        ("start", "path,start\n", "'start' cannot be the name"),
        ("anger", "path,anger\n", "'anger' is the name of an emotion"),
        ("ada", "path,ada\n", "'ada' is the name of an emotion or a character"),
    ],
)
def test_labels_and_names_that_cannot_be_used_are_told(
    tmp_path: Path, bundle: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    assert message in refused(add(name, tmp_path / "labels.csv", bundle))


def test_a_model_must_be_named_and_be_there(tmp_path: Path, table: Path, bundle: Path) -> None:
    attribute = ("attribute", "hat", "--labels", table)
    assert "either --run FOLDER or --bundle" in refused(call(main, *attribute))
    assert "either --run FOLDER or --bundle" in refused(call(main, *attribute, "--run", "a", "--bundle", "b"))
    assert "no run folder" in refused(call(main, *attribute, "--run", tmp_path / "none"))
    assert "tlgan-train all" in refused(call(main, *attribute, "--run", tmp_path))
    assert "no bundle" in refused(call(main, *attribute, "--bundle", tmp_path / "none"))
    archive = shutil.make_archive(str(tmp_path / "tiny"), "zip", bundle)
    assert "unpack it" in refused(call(main, *attribute, "--bundle", archive))
    assert "no file" in refused(add("hat", tmp_path / "none.csv", bundle))


def test_words_are_labels_and_blanks_leave_pictures_out(
    tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "FEWEST", 2)
    cells = ["yes", "No", "", "1", "false", "TRUE", "0"]
    rows = [f"{table.parent / f'{number}.png'},x,{cell}" for number, cell in enumerate(cells)]
    (tmp_path / "words.csv").write_text("\n".join(["path,emotion,hat", *rows]), encoding="utf-8")
    read = load_labels(tmp_path / "words.csv", "hat", SIDE, cache=tmp_path / "cache")
    assert read.kind == "binary" and read.values.tolist() == [1, 0, 1, 0, 1, 0]
    with Image.open(table.parent / "3.png") as third:
        np.testing.assert_array_equal(read.images[2], np.asarray(third))
    monkeypatch.setattr(labelling, "MOST", 4)
    fewer = load_labels(tmp_path / "words.csv", "hat", SIDE, cache=tmp_path / "cache")
    assert sorted(fewer.values.tolist()) == [0, 0, 1, 1]


def test_pictures_are_dealt_in_runs_to_two_readers_and_a_test() -> None:
    targets = np.repeat([0.0, 1.0], [300, 100])
    hands = deal(targets, "binary", seed=0)
    together = np.sort(np.concatenate(hands))
    np.testing.assert_array_equal(together, np.arange(400))
    for hand, share in zip(hands, (0.4, 0.4, 0.2), strict=True):
        for side, count in ((0, 300), (1, 100)):
            assert (targets[hand] == side).sum() == pytest.approx(share * count, abs=20)
        assert (np.diff(hand) == 1).mean() > 0.8


def test_only_the_order_of_numbers_counts() -> None:
    values = np.array([3.0, 1.0, 1000.0, 1.0])
    scores = standard_scores(values)
    assert scores[1] == scores[3] < scores[0] < scores[2] < 2
    np.testing.assert_allclose(standard_scores(values**3), scores)


def test_levels_are_far_enough_and_keep_emotions() -> None:
    kept = np.array([1.0, 0.9, 0.86, 0.5, 0.4])
    assert nearest_level(np.array([0.1, 0.96, 0.97, 1.0, 1.0]), kept) == 1
    assert nearest_level(np.array([0.1, 0.5, 0.7, 1.0, 1.0]), kept) == 2  # beyond it too many lose their emotion
    assert nearest_level(np.array([0.1, 0.66, 0.7, 1.0, 1.0]), kept) == 1
    assert nearest_level(np.array([0.1, 0.5, 0.7]), np.zeros(3)) == 0


def entry_of(name: str, fitted: dict[str, object]) -> dict[str, object]:
    """What the stage writes of an attribute, without fitting one."""
    figure = {"value": 0.5, "low": 0.4, "high": 0.6, "faces": 6}
    keys = ("success", "mean_end", "rank_correlation", "monotone", "emotion_kept", "character_kept", "random_mean_end")
    sides = {side: dict.fromkeys(keys, figure) for side in ("without", "with")}
    measured = {**sides, "ceiling": {"without": 1.0, "with": 1.0}}
    return {**attribute_entry(name, LATENT_DIM), "measured": measured, "fitted": fitted}


@pytest.mark.slow
def test_bundles_carry_the_attributes_of_a_run_until_its_generator_changes(run: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(run, tmp_path / "run"))
    (mine / ATTRIBUTES).write_text(json.dumps({"attributes": [entry_of("hat", {"made_from": made_from(mine)})]}))
    assert call(export_main, mine, "--out", tmp_path / "first").code == 0
    app = CheerMeUp(tmp_path / "first", threads=1)
    assert app.attributes == ["hat"] and "hat" in app.manifest.metrics["attributes"]
    assert "| hat, with |" in (tmp_path / "first" / "MODEL_CARD.md").read_text()

    (mine / "axes.json").write_text((mine / "axes.json").read_text() + "\n")  # axes may be fitted again
    assert [entry["name"] for entry in current_attributes(mine)] == ["hat"]
    with (mine / "classifier" / "weights.safetensors").open("ab") as file:
        file.write(b" ")
    told: list[str] = []
    assert current_attributes(mine, told.append) == []
    assert "hat is left out" in told[0] and "tlgan-train attribute hat" in told[0]


@pytest.mark.slow
def test_a_run_keeps_its_attributes_and_says_when_the_generator_does_not_draw_them(
    run: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Path(shutil.copytree(run, tmp_path / "run"))
    arguments = ("--labels", table, "--run", mine, "--quiet")
    monkeypatch.setattr(fit, "MIN_GAIN", -1.0)
    outcome = call(main, "attribute", "bright", *arguments)
    assert outcome.code == 0 and outcome.out == f"{mine / ATTRIBUTES}\n" and outcome.err == "", outcome.err
    (entry,) = current_attributes(mine)
    assert entry["name"] == "bright" and entry["measured"]["emotion_and_character_by"] == "judge"
    written = (mine / ATTRIBUTES).read_bytes()

    monkeypatch.setattr(fit, "MIN_GAIN", 1.0)
    assert "cannot be moved towards bright" in refused(call(main, "attribute", "bright", *arguments))
    assert (mine / ATTRIBUTES).read_bytes() == written
