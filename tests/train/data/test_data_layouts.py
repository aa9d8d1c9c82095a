"""Folders and archives as people have them: each is read as stated, or refused in one line that says what is right."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from commands import call, refused
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import FERG, load, picture, reds
from PIL import Image

from tlgan_train.cli.commands import main
from tlgan_train.data import Dataset
from tlgan_train.data.sources.folder import list_folder
from tlgan_train.errors import TrainError

LITTER = [
    ".DS_Store", ".git/HEAD", ".git/logo.png", "__MACOSX/bob/._1.png", "bob/@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg",
    "bob/joy/._1.png", "bob/joy/Thumbs.db", "bob/joy/DESKTOP.INI", "#recycle/old.png", "$RECYCLE.BIN/x.png",
    "System Volume Information/y", "Icon\r",
]  # fmt: skip
SIDE_FILES = [
    "LICENCE.txt", "README", "bob/notes.txt", "bob/joy/1.txt", "bob/joy/1.json", "bob/joy/1.psd", "docs/paper.pdf",
    "bob/prompts/1.txt",
]  # fmt: skip


def files(*patterns: str) -> list[str]:
    """Paths, in which `1-3` stands for the numbers from 1 to 3."""
    paths = []
    for pattern in patterns:
        span = re.search(r"(\d+)-(\d+)", pattern)
        numbers = range(int(span[1]), int(span[2]) + 1) if span else [None]
        paths += [pattern if n is None or span is None else pattern.replace(span[0], str(n)) for n in numbers]
    return paths


def content(path: str) -> bytes:
    """A picture whose red value is the last number of its name, or text, as the suffix says."""
    if not path.lower().endswith((".png", ".jpg", ".bmp", ".gif", ".webp", ".tiff")):
        return b"side file"
    encoded = io.BytesIO()
    numbers = re.findall(r"\d+", path.rpartition("/")[2])
    picture(int(numbers[-1]) if numbers else 0).save(encoded, "PNG")  # the suffix does not decide how it is read
    return encoded.getvalue()


def write(root: Path, paths: Iterable[str]) -> Path:
    """Files, and folders where a path ends in a slash."""
    root.mkdir(parents=True, exist_ok=True)
    for path in paths:
        if path.endswith("/"):
            (root / path).mkdir(parents=True)
        else:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content(path))
    return root


def pack(file: Path, paths: Iterable[str]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.writestr(path, b"" if path.endswith("/") else content(path))
    return file


def classes(dataset: Dataset) -> dict[str, int]:
    """Pictures by `character/emotion`."""
    names = [
        f"{dataset.characters[who]}/{dataset.emotions[what]}"
        for who, what in zip(dataset.character, dataset.emotion, strict=True)
    ]
    return {name: names.count(name) for name in sorted(set(names))}


TWO = ("bob/joy/1-3.png", "bob/sad/1-3.png")
FERG_TWO = ("bob/bob_joy/bob_joy_1-3.png", "bob/bob_sad/bob_sad_1-3.png")
BOB = {"bob/joy": 3, "bob/sad": 3}
CAST = {"cast/joy": 3, "cast/sad": 3}
READ = {
    "FERG": (FERG_TWO, BOB, "read as character/character_emotion/picture: 1 character, 2 emotions, 6 pictures"),
    "FERG in other capitals": (("Bob/bob_joy/1-3.png", "Bob/BOB_sad/1-3.png"), {"Bob/joy": 3, "Bob/sad": 3}, ""),
    "FERG with an accent in another Unicode form": (
        ("Zo\u00eb/Zoe\u0308_joy/1-3.png", "Zo\u00eb/Zo\u00eb_sad/1-3.png"),
        {"Zo\u00eb/joy": 3, "Zo\u00eb/sad": 3},
        "",
    ),
    "FERG one level too high": ([f"FERG_DB/{path}" for path in FERG_TWO], BOB, "picture in FERG_DB: 1 character"),
    "FERG one level too low": (("cast_joy/1-3.png", "cast_sad/1-3.png"), CAST, "character/character_emotion/picture"),
    "character/emotion": (TWO, BOB, "read as character/emotion/picture: 1 character, 2 emotions, 6 pictures"),
    "two characters": (
        (*TWO, "eve/joy/1-4.png"),
        {**BOB, "eve/joy": 4},
        "2 characters, 2 emotions, 10 pictures",
    ),
    "one level too high": ([f"mine/{path}" for path in TWO], BOB, "character/emotion/picture in mine: 1 character"),
    "two levels too high": ([f"a/b/{path}" for path in TWO], BOB, "character/emotion/picture in a/b: 1 character"),
    "too high, with loose files": (["README.md", "cover.png", *(f"mine/{path}" for path in TWO)], BOB, "1 picture out"),
    "emotion": (("joy/1-3.png", "sad/1-3.png"), CAST, "read as emotion/picture: 1 character, 2 emotions, 6 pictures; "),
    "emotion, no numbers": (("joy/ann.png", "joy/bea.png", "joy/cleo.png"), {"cast/joy": 3}, ""),
    "emotions with a common start": (("very_joy/1-3.png",), {"cast/very_joy": 3}, ""),
    "names with spaces and dots": (("Dr. Who 2/very glad/1-3.png",), {"Dr. Who 2/very glad": 3}, ""),
    "suffixes": (("bob/joy/1.PNG", "bob/joy/2.JPG", "bob/joy/3.tiff", "bob/joy/4.gif"), {"bob/joy": 4}, ""),
    "litter": ((*TWO, *LITTER), BOB, "ignored hidden and system entries: "),
    "side files": ((*TWO, *SIDE_FILES), BOB, "ignored 8 files that are not pictures: .txt 4, .json 1, .pdf 1, .psd 1"),
    "one side file": ((*TWO, "LICENCE"), BOB, "ignored 1 file that is not a picture: without suffix 1"),
    "a folder of notes": ((*TWO, *SIDE_FILES), BOB, "no pictures in 2 folders: bob/prompts, docs"),
    "loose pictures": ((*TWO, "preview.png", "bob/reference.png"), BOB, "2 pictures outside of the emotions'"),
    "an empty folder of a character": ((*TWO, "eve/"), BOB, "no pictures in 1 folder: eve"),
    "a class too small to divide": ((*TWO, "eve/joy/1-2.png"), {**BOB, "eve/joy": 2}, "eve / joy has too few pictures"),
}  # fmt: skip
REFUSED = {
    "nothing": ((), "no pictures in .*; it must hold <character>/<emotion>/<picture>, "),
    "pictures of other kinds": (("joy/1-3.heic", "joy/1.txt"), r"no pictures in .* \(only .heic 3, .txt 1\)"),
    "no folders": (("1-9.png",), r"holds pictures, but no folders that say what they show"),
    "two data sets": (("b/bob/joy/1-3.png", "a/bob/joy/1-2.png"), r"2 folders \(a, b\) .*such as (folder:.*/)?b$"),
    "parts, not characters": (("train/joy/1-3.png", "test/joy/1-3.png"), "into test, train, .*(folder:.*/| as )test$"),
    "two ways to name": (("bob/bob_joy/1-3.png", "bob/sad/1-3.png"), "bob_joy fits .*, but .*bob/sad fits"),
    "too deep": ((*TWO, "bob/joy/more/1-2.png"), "bob/joy/more is too deep: 6 .* 2 folders .* and 2 deeper"),
    "an empty class": ((*TWO, "bob/mad/"), "bob/mad is empty; put pictures of mad there, or remove it"),
    "a class with litter": ((*TWO, "bob/mad/.DS_Store"), "bob/mad is empty"),
    "a character not sorted": ((*TWO, "eve/1-3.png"), "eve has no emotion folders; sort its pictures into some"),
}  # fmt: skip


@pytest.mark.parametrize(("paths", "expected", "note"), READ.values(), ids=READ)
def test_a_layout_is_read_and_said(tmp_path: Path, paths: Iterable[str], expected: dict[str, int], note: str) -> None:
    paths = files(*paths)
    root = write(tmp_path / "cast", paths)
    dataset = load(f"folder:{root}", tmp_path / "cache")
    assert classes(dataset) == expected
    assert dataset.skipped == ()
    assert dataset.notes[0].startswith("read as ") and note in "\n".join(dataset.notes), dataset.notes

    packed = load(f"folder:{pack(tmp_path / 'cast.zip', paths)}", tmp_path / "cache")
    assert packed.digest == dataset.digest
    assert [note.replace("archive", "folder") for note in packed.notes] == list(dataset.notes)


@pytest.mark.parametrize(("paths", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_layout_is_refused_in_one_line(tmp_path: Path, paths: Iterable[str], message: str) -> None:
    paths = files(*paths)
    for place in (write(tmp_path / "cast", paths), pack(tmp_path / "cast.zip", paths)):
        with pytest.raises(TrainError, match=message) as caught:
            load(f"folder:{place}", tmp_path / "cache")
        assert "\n" not in str(caught.value)


def test_a_class_folder_names_the_data_set_that_it_is_of(tmp_path: Path) -> None:
    root = write(tmp_path / "cast", files(*FERG_TWO))
    assert f"did you mean folder:{root}?" in refused(call(main, "data", "--data", f"folder:{root}/bob/bob_joy"))
    assert f"did you mean folder:{root}/bob?" in refused(
        call(main, "data", "--data", f"folder:{write(root, files(*TWO))}/bob/joy")
    )


def test_the_command_says_how_it_read_and_what_it_ignored(tmp_path: Path) -> None:
    root = write(tmp_path / "cast", files(*TWO, *SIDE_FILES, *LITTER))
    outcome = call(main, "data", "--data", f"folder:{root}", "--set", "data.image_size=32")
    assert outcome.code == 0
    assert "note: read as character/emotion/picture: 1 character, 2 emotions, 6 pictures\n" in outcome.out
    assert "note: ignored 8 files that are not pictures: .txt 4, " in outcome.out


def test_ferg_takes_its_layout_and_emotions_only(tmp_path: Path) -> None:
    for emotions, message in (
        ((*FERG, "calm"), "has emotion 'calm', which FERG does not"),
        (FERG[:-1], "has no emotion 'surprise', which FERG has"),
    ):
        root = write(tmp_path / f"ferg{len(emotions)}", files(*(f"aia/aia_{name}/1-3.png" for name in emotions)))
        with pytest.raises(TrainError, match=message):
            load(f"ferg:{root}", tmp_path / "cache")
    with pytest.raises(TrainError, match=r"holds character/emotion/picture, and ferg: takes .*; use folder:"):
        load(f"ferg:{write(tmp_path / 'other', files(*TWO))}", tmp_path / "cache")


def test_frames_are_in_the_order_of_their_numbers_in_an_archive(tmp_path: Path) -> None:
    file = pack(tmp_path / "cast.zip", reversed(files("bob/joy/frame1-30.png", "bob/sad/1-3.png")))
    dataset = load(f"folder:{file}", tmp_path / "cache")
    assert reds(dataset, "bob", "joy", "train") == list(range(1, 25))
    assert reds(dataset, "bob", "joy", "test") == [28, 29, 30]


def test_links_do_not_lead_in_circles(tmp_path: Path) -> None:
    root = write(tmp_path / "cast", files(*TWO))
    (root / "bob/again").symlink_to(root)
    (root / "self").symlink_to("self")
    assert classes(load(f"folder:{root}", tmp_path / "cache")) == BOB


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cast.zip").write_bytes(b"Rar!")
    (tmp_path / "list.csv").write_text("path,emotion\n")
    with pytest.raises(TrainError, match=r"is no .zip, or is damaged"):
        load(f"folder:{tmp_path / 'cast.zip'}", tmp_path / "cache")
    with pytest.raises(TrainError, match="is a table, not a folder; use csv:"):
        load(f"folder:{tmp_path / 'list.csv'}", tmp_path / "cache")


@pytest.mark.parametrize("name", ["../bob/joy/1.png", "/etc/joy/1.png", "C:\\bob\\joy\\1.png", "bob/../../joy/1.png"])
def test_an_entry_that_leads_out_of_an_archive_is_refused(tmp_path: Path, name: str) -> None:
    file = pack(tmp_path / "cast.zip", [*files(*TWO), name])
    with pytest.raises(TrainError, match="leads out of the archive"):
        load(f"folder:{file}", tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_tall_pictures_become_square_in_an_archive_as_in_a_folder(tmp_path: Path) -> None:
    def tall(number: int) -> bytes:
        pixels = np.zeros((90, 40, 4), np.uint8)
        pixels[10:80, 5:30] = (number, 7, 200, 255)
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "PNG")
        return encoded.getvalue()

    root = tmp_path / "cast"
    with zipfile.ZipFile(tmp_path / "cast.zip", "w") as archive:
        for path in files(*TWO):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(tall(ord(path[-5])))
            archive.write(root / path, path)
    one, other = (load(f"folder:{place}", tmp_path / "cache") for place in (root, tmp_path / "cast.zip"))
    assert one.digest == other.digest and one.cache != other.cache


def test_names_from_windows_and_macos(tmp_path: Path) -> None:
    file = tmp_path / "cast.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(1, 4):
            archive.writestr(f"bob\\joy\\{number}.png", content(f"{number}.png"))
            archive.writestr(f"./bob/sad/{number}.png", content(f"{number}.png"))
            archive.writestr(f"Zo\u00eb/joy/{number}.png", content(f"{number}.png"))
    # macOS packs names in UTF-8 and does not set the flag that says so.
    data = bytearray(file.read_bytes())
    for match in list(re.finditer(b"PK\x03\x04|PK\x01\x02", bytes(data))):
        data[match.start() + (6 if match[0] == b"PK\x03\x04" else 8) + 1] &= ~0x08
    file.write_bytes(data)
    assert classes(load(f"folder:{file}", tmp_path / "cache")) == {**BOB, "Zo\u00eb/joy": 3}


def test_encrypted_archives_and_rare_methods_are_refused(tmp_path: Path) -> None:
    for name, offset, value, message in (("locked", 8, 1, "is encrypted"), ("rare", 10, 9, "packed by method 9")):
        file = pack(tmp_path / f"{name}.zip", files(*TWO))
        data = bytearray(file.read_bytes())
        for match in re.finditer(b"PK\x01\x02", bytes(data)):
            data[match.start() + offset] = value
        file.write_bytes(data)
        with pytest.raises(TrainError, match=message):
            load(f"folder:{file}", tmp_path / "cache")


def test_an_archive_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cast.zip"
    pack(file, files(*TWO))
    data = bytearray(file.read_bytes())
    for match in re.finditer(b"PK\x01\x02", bytes(data)):
        data[match.start() + 24 : match.start() + 28] = (2**31).to_bytes(4, "little")
    file.write_bytes(data)
    with pytest.raises(TrainError, match=r"would unpack to 12.9 GB"):
        load(f"folder:{file}", tmp_path / "cache")


def test_a_picture_of_an_archive_that_is_damaged_or_too_large_has_a_reason(tmp_path: Path) -> None:
    for damage, message in (
        (lambda data, at: data.__setitem__(slice(at + 16, at + 20), b"\0\0\0\0"), "Bad CRC-32"),
        (
            lambda data, at: data.__setitem__(slice(at + 24, at + 28), (2**27).to_bytes(4, "little")),
            "too large .128 MiB",
        ),
    ):
        file = pack(tmp_path / "cast.zip", files(*TWO))
        data = bytearray(file.read_bytes())
        damage(data, data.index(b"PK\x01\x02"))
        file.write_bytes(data)
        with pytest.raises(TrainError, match=rf"1 of 6 files in .*bob/joy/1.png: .*{message}"):
            load(f"folder:{file}", tmp_path / "cache")


def test_an_archive_is_known_by_its_content(tmp_path: Path) -> None:
    one = pack(tmp_path / "cast.zip", files(*TWO))
    first = load(f"folder:{one}", tmp_path / "cache")
    os.utime(one, (1, 1))
    (tmp_path / "moved").mkdir()
    moved = one.rename(tmp_path / "moved/cast.zip")
    assert load(f"folder:{moved}", tmp_path / "cache").cache == first.cache

    with zipfile.ZipFile(moved, "w") as archive:
        for path in files(*TWO):
            archive.writestr(path, content("77.png" if path == "bob/joy/2.png" else path))
    changed = load(f"folder:{moved}", tmp_path / "cache")
    assert changed.cache != first.cache
    assert reds(changed, "bob", "joy") == [1, 77, 3]


def test_many_pictures_of_an_archive_are_read_by_several_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tlgan_train.data.sources import workers

    file = pack(tmp_path / "cast.zip", files("bob/joy/1-100.png", "bob/sad/1-100.png"))
    monkeypatch.setattr(workers, "FEW_PICTURES", 100)
    monkeypatch.setattr(workers, "processors", lambda: 2)
    dataset = load(f"folder:{file}", tmp_path / "cache")
    assert reds(dataset, "bob", "sad") == list(range(1, 101))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_damage_to_an_archive_ends_in_pictures_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    file = pack(folder / "cast.zip", files(*TWO))
    packed = bytearray(file.read_bytes())
    # The directory at the end is where most is decided.
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(-400, -1) | st.integers(-len(packed), -1))] = data.draw(st.integers(0, 255))
    file.write_bytes(packed[: data.draw(st.integers(0, len(packed)) | st.just(len(packed)))])
    try:
        dataset = load(f"folder:{file}", folder / "cache")
    except TrainError as error:
        assert "\n" not in str(error)
    else:
        assert np.isin(dataset.images[:, 0, 0, 0], [1, 2, 3]).all()


def test_an_entry_before_the_start_of_an_archive_is_a_damaged_picture(tmp_path: Path) -> None:
    file = pack(tmp_path / "cast.zip", files(*TWO))
    packed = bytearray(file.read_bytes())
    start = len(packed) - 22 + 16  # in the last record, where the directory starts
    packed[start : start + 4] = (int.from_bytes(packed[start : start + 4], "little") + 100).to_bytes(4, "little")
    file.write_bytes(packed)
    with pytest.raises(TrainError, match="damaged in the archive"):
        load(f"folder:{file}", tmp_path / "cache")


NAMES = st.sampled_from(["bob", "joy", "bob_joy", "1.png", "2.png", "notes.txt", ".git", "@eaDir", "Zo\u00eb", "train"])


@given(st.sets(st.lists(NAMES, min_size=1, max_size=5).map("/".join), max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_tree_gives_pictures_or_one_line(tmp_path_factory: pytest.TempPathFactory, paths: set[str]) -> None:
    root = tmp_path_factory.mktemp("tree")
    for path in sorted(paths):
        try:
            write(root, [path])
        except OSError:  # a file where this path has a folder
            continue
    try:
        listing = list_folder(root)
    except TrainError as error:
        assert "\n" not in str(error) and str(root) in str(error)
    else:
        assert listing.pictures and listing.notes[0].startswith("read as ")
        assert all(stat.S_ISREG((root / item.path).stat().st_mode) for item in listing.pictures)
