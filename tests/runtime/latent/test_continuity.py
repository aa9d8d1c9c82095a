"""Small changes of strengths are small moves, whatever is mixed and kept; and ends are found once in each call."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tiny_bundle import EMOTIONS, PATH_LENGTH, axis_directions, make_bundle
from tlgan_runtime import CheerMeUp
from tlgan_runtime.bundle.write import amend_bundle
from tlgan_runtime.graphs.session import Graph

NAMES = (*EMOTIONS, "ada", "bo", "hat")
KEEPS: tuple[list[str], ...] = (
    [],
    ["character"],
    ["hat"],
    ["fear"],
    ["joy"],
    ["fear", "neutral"],
    ["character", "hat", "fear"],
)
LATENT_DIM = 12
LITTLE = 1e-9
ROUNDING = 2e-5
"""Float32 latents that are a few units long, after several sums."""
SLOPE = 300.0
"""Latent units for each unit of strength: the tiny bundle's longest way, times how fast its posterior changes."""


AXES = axis_directions(len(EMOTIONS), LATENT_DIM)
JOY = (AXES[EMOTIONS.index("joy")] + AXES[EMOTIONS.index("anger")]) / np.sqrt(2)
"""The axis of joy that is held; ways to anger lead along it."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> CheerMeUp:
    folder = tmp_path_factory.mktemp("bundles") / "all"
    make_bundle(folder, latent_dim=LATENT_DIM, drawn=2, learned=True, attribute="hat")
    axes = json.loads((folder / "axes.json").read_text(encoding="utf-8"))
    rows = axes["methods"]["path"]["directions"]
    axes["methods"]["path"]["directions"] = [*rows[:3], JOY.tolist(), *rows[4:]]
    amend_bundle(folder, {"axes.json": json.dumps(axes).encode()}, {})
    return CheerMeUp(folder, threads=1)


def mixes(keep: list[str], seed: int) -> Iterator[tuple[dict[str, float], str]]:
    """Random mixes of what is not kept, some of whose strengths are 0 or add up to 1, and a name in each to change."""
    dice = np.random.default_rng(seed)
    kept = {*keep, *(("ada", "bo") if "character" in keep else ())}
    free = [name for name in NAMES if name not in kept]
    for _ in range(12):
        names = dice.permutation(free)[: dice.integers(1, len(free) + 1)]
        strengths = dice.normal(size=len(names)) * dice.choice([0, 0.1, 1, 2], size=len(names))
        if dice.random() < 0.3:
            strengths = np.abs(strengths) / max(np.abs(strengths).sum(), 1e-9)
        yield dict(zip(names.tolist(), strengths.tolist(), strict=True)), str(dice.choice(names))


@pytest.mark.parametrize("keep", KEEPS, ids=" ".join)
@pytest.mark.parametrize("method", ["logit", "paper", "path"])
def test_a_small_change_of_any_strength_is_a_small_move(app: CheerMeUp, method: str, keep: list[str]) -> None:
    z = app.sample(6, seed=1)
    for mix, name in mixes(keep, seed=len(method)):
        for at in (mix[name], 0.0, 1.0):
            before = app.move(z, {**mix, name: at}, method, keep=keep)
            for change, most in ((LITTLE, 0.0), (-LITTLE, 0.0), (1e-4, SLOPE * 1e-4), (-1e-4, SLOPE * 1e-4)):
                moved = app.move(z, {**mix, name: at + change}, method, keep=keep)
                assert np.abs(moved - before).max() <= most + ROUNDING, (mix, name, at, change)


def test_what_is_kept_stays_kept_when_another_strength_falls_below_0(app: CheerMeUp) -> None:
    z = app.sample(20, seed=3)
    kept = app.move(z, {"anger": 1.0}, "path", keep=["joy"])
    assert np.abs((kept - z) @ JOY).max() > 1  # ends keep joy by themselves, and lead along its axis
    little = app.move(z, {"anger": 1.0, "surprise": -LITTLE}, "path", keep=["joy"])
    np.testing.assert_allclose(little, kept, atol=ROUNDING)
    less = app.move(z, {"surprise": -1.0}, "path", keep=["joy"])  # no ends lead there, so the axis is held
    assert np.abs((less - z) @ JOY).max() < ROUNDING
    assert np.abs((app.move(z, {"surprise": -1.0}, "path") - z) @ JOY).max() > 0.1


def test_towards_and_away_are_held_each_by_itself(app: CheerMeUp) -> None:
    z = app.sample(20, seed=3)
    both = app.move(z, {"anger": 1.0, "surprise": -0.5}, "path", keep=["joy"]) - z
    towards = app.move(z, {"anger": 1.0}, "path", keep=["joy"]) - z
    away = app.move(z, {"surprise": -0.5}, "path", keep=["joy"]) - z
    np.testing.assert_allclose(both, towards + away, atol=ROUNDING)


def test_a_timeline_that_crosses_0_has_no_cut(app: CheerMeUp) -> None:
    z = app.sample(4, seed=2)
    text = "anger+surprise:1@0s, anger+surprise:-1@2s"
    frames = np.stack(list(app.timeline(z, text, fps=50, method="path", keep=["joy"], easing="linear")))
    steps = np.abs(np.diff(frames.astype(int), axis=0)).mean(axis=(1, 2, 3, 4))
    assert len(steps) == 100 and steps.mean() > 0.1
    assert steps.max() < 4 * steps.mean()


@pytest.mark.parametrize("method", ["logit", "paper", "path"])
def test_strength_0_returns_the_same_bits_whatever_is_kept(app: CheerMeUp, method: str) -> None:
    z = app.sample(5)
    z[0, :3] = -0.0
    for keep in KEEPS:
        assert app.move(z, dict.fromkeys(("joy", "bo", "hat"), 0.0), method, keep=keep).tobytes() == z.tobytes()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each graph is run."""
    counts: Counter[str] = Counter()
    run = Graph.run

    def counted(self: Graph, *batches: Any, **settings: Any) -> Any:
        counts[self._name] += 1
        return run(self, *batches, **settings)

    monkeypatch.setattr(Graph, "run", counted)
    return counts


def test_threads_that_share_an_instance_find_their_ends_once_each(app: CheerMeUp, runs: Counter[str]) -> None:
    taken = threading.Barrier(2)
    alone = [np.stack(list(app.walk(app.sample(3, seed), "joy", 30, "path"))) for seed in (1, 2)]
    runs.clear()

    def walk(seed: int) -> np.ndarray:
        frames = []
        for frame in app.walk(app.sample(3, seed), "joy", 30, "path"):
            frames.append(frame)
            taken.wait(timeout=60)  # so the threads take turns
        return np.stack(frames)

    with ThreadPoolExecutor(2) as pool:
        for together, by_itself in zip(pool.map(walk, (1, 2)), alone, strict=True):
            np.testing.assert_array_equal(together, by_itself)
    assert runs["the paths"] == 2


@pytest.mark.parametrize(
    "call",
    [
        lambda app, folder: app.move(app.sample(3), {"joy": 1.0, "fear": 0.5}, "path"),
        lambda app, folder: list(app.walk(app.sample(3), {"joy": 1.0, "fear": -1.0}, 30, "path")),
        lambda app, folder: list(app.timeline(app.sample(3), "start, joy@1s, fear@2s, anger:-1@3s", method="path")),
        lambda app, folder: app.move(app.sample(3), {"joy": 1.0}, "path", until=0.999),
        lambda app, folder: app.gif(folder / "a.gif", ["joy", "fear"], faces=2, size=16, method="path"),
    ],
    ids=["move", "walk", "timeline", "until", "gif"],
)
def test_a_call_finds_its_ends_once(
    app: CheerMeUp, runs: Counter[str], tmp_path: Path, call: Callable[[CheerMeUp, Path], Any]
) -> None:
    call(app, tmp_path)
    assert runs["the paths"] == 1


def test_a_walk_keeps_its_faces_when_the_caller_changes_the_latents(app: CheerMeUp) -> None:
    z = app.sample(2)
    expected = list(app.walk(z.copy(), "joy", 40, "path"))
    frames = app.walk(z, "joy", 40, "path")
    first = next(frames)
    z += PATH_LENGTH
    np.testing.assert_array_equal(np.stack([first, *frames]), np.stack(expected))
