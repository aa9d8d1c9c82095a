"""Contiguous blocks, shares, the smallest class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import load, write_layout

from tlgan_train.data import SPLITS, describe
from tlgan_train.data.split import block_sizes, split_blocks
from tlgan_train.errors import TrainError


@given(st.integers(3, 10_000), st.floats(0.001, 0.3), st.floats(0.001, 0.3))
def test_blocks_fill_the_class_and_none_is_empty(count: int, validation: float, test: float) -> None:
    sizes = block_sizes(count, validation, test)
    assert sizes is not None
    assert sum(sizes) == count
    assert min(sizes) >= 1
    assert abs(sizes[1] - count * validation) <= 1 and abs(sizes[2] - count * test) <= 1


@given(st.lists(st.integers(0, 5), min_size=1, max_size=300))
def test_each_class_is_cut_into_blocks_in_its_own_order(classes: list[int]) -> None:
    numbers = np.array([number for number in range(6) for _ in range(3)] + classes)
    character, emotion = numbers // 3, numbers % 3

    split = split_blocks(character, emotion, 0.2, 0.1)

    for number in range(6):
        own = split[numbers == number]
        assert (np.diff(own.astype(int)) >= 0).all()
        assert set(own) == {0, 1, 2}


def test_the_split_is_the_same_each_time_and_follows_the_shares(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob"], ["joy", "sad"], 20)
    spec, cache = f"folder:{root}", tmp_path / "cache"

    first, again = load(spec, cache), load(spec, tmp_path / "other cache")
    wider = load(spec, cache, test_share=0.4)

    np.testing.assert_array_equal(first.split, again.split)
    assert first.digest == again.digest != wider.digest
    assert [len(first.indices(name)) for name in ("train", "validation", "test")] == [32, 4, 4]
    assert [len(wider.indices(name)) for name in ("train", "validation", "test")] == [20, 4, 16]
    assert wider.cache == first.cache  # pixels are not read anew for another split


def test_pictures_of_a_class_too_small_to_divide_are_in_every_split(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob"], ["joy"], 3)
    write_layout(root, ["eve"], ["sad"], 2)
    data = load(f"folder:{root}", tmp_path / "cache")

    eve = data.characters.index("eve")
    for split in SPLITS:
        indices = data.indices(split)
        assert (data.character[indices] == eve).sum() == 2 and (data.character[indices] != eve).sum() == 1
    assert (data.undivided(), data.undivided(("bob",)), data.undivided(("eve",))) == (1, 0, 1)
    assert any(note.startswith("eve / sad has too few pictures to keep some back") for note in data.notes)
    described = describe(data)
    assert "train 3, validation 3, test 3" in described and "1 + 1 + 1" in described


def test_one_picture_of_each_class_is_read(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob", "eve"], ["joy", "sad"], 1)
    data = load(f"folder:{root}", tmp_path / "cache")
    assert data.shortage() is None and len(data.indices("train")) == len(data.indices("test")) == 4
    assert any(note.startswith("bob / joy and 3 more classes have too few") for note in data.notes)


@pytest.mark.parametrize(("validation", "test"), [(0.0, 0.1), (0.1, 0.0), (0.5, 0.5), (-0.1, 0.1), (float("nan"), 0.1)])
def test_shares_that_leave_a_split_empty(tmp_path: Path, validation: float, test: float) -> None:
    with pytest.raises(TrainError, match="both must be above 0 and together below 1"):
        load("toon", tmp_path, validation_share=validation, test_share=test)
