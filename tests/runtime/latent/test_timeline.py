"""Timelines: text, times in the file, loops that close, easing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.animation_file import durations
from tlgan_runtime import CheerMeUp, InputError
from tlgan_runtime.latent.strengths import ease
from tlgan_runtime.latent.timeline import EXAMPLE, parse_timeline

CLOSED = "neutral, joy:0.8@0.5s, joy:0.5+surprise:0.5@1s, neutral@1.5s"


def starts(path: Path) -> list[int]:
    """Milliseconds at which each frame of the file appears, and the end."""
    return [0, *np.cumsum(durations(path)).tolist()]


def test_text_is_keyframes() -> None:
    assert parse_timeline(EXAMPLE) == [
        (0, {"neutral": 1}),
        (1, {"joy": 0.8}),
        (2, {"joy": 0.5, "surprise": 0.5}),
        (3, {"neutral": 1}),
    ]
    assert parse_timeline(" start@0 ,joy : -.5 + fear@ 1.25 s") == [(0, {}), (1.25, {"joy": -0.5, "fear": 1})]


def test_every_keyframe_is_a_frame_and_the_way_is_eased(editor: CheerMeUp) -> None:
    z = editor.sample(3, seed=2)
    frames = list(editor.timeline(z, "start, joy:0.8@0.5s, joy:0.5+fear:0.5@0.9s", fps=10))
    assert len(frames) == 1 + 5 + 4
    mixes: list[dict[str, float]] = [{}, {"joy": 0.8}, {"joy": 0.5, "fear": 0.5}]
    for index, mix in zip((0, 5, 9), mixes, strict=True):
        np.testing.assert_array_equal(frames[index], editor.render(editor.move(z, mix or {"joy": 0})))
    share = 0.2**2 * (3 - 2 * 0.2)
    np.testing.assert_array_equal(frames[1], editor.render(editor.move(z, {"joy": 0.8 * share})))
    even = list(editor.timeline(z, [(0, {}), (0.5, {"joy": 0.8})], fps=10, easing="linear"))
    np.testing.assert_array_equal(even[1], editor.render(editor.move(z, {"joy": 0.8 * 0.2})))


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_times_are_exact_in_the_file(editor: CheerMeUp, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    text = "start, joy@0.33s, fear@0.8s, joy+anger@1.47s, start@2s"
    written = editor.gif(path, timeline=text, faces=1, fps=30, size=16, easing="linear")
    assert written.duration == 2.0 and starts(path)[-1] == 2000
    assert {0, 330, 800, 1470} <= set(starts(path))


def test_a_timeline_that_ends_as_it_began_closes_without_a_jump(editor: CheerMeUp, tmp_path: Path) -> None:
    written = editor.gif(tmp_path / "a.gif", timeline=CLOSED, faces=2, fps=10, size=16)
    # Fifteen frames; the sixteenth, which is the first again, is the next pass.
    assert (written.frames, written.duration) == (15, 1.5)


def test_an_open_timeline_goes_back_the_way_it_came_in_the_same_times(editor: CheerMeUp, tmp_path: Path) -> None:
    written = editor.gif(tmp_path / "a.gif", timeline="start, joy@0.3s, fear@1s", faces=1, fps=10, size=16)
    assert (written.frames, written.duration) == (20, 2.0)
    found = starts(tmp_path / "a.gif")
    assert found == [*range(0, 1000, 100), *range(1000, 2001, 100)]
    once = editor.gif(tmp_path / "b.gif", timeline=CLOSED, faces=1, fps=10, size=16, loop="once", hold=0.2)
    assert (once.frames, once.duration) == (16, 2.0)  # here the last keyframe is shown too, and the ends are held


def test_more_frames_a_second_than_players_show_are_not_made(editor: CheerMeUp) -> None:
    assert len(list(editor.timeline(editor.sample(1), "start, joy@1s", fps=500))) == 51


def test_an_mp4_takes_the_time_of_the_timeline(editor: CheerMeUp, tmp_path: Path) -> None:
    written = editor.gif(tmp_path / "a.mp4", timeline="start, joy@0.5s, fear@1s, start@2s", faces=1, fps=15, size=16)
    assert (written.frames, written.duration) == (30, 2.0)


def test_easing() -> None:
    share = np.linspace(0, 1, 11)
    np.testing.assert_array_equal(ease(share, "linear"), share)
    smooth = ease(share, "smooth")
    assert smooth[0] == 0 and smooth[5] == 0.5 and smooth[-1] == 1 and (np.diff(smooth) > 0).all()
    assert smooth[1] < 0.05
    np.testing.assert_allclose(smooth + smooth[::-1], 1)


def test_a_walk_may_be_eased(editor: CheerMeUp) -> None:
    z = editor.sample(2, seed=0)
    frames = list(editor.walk(z, "joy", 5, easing="smooth"))
    np.testing.assert_array_equal(frames[1], editor.render(editor.move(z, {"joy": 0.15625})))


@pytest.mark.parametrize(
    ("timeline", "says"),
    [
        ("joy", "two keyframes or more"),
        ("", "an emotion is missing"),
        ("neutral, joy", "cannot read 'joy' in the timeline: it has no time"),
        ("neutral,, joy@1s", "cannot read ''"),
        ("neutral, joy@soon", "'soon' is not a time in seconds"),
        ("neutral, joy@", "'' is not a time"),
        ("neutral, joy@1m", "'1m' is not a time"),
        ("neutral, joy:much@1s", "'much' is not a strength"),
        ("neutral, joy:@1s", "'' is not a strength"),
        ("neutral, joy:nan@1s", "'nan' is not a strength"),
        ("neutral, joy++fear@1s", "an emotion is missing"),
        ("neutral, joy+joy@1s", "'joy' is there twice"),
        ("neutral, start:1@1s", "start is the face as it is"),
        ("neutral@1s, joy@2s", "starts at 0s, not at 1s"),
        ("neutral, joy@2s, fear@1s", "the keyframe at 1s must come 0.02s or more after the one at 2s"),
        ("neutral, joy@0.01s", "0.02s or more"),
        ("neutral, joy@9999s", "from 0 to 600, not 9999"),
        ("neutral, jay@1s", "did you mean joy"),
        ("neutral, joy:99@1s", "strength of joy"),
        ([], "two keyframes"),
        (3, "text, or pairs"),
        ([(0, {}), (float("nan"), {"joy": 1})], "time of a keyframe must be a number from 0 to 600, not nan"),
        ([(0, {}), (1, "joy")], "a mix holds strengths by name"),
    ],
)
def test_what_cannot_be_read_is_shown_in_one_line(editor: CheerMeUp, timeline: Any, says: str, tmp_path: Path) -> None:
    for call in (
        lambda: editor.timeline(editor.sample(1), timeline),
        lambda: editor.gif(tmp_path / "a.gif", timeline=timeline),
    ):
        with pytest.raises(InputError, match=says) as caught:
            call()
        assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []


def test_other_arguments_are_checked_too(editor: CheerMeUp, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown easing 'bouncy'.*linear, smooth"):
        editor.timeline(editor.sample(1), CLOSED, easing="bouncy")
    with pytest.raises(InputError, match="unknown easing"):
        editor.gif(tmp_path / "a.gif", easing="bouncy")
    with pytest.raises(InputError, match="fps must be a number"):
        editor.timeline(editor.sample(1), CLOSED, fps=0)
    with pytest.raises(InputError, match="million pixels"):
        editor.gif(tmp_path / "a.gif", timeline="start, joy@600s", fps=50, faces=8)
