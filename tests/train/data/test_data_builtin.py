"""The built-in set, its export, and what is said about a data set."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from pictures import load, write_layout
from PIL import Image

from tlgan_train.data import Dataset, describe, drawn_characters, export_folder, load_dataset, toon
from tlgan_train.errors import TrainError
from tlgan_train.sections import DataConfig

FACES = 5
SHARES = {"validation_share": 0.2, "test_share": 0.4}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def faces(cache: Path) -> Dataset:
    return load("toon", cache, toon_faces=FACES, **SHARES)


@pytest.fixture(scope="module")
def exported(faces: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("export") / "toon"
    export_folder(faces, root)
    return root


def test_every_class_has_its_faces_from_three_streams(faces: Dataset) -> None:
    assert faces.characters == toon.CHARACTERS and faces.emotions == toon.EMOTIONS
    assert tuple(faces.factors) == tuple(toon.FACTORS)
    for split, count in (("train", 2), ("validation", 1), ("test", 2)):
        own = faces.indices(split, (toon.CHARACTERS[-1],))
        own = own[faces.emotion[own] == toon.EMOTIONS.index("joy")]
        images, factors = toon.render(toon.CHARACTERS[-1], "joy", count, stream=split, seed=0, size=32)
        np.testing.assert_array_equal(faces.images[own], images)
        np.testing.assert_array_equal(np.stack([faces.factors[name][own] for name in toon.FACTORS], 1), factors)


def test_seed_and_options_decide_the_faces(faces: Dataset, cache: Path) -> None:
    same = load("toon", cache, toon_faces=FACES, **SHARES)
    config = DataConfig(image_size=32, toon_faces=3)
    other = [load_dataset(config, seed=seed, cache=cache) for seed in (0, 1)]
    assert same.digest == faces.digest and same.cache == faces.cache
    assert len({faces.digest, other[0].digest, other[1].digest}) == 3


def test_changed_drawing_code_is_drawn_anew(faces: Dataset, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tlgan_train.data.sources import builtin

    monkeypatch.setattr(builtin, "_code_digest", lambda: b"another drawing")
    assert load("toon", cache, toon_faces=FACES, **SHARES).cache != faces.cache


@pytest.mark.parametrize("kind", ["ferg", "folder"])
def test_an_exported_set_reads_back_the_same(faces: Dataset, exported: Path, cache: Path, kind: str) -> None:
    loaded = load(f"{kind}:{exported}", cache, **SHARES)

    assert set(loaded.characters) == set(faces.characters) and loaded.emotions == faces.emotions
    for character in faces.characters:
        for split in ("train", "validation", "test"):
            ours, theirs = faces.indices(split, (character,)), loaded.indices(split, (character,))
            np.testing.assert_array_equal(faces.images[ours], loaded.images[theirs])
            np.testing.assert_array_equal(faces.emotion[ours], loaded.emotion[theirs])


def test_the_exported_table_keeps_the_factors(faces: Dataset, exported: Path, cache: Path) -> None:
    loaded = load(f"csv:{exported / 'pictures.csv'}", cache, **SHARES)
    order = np.argsort([faces.characters.index(name) for name in loaded.characters])
    theirs = np.concatenate([np.flatnonzero(loaded.character == number) for number in order])
    np.testing.assert_array_equal(faces.images, loaded.images[theirs])
    assert list(loaded.factors) == list(faces.factors)
    for name, values in faces.factors.items():
        np.testing.assert_array_equal(values, loaded.factors[name][theirs])


def test_export_is_the_layout_of_ferg(exported: Path) -> None:
    assert (exported / "pictures.csv").is_file()
    for character in toon.CHARACTERS:
        names = {path.name for path in (exported / character / f"{character}_joy").iterdir()}
        assert names == {f"{character}_joy_{number}.png" for number in range(1, FACES + 1)}
    with (exported / "pictures.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == len(toon.CHARACTERS) * 7 * FACES
    assert Image.open(exported / rows[0]["path"]).size == (32, 32)


def test_export_keeps_frame_order_of_a_set_with_gaps_and_missing_classes(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["a", "a_b"], ["joy"], 12)
    write_layout(root, ["c"], ["sad_x"], 3)
    first = load(f"folder:{root}", tmp_path / "cache")
    (tmp_path / "empty").mkdir()
    export_folder(first, tmp_path / "empty")
    assert load(f"folder:{tmp_path / 'empty'}", tmp_path / "cache").digest == first.digest


def test_export_refuses_a_folder_that_holds_something(faces: Dataset, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(TrainError, match="is there and not an empty folder; name a new one"):
        export_folder(faces, tmp_path)
    with pytest.raises(TrainError, match="is there and not an empty folder"):
        export_folder(faces, tmp_path / "mine.txt")
    assert (tmp_path / "mine.txt").read_text() == "keep me"
    with pytest.raises(TrainError, match="cannot export to"):
        export_folder(faces, tmp_path / "mine.txt/below")


def test_an_export_that_is_interrupted_leaves_nothing(faces: Dataset, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_folder(faces, tmp_path / "root", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_which_characters_are_drawn(faces: Dataset) -> None:
    first, second, *_, last = faces.characters
    assert drawn_characters("first", faces.characters) == (first,)
    assert drawn_characters("all", faces.characters) == faces.characters
    assert drawn_characters(f" {last} , {second}", faces.characters) == (second, last)
    for selection, message in (("nobody", f"unknown character 'nobody'; known are {first}"), (" , ", "no characters")):
        with pytest.raises(TrainError, match=message):
            drawn_characters(selection, faces.characters)


@pytest.mark.parametrize("spec", ["toons", "ferg", "ferg:", "csv:", "toon:x", "zip:a.zip", ""])
def test_an_unknown_spec_names_the_four(tmp_path: Path, spec: str) -> None:
    with pytest.raises(TrainError, match="use toon, ferg:ROOT, folder:ROOT or csv:FILE"):
        load(spec, tmp_path)


def test_image_size_must_be_one_that_the_networks_have(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="must be one of 32, 64, 128, 256, not 48"):
        load("toon", tmp_path, image_size=48)


def test_two_faces_of_each_class_are_in_every_split(tmp_path: Path) -> None:
    dataset = load("toon", tmp_path, toon_faces=2, image_size=32)
    assert len(dataset.indices("train")) == len(dataset.indices("test")) == len(dataset.images) == 2 * 6 * 7


def test_description_counts_classes_and_lists_skipped_files(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob"], ["joy", "sad"], 600)
    write_layout(root, ["eve"], ["joy"], 5)
    for number in range(1, 13):
        (root / f"bob/bob_sad/bob_sad_{number}.png").write_bytes(b"")

    dataset = load(f"folder:{root}", tmp_path / "cache")
    text = describe(dataset)

    rows = [line.split("  ") for line in text.splitlines()]
    assert [cell.strip() for cell in rows[1] if cell] == ["joy", "sad"]
    assert ["bob", "480 + 60 + 60", "470 + 59 + 59"] in [[cell for cell in row if cell] for row in rows]
    assert ["eve", "3 + 1 + 1", "none"] in [[cell for cell in row if cell] for row in rows]
    assert "train 953, validation 120, test 120" in text
    assert "skipped files: 12" in text and "and 2 more" in text
    assert text.count("empty file (0 bytes)") == 10
    assert dataset.digest in text and str(dataset.cache) in text
