"""Built-in characters: determinism, ranges, and that factors move what they name and nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from tlgan_train.data.toon import (
    CHARACTERS,
    EMOTIONS,
    FACTOR_RANGES,
    FACTORS,
    STREAMS,
    Expression,
    Face,
    draw,
    render,
    sample_face,
    to_svg,
)
from tlgan_train.data.toon.expression import PROTOTYPES, blend


def _digest(image: np.ndarray) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest()


def _changed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """bool (size, size): where two pictures differ visibly."""
    return np.abs(first.astype(int) - second).max(axis=2) > 8


def test_names_are_sorted_and_complete() -> None:
    assert CHARACTERS == ("alba", "bruno", "chidi", "dana", "emil", "fumi")
    assert EMOTIONS == ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
    assert set(FACTORS) >= {"intensity", "yaw", "pitch", "roll", "scale", "gaze_x", "gaze_y", "blink", "light"}


@pytest.mark.parametrize("character", CHARACTERS)
def test_every_class_draws_something_of_its_own(character: str) -> None:
    images = [draw(Face(character, emotion, PROTOTYPES[emotion][0])) for emotion in EMOTIONS]
    assert all(image.shape == (64, 64, 3) and image.dtype == np.uint8 for image in images)
    for i, first in enumerate(images):
        for second in images[i + 1 :]:
            assert _changed(first, second).sum() > 60


def test_characters_are_far_apart() -> None:
    images = [draw(Face(character, "neutral", Expression())).astype(float) for character in CHARACTERS]
    for i, first in enumerate(images):
        for second in images[i + 1 :]:
            assert np.abs(first - second).mean() > 10


def test_same_arguments_give_the_same_face_in_another_process() -> None:
    here = _digest(draw(sample_face("dana", "fear", 5, stream="test", seed=3)))
    assert here == _digest(draw(sample_face("dana", "fear", 5, stream="test", seed=3)))
    code = (
        "import hashlib; from tlgan_train.data.toon import draw, sample_face;"
        "print(hashlib.sha256(draw(sample_face('dana', 'fear', 5, stream='test', seed=3)).tobytes()).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here


def test_seed_stream_and_number_each_give_another_face() -> None:
    faces = [
        sample_face("alba", "joy", n, stream=stream, seed=seed)
        for n in range(3)
        for stream in STREAMS
        for seed in range(2)
    ]
    assert len({face.expression for face in faces}) == len({face.yaw for face in faces}) == len(faces)


def test_render_is_draw_of_samples() -> None:
    images, factors = render("emil", "anger", 3, stream="validation", seed=1, size=48)
    assert images.shape == (3, 48, 48, 3) and images.dtype == np.uint8
    assert factors.shape == (3, len(FACTORS)) and factors.dtype == np.float32
    face = sample_face("emil", "anger", 2, stream="validation", seed=1)
    assert np.array_equal(images[2], draw(face, 48))
    assert np.allclose(factors[2], face.factors())


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_factors_stay_in_their_ranges_and_fill_them(emotion: str) -> None:
    faces = [sample_face("bruno", emotion, n) for n in range(300)]
    factors = np.array([face.factors() for face in faces])
    low, high = np.array(list(FACTOR_RANGES.values())).T
    assert (factors >= low).all() and (factors <= high).all()
    spread = factors.max(axis=0) - factors.min(axis=0)
    varied = np.array([name != "intensity" for name in FACTORS])
    assert (spread[varied] > 0.6 * (high - low)[varied]).all()
    intensity = factors[:, FACTORS.index("intensity")]
    if emotion == "neutral":
        assert (intensity == 0).all()
    else:
        assert intensity.min() >= 0.4 and 0.65 < intensity.mean() < 0.85


def test_an_emotion_is_a_region_that_keeps_its_direction() -> None:
    joys = [sample_face("alba", "joy", n).expression for n in range(100)]
    assert min(e.corner for e in joys) > 0.2
    assert np.std([e.jaw for e in joys]) > 0.08
    assert all(-1.2 <= value <= 1.2 for e in joys for value in dataclasses.astuple(e))


@pytest.mark.parametrize("character", CHARACTERS)
def test_gaze_and_blink_change_the_eyes_only(character: str) -> None:
    face = Face(character, "neutral", Expression(), gaze_x=-0.8)
    for other in (dataclasses.replace(face, gaze_x=0.8), dataclasses.replace(face, blink=0.4)):
        rows, columns = np.nonzero(_changed(draw(face), draw(other)))
        assert len(rows) > 10
        assert rows.min() >= 22 and rows.max() <= 40
        assert columns.min() >= 15 and columns.max() <= 49


def test_mouth_parameters_change_the_lower_face_only() -> None:
    face = Face("fumi", "neutral", Expression())
    smiling = dataclasses.replace(face, expression=Expression(corner=1.0, jaw=0.6))
    rows, _ = np.nonzero(_changed(draw(face), draw(smiling)))
    assert len(rows) > 20 and rows.min() >= 34


def test_light_brightens_the_figure_but_not_the_background() -> None:
    dim, bright = (draw(Face("chidi", "neutral", Expression(), light=light)) for light in (-1.0, 1.0))
    assert bright[20:50, 20:44].mean() > dim[20:50, 20:44].mean() + 10
    assert np.array_equal(dim[0, 0], bright[0, 0])


def test_yaw_turns_the_face_sideways() -> None:
    def mouth_column(yaw: float) -> float:
        image = draw(Face("emil", "surprise", PROTOTYPES["surprise"][0], yaw=yaw)).astype(int)
        inside = (image[36:60, :, 0] < 120) & (image[36:60, :, 1] < 60)
        return float(np.nonzero(inside)[1].mean())

    assert mouth_column(-14) < mouth_column(0) - 3 < mouth_column(14) - 6


def test_paths_keep_their_commands_so_that_expressions_morph() -> None:
    def commands(share: float) -> list[str]:
        expression = blend(PROTOTYPES["neutral"][0], PROTOTYPES["joy"][0], share)
        root = ET.fromstring(to_svg(Face("alba", "joy", expression)))
        return ["".join(c for c in path.get("d", "") if c.isalpha()) for path in root.iter("{*}path")]

    assert commands(0.2) == commands(1.0)


def test_a_walk_between_emotions_has_no_jump() -> None:
    frames = [
        draw(Face("alba", "joy", blend(PROTOTYPES["sadness"][0], PROTOTYPES["joy"][0], share))).astype(float)
        for share in np.linspace(0, 1, 13)
    ]
    steps = [np.abs(b - a).mean() for a, b in itertools.pairwise(frames)]
    assert max(steps) < 2.5 * np.mean(steps)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("zoe", "joy", 0), "unknown character 'zoe'; known: alba"),
        (("alba", "glee", 0), "unknown emotion 'glee'; known: anger"),
        (("alba", "joy", -1), "n and seed must be 0 or more"),
    ],
)
def test_bad_names_say_what_would_be_right(arguments: tuple[str, str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample_face(*arguments)
    with pytest.raises(ValueError, match="unknown stream 'dev'; known: train"):
        sample_face("alba", "joy", 0, stream="dev")
    with pytest.raises(ValueError, match="16 pixels or more"):
        draw(sample_face("alba", "joy", 0), 8)
