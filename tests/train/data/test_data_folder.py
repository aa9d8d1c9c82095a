"""The FERG layout: what is a label, and what order frames have; `test_data_layouts` has the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import FERG, load, picture, reds, write_layout

from tlgan_train.data.sources.layout import frame_key
from tlgan_train.errors import TrainError


def test_ferg_layout_gives_all_classes_with_their_own_counts(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "ferg", ["jules", "aia"], FERG, 4)
    for number in (5, 6):
        picture(number).save(root / "aia/aia_joy" / f"aia_joy_{number}.png")

    dataset = load(f"ferg:{root}", tmp_path / "cache")

    assert dataset.characters == ("aia", "jules")
    assert dataset.emotions == FERG
    assert dataset.images.shape == (2 * 7 * 4 + 2, 32, 32, 3)
    assert reds(dataset, "aia", "joy") == [1, 2, 3, 4, 5, 6]
    assert reds(dataset, "jules", "joy") == [1, 2, 3, 4]
    assert dataset.spec == f"ferg:{root}"


def test_frames_are_in_numeric_order_and_blocks_are_contiguous(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob"], ["sly"], 30)

    dataset = load(f"folder:{root}", tmp_path / "cache")

    assert reds(dataset, "bob", "sly", "train") == list(range(1, 25))
    assert reds(dataset, "bob", "sly", "validation") == [25, 26, 27]
    assert reds(dataset, "bob", "sly", "test") == [28, 29, 30]


def test_names_may_hold_underscores_and_each_other(tmp_path: Path) -> None:
    characters, emotions = ["a", "a_b", "Zoë 2"], ["b", "b_joy", "a_b", "very_angry_2"]
    root = write_layout(tmp_path / "odd", characters, emotions, 3)

    dataset = load(f"folder:{root}", tmp_path / "cache")

    assert dataset.characters == ("Zoë 2", "a", "a_b")
    assert dataset.emotions == ("a_b", "b", "b_joy", "very_angry_2")
    assert all(reds(dataset, c, e) == [1, 2, 3] for c in characters for e in emotions)


def test_loose_files_hidden_entries_and_litter_are_no_pictures(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob"], ["joy"], 3)
    (root / "README.txt").write_text("about")
    (root / "bob/notes.txt").write_text("about bob")
    (root / "bob/bob_joy/Thumbs.db").write_text("thumbs")
    (root / "bob/bob_joy/.DS_Store").write_text("store")
    (root / ".git").mkdir()
    (root / "__MACOSX").mkdir()

    dataset = load(f"folder:{root}", tmp_path / "cache")

    assert len(dataset.images) == 3
    assert dataset.skipped == ()


def test_folder_allows_an_emotion_that_one_character_lacks(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob", "eve"], ["joy"], 3)
    write_layout(root, ["eve2"], ["calm"], 3)

    dataset = load(f"folder:{root}", tmp_path / "cache")

    assert dataset.emotions == ("calm", "joy")
    assert reds(dataset, "bob", "calm") == []


@pytest.mark.parametrize(
    ("emotions", "message"),
    [
        ((*FERG, "calm"), "has emotion 'calm', which FERG does not"),
        (FERG[:-1], "has no emotion 'surprise', which FERG has"),
    ],
)
def test_ferg_insists_on_its_seven_emotions(tmp_path: Path, emotions: tuple[str, ...], message: str) -> None:
    root = write_layout(tmp_path / "ferg", ["aia"], emotions, 3)
    with pytest.raises(TrainError, match=message):
        load(f"ferg:{root}", tmp_path / "cache")


@given(st.lists(st.integers(0, 10**6), min_size=1), st.sampled_from(["", "x_", "aia_2_"]))
@settings(deadline=None)
def test_numbers_in_names_compare_as_numbers(numbers: list[int], stem: str) -> None:
    names = [f"{stem}{number}.png" for number in numbers]
    assert sorted(names, key=frame_key) == [f"{stem}{number}.png" for number in sorted(numbers)]


@given(st.lists(st.text(st.sampled_from("ab_-. 012٣"), min_size=1), unique_by=lambda name: str(frame_key(name))))
@settings(deadline=None)
def test_the_order_of_any_names_does_not_depend_on_how_they_were_listed(names: list[str]) -> None:
    backwards = names[::-1]
    assert sorted(names, key=frame_key) == sorted(backwards, key=frame_key)
