"""CSV files: header, columns, cells, paths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pictures import load, picture, reds, write_table

from tlgan_train.errors import TrainError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Nine pictures `p1.png` to `p9.png` with red values 1 to 9."""
    (tmp_path / "set/pictures").mkdir(parents=True)
    for number in range(1, 10):
        picture(number).save(tmp_path / f"set/pictures/p{number}.png")
    return tmp_path / "set"


def rows(tail: str = "") -> list[str]:
    """Three pictures a class, in an order of rows that is not that of their names."""
    return [
        f"pictures/p{number}.png,{character},{emotion}{tail}"
        for number, character, emotion in zip(
            (9, 3, 5, 1, 2, 4, 8, 7, 6), ("eve", "bob", "bob") * 3, ("joy", "sad", "joy") * 3, strict=True
        )
    ]


def test_rows_are_frames_in_their_order(folder: Path, tmp_path: Path) -> None:
    file = write_table(folder / "list.csv", rows())

    dataset = load(f"csv:{file}", tmp_path / "cache")

    assert dataset.characters == ("bob", "eve")
    assert dataset.emotions == ("joy", "sad")
    assert reds(dataset, "eve", "joy") == [9, 1, 8]
    assert reds(dataset, "bob", "sad") == [3, 2, 7]
    assert [reds(dataset, "bob", "joy", split) for split in ("train", "validation", "test")] == [[5], [4], [6]]
    assert dataset.factors == {}


def test_byte_order_mark_crlf_blank_lines_and_other_column_order(folder: Path, tmp_path: Path) -> None:
    lines = ["emotion, path ,character"]
    lines += [f"{row.split(',')[2]}, {row.split(',')[0]},{row.split(',')[1]}" for row in rows()]
    (folder / "list.csv").write_bytes(("\r\n".join([*lines[:4], "", *lines[4:], ",,"]) + "\r\n").encode("utf-8-sig"))

    dataset = load(f"csv:{folder / 'list.csv'}", tmp_path / "cache")

    assert reds(dataset, "eve", "joy") == [9, 1, 8]


def test_numeric_columns_are_factors_and_others_are_noted(folder: Path, tmp_path: Path) -> None:
    lines = [f"{row},{number / 4 if number != 3 else ''},painter,,1e300" for number, row in enumerate(rows())]
    file = write_table(folder / "list.csv", lines, "path,character,emotion,yaw,artist,empty,huge")

    dataset = load(f"csv:{file}", tmp_path / "cache")

    assert list(dataset.factors) == ["yaw"]
    assert dataset.factors["yaw"].dtype == np.float32
    # In the order of the data set: rows 2, 5, 8 (bob joy), 1, 4, 7 (bob sad), 0, 3, 6 (eve joy).
    expected = np.array([2, 5, 8, 1, 4, 7, 0, np.nan, 6], np.float32) / 4
    np.testing.assert_array_equal(dataset.factors["yaw"], expected)
    assert [note.split("'")[1] for note in dataset.notes] == ["artist", "empty", "huge"]


def test_absolute_paths(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    file = write_table(tmp_path / "elsewhere/list.csv", [f"{folder}/{row}" for row in rows()])
    assert reds(load(f"csv:{file}", tmp_path / "cache"), "eve", "joy") == [9, 1, 8]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty; the first line must be path,character,emotion"),
        ("pictures/p1.png,bob,joy\n", "has no header line; the first line must be .*, not pictures/p1.png, bob, joy"),
        ("path;character;emotion\n", "lists no pictures"),
        ("path,character\np,bob\n", "has no column 'emotion', only path, character"),
        ("path,character,emotion,path\np,bob,joy,p\n", "has two columns 'path'"),
        ("path,character,emotion\n", "lists no pictures"),
        ("path,character,emotion\np.png,bob\n", r"line 2: no emotion \(2 cells, but the header has 3 columns"),
        ("path,character,emotion\np.png,bob, \n", "line 2: no emotion"),
        ("path,character,emotion\np.png,bob,joy\n./p.png,bob,sad\n", r"line 3: ./p.png is on line 2 already"),
        ('path,character,emotion\n"p.png,bob,joy\n', "is not a CSV file"),
        (
            "path,character,emotion\nZoë.png,Zoë,joy\n".encode("latin-1"),
            "line 2: no picture Zoë.png: .* not UTF-8 text",
        ),
    ],
)
def test_what_is_wrong_with_a_table_is_said_in_one_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TrainError, match=message) as caught:
        load(f"csv:{file}", tmp_path / "cache")
    assert "\n" not in str(caught.value)


def test_missing_table(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"no file .*list.csv; it must be a CSV file"):
        load(f"csv:{tmp_path / 'list.csv'}", tmp_path / "cache")


def test_a_picture_that_is_not_there_is_told(folder: Path, tmp_path: Path) -> None:
    file = write_table(folder / "list.csv", [*rows(), "pictures/p10.png,bob,joy"])
    with pytest.raises(TrainError, match=r"list.csv, line 11: no picture pictures/p10.png: no such file .*1 of 10"):
        load(f"csv:{file}", tmp_path / "cache")
