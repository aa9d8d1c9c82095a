"""Names that differ only in case or in Unicode form: one class, one spelling, one note."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from commands import call, refused
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import load, picture, write_layout, write_table

from tlgan_train.cli.commands import main
from tlgan_train.data import drawn_characters
from tlgan_train.data.labels import load_labels
from tlgan_train.data.sources.spelling import name_key, one_spelling
from tlgan_train.errors import TrainError

NFC, NFD = "gêné", unicodedata.normalize("NFD", "gêné")
assert NFC != NFD


def table(root: Path, classes: list[tuple[str, str, int]]) -> str:
    rows = []
    for character, emotion, count in classes:
        for _ in range(count):
            path = root / f"{len(rows)}.png"
            picture(len(rows)).save(path)
            rows.append(f"{path.name},{character},{emotion}")
    return f"csv:{write_table(root / 'pictures.csv', rows)}"


def test_folders_in_two_unicode_forms_are_one_emotion(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob"], [NFC, NFD, "sad"], 3)
    dataset = load(f"folder:{root}", tmp_path / "cache")
    assert dataset.emotions == (NFC, "sad") and (dataset.emotion == 0).sum() == 6
    _, note = dataset.notes  # after what says how folders were read
    assert ascii(NFC) in note and ascii(NFD) in note and "\n" not in note and "emotion" in note


def test_the_most_frequent_case_wins_for_emotions_and_characters(tmp_path: Path) -> None:
    spec = table(tmp_path, [("Bob", "joy", 3), ("bob", "Joy", 5), ("bob", "sad", 3), ("Bob", "JOY", 1)])
    dataset = load(spec, tmp_path / "cache")
    assert dataset.characters == ("bob",) and dataset.emotions == ("Joy", "sad")
    assert (dataset.emotion == 0).sum() == 9 and len(dataset.notes) == 2
    assert dataset.notes == load(spec, tmp_path / "cache").notes  # from the cache, too


def test_names_that_differ_otherwise_stay_and_keep_their_order(tmp_path: Path) -> None:
    names = ["Zorn", "angst", "gene", NFC, "joy", "joy ²", "joy 2", "ß", "été"]
    root = write_layout(tmp_path / "own", ["bob"], names, 3)
    dataset = load(f"folder:{root}", tmp_path / "cache")
    assert list(dataset.emotions) == sorted(names) and len(dataset.notes) == 1


def test_a_name_in_one_form_only_is_composed_without_a_note(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob"], [NFD, "sad"], 3)
    dataset = load(f"folder:{root}", tmp_path / "cache")
    assert dataset.emotions == (NFC, "sad") and len(dataset.notes) == 1


@given(st.lists(st.text(st.sampled_from("aAåÅe\u0301\u0327éÉßsSİiıΣσς"), min_size=1), min_size=1), st.randoms())
@settings(deadline=None)
def test_the_order_of_pictures_does_not_decide(names: list[str], random: object) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)
    one, notes = one_spelling("emotion", names)
    other, other_notes = one_spelling("emotion", shuffled)
    assert sorted(one) == sorted(other) and notes == other_notes
    assert len(set(one)) == len({name_key(name) for name in names})
    assert all(name_key(a) == name_key(b) for a, b in zip(one, names, strict=True))
    assert all(unicodedata.is_normalized("NFC", name) for name in one)


def test_characters_may_be_chosen_in_either_form() -> None:
    assert drawn_characters(NFD, ("ada", NFC)) == (NFC,)
    with pytest.raises(TrainError, match="unknown character 'Ada'"):
        drawn_characters("Ada", ("ada", NFC))


def test_the_column_of_an_attribute_is_found_in_either_form(tmp_path: Path) -> None:
    rows = [f"{number}.png,{number % 2}" for number in range(100)]
    for number in range(100):
        picture(number).save(tmp_path / f"{number}.png")
    for header, name in ((NFD, NFC), (NFC, NFD), ("Glasses", "glasses")):
        file = write_table(tmp_path / "labels.csv", rows, f"Path,{header}")
        assert len(load_labels(file, name, 32, tmp_path / "cache").values) == 100


def test_the_note_is_part_of_what_data_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHEERMEUP_CACHE", str(tmp_path / "cache"))
    spec = table(tmp_path, [("bob", "joy", 4), ("bob", "Joy", 3), ("bob", "sad", 3)])
    said = call(main, "data", "--data", spec).out
    assert "note: emotion joy is written in 2 ways" in said and "'Joy', 'joy'" in said
    alone = table(tmp_path, [("bob", "joy", 4), ("bob", "Joy", 3)])
    outcome = call(main, "gan", "--data", alone, "--run", tmp_path / "run")
    assert "one emotion, joy" in refused(outcome)
