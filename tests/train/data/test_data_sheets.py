"""CSV files as Excel, pandas and people write them: each is read, or refused with the line and what would be right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from commands import call, refused
from pictures import load, picture, reds

from tlgan_train.cli.commands import main
from tlgan_train.data import labels as labelling
from tlgan_train.data.labels import load_labels
from tlgan_train.errors import TrainError

JOY, SAD = ("p1", "p2", "p3"), ("p4", "p5", "p6")
PLAIN = "path,character,emotion\n" + "".join(
    f"pictures/{name}.png,bob,{emotion}\n" for names, emotion in ((JOY, "joy"), (SAD, "sad")) for name in names
)
ACCENTS = PLAIN.replace("bob", "Zoë")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Six pictures `p1.png` to `p6.png` with red values 1 to 6, and `Ü 7.PNG`."""
    (tmp_path / "set/pictures").mkdir(parents=True)
    for number in range(1, 7):
        picture(number).save(tmp_path / f"set/pictures/p{number}.png")
    picture(7).save(tmp_path / "set/pictures/Ü 7.PNG")
    return tmp_path / "set"


def with_index(text: str, name: str) -> str:
    """Row numbers in front, as pandas writes them."""
    first, *rows = text.splitlines()
    return "\n".join([f"{name},{first}", *(f"{number},{row}" for number, row in enumerate(rows))]) + "\n"


READ: dict[str, tuple[str | bytes, str]] = {
    "plain": (PLAIN, ""),
    "semicolons": (PLAIN.replace(",", ";"), ""),
    "tabs": (PLAIN.replace(",", "\t"), ""),
    "sep= and semicolons": ("sep=;\r\n" + PLAIN.replace(",", ";").replace("\n", "\r\n"), ""),
    "sep= in quotation marks": ('"sep=,"\n' + PLAIN, ""),
    "UTF-8 with a mark": (PLAIN.encode("utf-8-sig"), ""),
    "UTF-16, little end first": (b"\xff\xfe" + PLAIN.replace(",", "\t").encode("utf-16-le"), ""),
    "UTF-16, big end first": (b"\xfe\xff" + PLAIN.encode("utf-16-be"), ""),
    "UTF-16 without a mark": (PLAIN.encode("utf-16-le"), ""),
    "lines of Windows": (PLAIN.replace("\n", "\r\n"), ""),
    "lines of old Macs": (PLAIN.replace("\n", "\r"), ""),
    "other capitals and white space": (PLAIN.replace("path,character,emotion", " Path ,CHARACTER,\tEmotion "), ""),
    "line breaks in cells": (PLAIN.replace("emotion", '"emotion\n"').replace(",joy", ',"joy\n"'), ""),
    "blank lines": (PLAIN.replace("\n", "\n\n,,\n"), ""),
    "blank columns": (PLAIN.replace("\n", ",,\n"), ""),
    "an index without a name": (with_index(PLAIN, ""), ""),
    "an index written twice": (with_index(with_index(PLAIN, "Unnamed: 0"), ""), ""),
    "backslashes": (PLAIN.replace("/", "\\"), "6 files found by other capitals or slashes"),
    "another suffix case": (PLAIN.replace(".png", ".PNG"), "6 files found by other"),
    "other capitals of a folder": (PLAIN.replace("pictures/", "./Pictures/"), "6 files found by other"),
    "the same line twice": (
        PLAIN + "./pictures/p1.png,bob,joy\n",
        "left out 1 line with a picture that came before, first line 8",
    ),
    "one bad cell is cut off": (PLAIN.replace("joy\n", "joy,\n"), ""),
}
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "empty": ("\n\n", "is empty; the first line must be path,character,emotion"),
    "a workbook": (b"PK\x03\x04rest", "is a workbook or archive, not a CSV file; save it as `CSV UTF-8`"),
    "no text": (b"\x89PNG\0\0\r\n", "is not UTF-8 text"),
    "no header": (PLAIN.partition("\n")[2], "has no header line; .*, not pictures/p1.png, bob, joy"),
    "other names": ("file,who,what\np,bob,joy\n", "has no header line; .*, not file, who, what"),
    "no emotion": (PLAIN.replace("emotion", "mood"), "has no column 'emotion', only path, character, mood"),
    "a path of any length": (PLAIN + "x" * 5000 + ",bob,joy\n", "line 8: no picture x{120}…: no such file"),
    "a cell too many": (PLAIN + "a,b.png,bob,joy\n", "line 8: 4 cells, .*; put cells that hold ',' in quotation marks"),
    "a cell too few": (PLAIN + "pictures/p1.png,bob\n", r"line 8: no emotion \(2 cells"),
    "no name in one line": (
        PLAIN + "pictures/p1.png,,joy\n",
        "line 8: pictures/p1.png is on line 2 already, with char",
    ),
    "two labels": (PLAIN + "pictures\\P1.png,bob,sad\n", "line 8: .* is on line 2 already, with emotion joy, not sad"),
    "an open quotation mark": (PLAIN + '"pictures/p1.png,bob,joy\n', "from line 8 on: .* quotation mark is not closed"),
    "another computer": (PLAIN.replace("pictures/", "C:\\me\\"), "line 2: no picture .* path of another computer"),
    "addresses": (PLAIN.replace("pictures/", "https://x/"), "line 2: no picture https.*: it is an address; fetch"),
    "paths from elsewhere": (PLAIN.replace("pictures/", "set/"), "line 2: .* no such file in .*, the table's folder"),
    "after a line break": (PLAIN.replace("joy\n", '"joy\n"\n') + "nothing.png,bob,joy\n", "line 11: no picture noth"),
    "Windows-1252 in a path": ("path,emotion\nÄ.png,joy\n".encode("cp1252"), "line 2: no picture Ä.png: .* not UTF-8"),
}


@pytest.mark.parametrize(("content", "note"), READ.values(), ids=READ)
def test_a_table_is_read(root: Path, tmp_path: Path, content: str | bytes, note: str) -> None:
    (root / "list.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    dataset = load(f"csv:{root / 'list.csv'}", tmp_path / "cache")
    assert (dataset.characters, dataset.emotions, list(dataset.factors)) == (("bob",), ("joy", "sad"), [])
    assert reds(dataset, "bob", "joy") == [1, 2, 3] and reds(dataset, "bob", "sad") == [4, 5, 6]
    if note:
        with pytest.raises(AssertionError, match=note):
            raise AssertionError("\n".join(dataset.notes))
    else:
        assert dataset.notes == ()


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_with_a_table_is_said_with_its_line(
    root: Path, tmp_path: Path, content: str | bytes, message: str
) -> None:
    (root / "list.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TrainError, match=message) as caught:
        load(f"csv:{root / 'list.csv'}", tmp_path / "cache")
    assert "\n" not in str(caught.value)


def test_without_a_column_character_all_are_of_one(root: Path, tmp_path: Path) -> None:
    (root / "bob.csv").write_text(PLAIN.replace("character,", "").replace("bob,", ""), encoding="utf-8")
    outcome = call(main, "data", "--data", f"csv:{root / 'bob.csv'}", "--set", "data.image_size=32")
    assert outcome.code == 0 and "\nbob  " in outcome.out, outcome.err
    assert "note: no column character: all pictures are of one, called bob as the file is\n" in outcome.out


def test_a_table_of_excel_in_western_europe_is_read_with_a_note(root: Path, tmp_path: Path) -> None:
    (root / "list.csv").write_bytes(ACCENTS.replace(",", ";").encode("cp1252"))
    dataset = load(f"csv:{root / 'list.csv'}", tmp_path / "cache")
    assert dataset.characters == ("Zoë",)
    assert "was read as Windows-1252" in dataset.notes[0]


def test_a_decimal_comma_is_one_where_commas_do_not_separate(root: Path, tmp_path: Path) -> None:
    first, *rows = PLAIN.replace(",", ";").splitlines()
    text = "\n".join([f"{first};yaw", *(f"{row};-{number},5" for number, row in enumerate(rows))])
    (root / "list.csv").write_text(text, encoding="utf-8")
    dataset = load(f"csv:{root / 'list.csv'}", tmp_path / "cache")
    np.testing.assert_array_equal(dataset.factors["yaw"], [-0.5, -1.5, -2.5, -3.5, -4.5, -5.5])


def test_absolute_paths_homes_and_other_unicode_forms(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    paths = ["~/set/pictures/p2.png", root / "pictures/p3.png", "pictures/U\u0308 7.png"]
    (root / "list.csv").write_text("path,emotion\n" + "".join(f"{path},joy\n" for path in paths), encoding="utf-8")
    dataset = load(f"csv:{root / 'list.csv'}", tmp_path / "cache")
    assert reds(dataset, "list", "joy") == [2, 3, 7]


def test_capitals_count_where_two_files_differ_in_nothing_else(tmp_path: Path) -> None:
    for number, name in enumerate(("a.png", "A.png", "b.png", "c.png"), start=1):
        picture(number).save(tmp_path / name)
    (tmp_path / "list.csv").write_text("path,emotion\nA.png,joy\nb.png,joy\nc.png,joy\n", encoding="utf-8")
    if len(list(tmp_path.glob("*.png"))) < 4:
        pytest.skip("this file system takes both names for one")
    assert reds(load(f"csv:{tmp_path / 'list.csv'}", tmp_path / "cache"), "list", "joy") == [2, 3, 4]
    (tmp_path / "list.csv").write_text("path,emotion\na.PNG,joy\nb.png,joy\nc.png,joy\n", encoding="utf-8")
    with pytest.raises(TrainError, match=r"line 2: no picture a.PNG"):
        load(f"csv:{tmp_path / 'list.csv'}", tmp_path / "cache")


def test_labels_of_attributes_are_read_by_the_same_rules(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "FEWEST", 2)
    cells = ["1,0", "0,0", "", "1,0", "0,0", "1,0"]  # 1.0 is how pandas writes 1 in a column with blanks
    rows = [f"{number};pictures\\P{number + 1}.PNG;{cell}" for number, cell in enumerate(cells)]
    text = "\r\n".join(["sep=;", ";PATH; Hat", *rows, *rows[:1]])
    (root / "labels.csv").write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    read = load_labels(root / "labels.csv", "hat", 32, cache=tmp_path / "cache")
    assert read.kind == "binary" and read.values.tolist() == [1, 0, 1, 0, 1]
    assert read.images[:, 0, 0, 0].tolist() == [1, 2, 4, 5, 6]
    assert "left out 1 line " in read.notes[0] and "6 files found by other capitals" in read.notes[1]


def test_data_without_its_kind_gets_a_suggestion(root: Path) -> None:
    (root / "list.csv").write_text(PLAIN, encoding="utf-8")
    assert f"did you mean folder:{root}?" in refused(call(main, "data", "--data", root))
    assert f"did you mean csv:{root}/list.csv?" in refused(call(main, "data", "--data", root / "list.csv"))
    assert "is a folder, not a CSV file" in refused(call(main, "data", "--data", f"csv:{root}"))
