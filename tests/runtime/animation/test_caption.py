"""Captions and columns of an animation, read back from its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.tiny_bundle import EMOTIONS
from tlgan_runtime import CheerMeUp, InputError
from tlgan_runtime.animation.caption import Caption, caption_height
from tlgan_runtime.animation.layout import Pixels

VERMILION, BLUE = (213, 94, 0), (0, 114, 178)


def frames_of(path: Path) -> list[Pixels]:
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]


def near(picture: Pixels, colour: tuple[int, int, int]) -> np.ndarray:
    return (np.abs(picture.astype(int) - colour) <= 6).all(axis=-1)


def caption(probabilities: list[float], labels: bool = False) -> Caption:
    return Caption(("joy", "fear"), np.array([[0.5, 0.0]]), labels, np.array([probabilities], np.float32))


@pytest.mark.parametrize("size", [64, 128, 256])
def test_bars_are_as_long_as_the_probabilities(size: int) -> None:
    (full,), (drawn,) = caption([1.0, 1.0]).draw(size), caption([0.25, 0.75]).draw(size)
    for colour, share in ((VERMILION, 0.25), (BLUE, 0.75)):
        most, long = near(full, colour).any(axis=0).sum(), near(drawn, colour).any(axis=0).sum()
        assert size * 0.3 < most < size and abs(long - share * most) <= 1
    assert drawn.shape == (caption_height(size, False, 2), size, 3)


def test_text_says_what_moves_the_face_and_stands_still() -> None:
    def text(strengths: list[float]) -> Pixels:
        return Caption(("joy", "fear"), np.array([strengths]), labels=True).draw(128)[0]

    assert (text([0.5, 0.0]) != text([0.6, 0.0])).any() and (text([0.5, 0.0]) != text([0.0, 0.5])).any()
    assert (text([0.5, 0.25]) != text([0.5, 0.0])).any() and (text([0.0, 0.0]) < 128).any()
    name = np.s_[:, :24]  # the name before the figures
    np.testing.assert_array_equal(text([0.5, 0.0])[name], text([0.98, 0.0])[name])
    assert (text([0.5, 0.25])[:, -4:] == 255).all()  # long text is made smaller, not cut


def test_of_many_emotions_the_strongest_are_written() -> None:
    names = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")

    def text(strengths: list[float]) -> Pixels:
        return Caption(names, np.array([strengths]), labels=True).draw(64)[0]

    many = [0.1, 0.11, 0.12, 0.8, 0.13, 0.14, 0.15]
    np.testing.assert_array_equal(text(many), text([0.0, 0.01, 0.0, 0.8, 0.02, 0.03, 0.04]))
    assert (text(many) != text([0.1, 0.8, 0.12, 0.11, 0.13, 0.14, 0.15])).any()


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".mp4"])
def test_faces_are_the_same_with_captions_below_them(editor: CheerMeUp, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    written = editor.gif(path, "joy", 4, faces=2, size=64, labels=True, bars=True)
    height = 64 + caption_height(64, True, 7)
    assert (written.width, written.height) == (2 * 64 + 2, height)
    if suffix == ".mp4":
        return
    editor.gif(tmp_path / f"b{suffix}", "joy", 4, faces=2, size=64)
    for captioned, plain in zip(frames_of(path), frames_of(tmp_path / f"b{suffix}"), strict=True):
        assert np.abs(captioned[:64].astype(int) - plain).mean() < 4
    shown = frames_of(path)
    assert near(shown[3][64:], VERMILION).sum() > near(shown[0][64:], VERMILION).sum()


def test_all_is_a_column_for_each_emotion_and_a_row_for_each_face(editor: CheerMeUp, tmp_path: Path) -> None:
    written = editor.gif(tmp_path / "a.png", "all", 3, faces=2, seed=4, size=16, loop="once", hold=0)
    assert (written.width, written.height) == (7 * 16 + 6 * 2, 2 * 16 + 2)
    z = editor.sample(2, seed=4)
    for step, picture in enumerate(frames_of(tmp_path / "a.png")):
        for column, emotion in enumerate(EMOTIONS):
            expected = editor.render(editor.move(z, {emotion: step / 2}))
            for row in range(2):
                np.testing.assert_array_equal(
                    picture[row * 18 : row * 18 + 16, column * 18 : column * 18 + 16], expected[row]
                )


def test_columns_may_be_names_and_mixes(editor: CheerMeUp, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    editor.gif(path, ["joy", {"joy": 0.5, "fear": 0.5}], 2, faces=1, size=16, loop="once")
    last = frames_of(path)[-1]
    z = editor.sample(1)
    np.testing.assert_array_equal(last[:, :16], editor.render(editor.move(z, {"joy": 1}))[0])
    np.testing.assert_array_equal(last[:, 18:], editor.render(editor.move(z, {"joy": 0.5, "fear": 0.5}))[0])


def test_what_cannot_be_captioned_or_tiled_is_refused(editor: CheerMeUp, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="size with labels or bars must be a whole number from 64"):
        editor.gif(tmp_path / "a.gif", size=32, labels=True)
    with pytest.raises(InputError, match="at least one emotion"):
        editor.gif(tmp_path / "a.gif", [])
    with pytest.raises(InputError, match="unknown emotion 'glee'"):
        editor.gif(tmp_path / "a.gif", ["joy", "glee"])
    with pytest.raises(InputError, match="fewer or smaller faces"):
        editor.gif(tmp_path / "a.gif", "all", faces=8, size=2000)
    with pytest.raises(InputError, match="fewer or smaller faces"):
        editor.gif(tmp_path / "a.gif", faces=400, size=380, bars=True)
    assert list(tmp_path.iterdir()) == []
