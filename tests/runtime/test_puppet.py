"""`CheerMeUp.puppet`: faces that follow the latest strengths, eased, however many frames a second are taken."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from tests.program import PATIENCE
from tests.tiny_bundle import EMOTIONS, make_bundle
from tlgan_runtime import CheerMeUp, InputError, Puppet
from tlgan_runtime.renderer import Renderer

LONG = 1000.0
"""Seconds after which every change has happened."""


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> CheerMeUp:
    """Of a bundle with ends, characters and an attribute."""
    return CheerMeUp(make_bundle(tmp_path_factory.mktemp("rich") / "tiny", drawn=2, learned=True, attribute="hat"))


def strengths(puppet: Puppet) -> np.ndarray:
    return np.array(list(puppet.strengths.values()))


def test_faces_arrive_where_move_takes_them_and_go_back(rich: CheerMeUp) -> None:
    z = rich.sample(2, seed=1)
    puppet = rich.puppet(z)
    np.testing.assert_array_equal(puppet.frame(0), rich.render(z))
    for mix in ({"joy": 0.8}, {"joy": 0.3, "fear": -0.4}, {"bo": 1, "joy": 0.5}, {"hat": 0.7, "anger": 1}):
        puppet.set(mix)
        np.testing.assert_array_equal(puppet.frame(LONG), rich.render(rich.move(z, mix)))
        assert {name: strength for name, strength in puppet.strengths.items() if strength} == mix
    puppet.set({})
    np.testing.assert_array_equal(puppet.frame(LONG), rich.render(z))


def test_a_frame_shows_the_strengths_that_it_names(rich: CheerMeUp) -> None:
    z = rich.sample(1, seed=2)
    puppet = rich.puppet(z, "logit")
    puppet.set({"joy": 1, "bo": 0.5})
    frame = puppet.frame(0.1)
    assert 0 < puppet.strengths["joy"] < 0.9
    np.testing.assert_array_equal(frame, rich.render(rich.move(z, puppet.strengths, "logit")))


def test_nine_tenths_happen_in_the_given_time_at_any_frame_rate(editor: CheerMeUp) -> None:
    courses = []
    for rate in (10, 60, 1000):
        puppet, shown = editor.puppet(editor.sample(1), settle=0.5), []
        for mix in ({"joy": 1}, {"fear": -2, "joy": 0.2}, {}):  # the second and the third come on the way
            puppet.set(mix)
            for _ in range(rate // 2):
                puppet.frame(1 / rate)
            shown.append(strengths(puppet))
        courses.append(shown)
    assert courses[0][0][editor.emotions.index("joy")] == pytest.approx(0.9, abs=1e-4)
    np.testing.assert_allclose(courses[1:], [courses[0]] * 2, atol=1e-3)


def test_strengths_move_smoothly_and_stay_between_those_that_were_set(editor: CheerMeUp) -> None:
    puppet, random = editor.puppet(editor.sample(1), settle=0.3), np.random.default_rng(3)
    before, steps = strengths(puppet), []
    for number in range(1500):
        if number % 30 == 0:
            puppet.set({"joy": random.choice([0, 1]), "fear": random.choice([0, -1])})
        puppet.frame(0.005)
        shown = strengths(puppet)
        steps.append(shown - before)
        before = shown
        assert 0 <= puppet.strengths["joy"] <= 1 and -1 <= puppet.strengths["fear"] <= 0
    # A change of speed is small; one that jumps to the target or starts at full speed would be several times larger.
    assert np.abs(np.diff(steps, axis=0)).max() < 0.01 < np.abs(steps).max()


def test_only_the_latest_mix_counts(editor: CheerMeUp) -> None:
    z = editor.sample(1)
    flooded, calm = editor.puppet(z), editor.puppet(z)
    for number in range(1000):
        flooded.set({"anger": number / 1000})
    for puppet in (flooded, calm):
        puppet.set({"joy": 0.6})
    for _ in range(5):
        np.testing.assert_array_equal(flooded.frame(1 / 60), calm.frame(1 / 60))
        assert flooded.strengths == calm.strengths


def test_frames_never_mix_two_targets_of_other_threads(editor: CheerMeUp) -> None:
    """Each target has one strength for all emotions, so each frame has, too."""
    puppet, stop = editor.puppet(editor.sample(1)), threading.Event()

    def talk(strength: float) -> None:
        while not stop.is_set():
            puppet.set(dict.fromkeys(EMOTIONS, strength))

    threads = [threading.Thread(target=talk, args=(strength,)) for strength in (0.1, 0.5, 1.0)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(100):
            puppet.frame(0.01)
            assert len(set(puppet.strengths.values())) == 1
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert 0 < puppet.strengths["joy"] <= 1


@pytest.mark.parametrize(
    ("mix", "words"),
    [
        ({"joi": 1}, "unknown emotion 'joi'; did you mean joy"),
        ({"joy": float("nan")}, "the strength of joy must be a number from -10 to 10, not nan"),
        ({"joy": float("inf")}, "the strength of joy must be a number"),
        ({"joy": "1"}, "the strength of joy must be a number"),
        ("joy", "a mix holds strengths by name"),
        ([], "a mix holds strengths by name"),
        ({"fear": 0.1}, "cannot keep fear in a move by fear"),
    ],
)
def test_a_bad_mix_is_refused_and_changes_nothing(editor: CheerMeUp, mix: Any, words: str) -> None:
    puppet = editor.puppet(editor.sample(1), keep=["fear"])
    puppet.set({"joy": 0.5})
    with pytest.raises(InputError, match=words):
        puppet.set(mix)
    puppet.frame(LONG)
    assert puppet.strengths == {**dict.fromkeys(EMOTIONS, 0.0), "joy": 0.5}


def test_what_is_kept_stays(rich: CheerMeUp) -> None:
    z, mix = rich.sample(1, seed=4), {"joy": 1.0, "anger": -0.5}
    puppet = rich.puppet(z, keep=["surprise", "character"])
    puppet.set(mix)
    kept = rich.render(rich.move(z, mix, keep=["surprise", "character"]))
    np.testing.assert_array_equal(puppet.frame(LONG), kept)
    assert (kept != rich.render(rich.move(z, mix))).any()


@pytest.mark.parametrize("settle", [0, -1, 61, float("nan"), "1"])
def test_a_settling_time_out_of_range_is_refused(editor: CheerMeUp, settle: Any) -> None:
    with pytest.raises(InputError, match=r"settle must be a number from 0\.01 to 60"):
        editor.puppet(editor.sample(1), settle=settle)


@pytest.mark.parametrize("seconds", [-0.1, float("nan"), float("inf"), None])
def test_time_does_not_run_backwards(editor: CheerMeUp, seconds: Any) -> None:
    with pytest.raises(InputError, match="seconds must be a number from 0"):
        editor.puppet(editor.sample(1)).frame(seconds)


def test_faces_that_have_arrived_are_not_drawn_again(editor: CheerMeUp, monkeypatch: pytest.MonkeyPatch) -> None:
    draw, drawn = Renderer.draw, []

    def counted(*arguments: Any) -> Any:
        drawn.append(1)
        return draw(*arguments)

    monkeypatch.setattr(Renderer, "draw", counted)
    puppet = editor.puppet(editor.sample(1))
    puppet.set({"joy": 1})
    frames = [puppet.frame(0.1) for _ in range(50)]
    assert 5 < len(drawn) < 25
    frames[-1][:] = 0  # the program may paint on its own copy
    np.testing.assert_array_equal(puppet.frame(0.1), frames[-2])
