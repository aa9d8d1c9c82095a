"""Values that nobody means, in every argument and option: each is refused in one short line, or does what it says."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tlgan_runtime import CheerMeUp, CheerMeUpError, InputError, run_batch, write_animation
from tlgan_runtime.animation.options import MAX_SIZE
from tlgan_runtime.cli.commands import main
from tlgan_runtime.latent.sampling import MAX_LATENT
from tlgan_runtime.messages import LONGEST
from tlgan_runtime.stills import save_edit, save_grid, save_sample

BELL, ESCAPE = "\a", "\x1b]0;owned\x07\x1b[31m"


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


HOSTILE = st.one_of(
    st.sampled_from(
        [
            None, True, False, -1, 0, 1, 2**31, 2**63, 2**64, 10**400, -(10**400), 10**5000, 0.0, -0.0, 5e-324, 1e38,
            -1e38, 1e308, float("inf"), float("-inf"), float("nan"), 1j, Decimal("1e400"), Decimal("0.5"),
            Fraction(10**400, 3), Fraction(1, 3), np.int8(127), np.uint64(2**64 - 1), np.float16(2), np.float32(3e38),
            np.float64("nan"), np.longdouble("1e400"), np.array(1.0), np.array([1.0, np.nan]), np.array([]), "1",
            "1e400", "9" * 5000, "", "joy", "bogus", ESCAPE, "a" * 100_000, b"1", [], [1], ["joy", 10**400], {},
            {"joy": 10**400}, {"joy": "1"}, {"joy": True}, {1: 1}, {"bogus": 1.0}, {ESCAPE: 1}, {"joy": Decimal(1)}, (),
            (1, 2), object(), Unspeakable(), range(10**12), [[[[[]]]]], {"a": {"b": {"c": 1}}},
        ]
    ),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.floats(), max_size=4),
)  # fmt: skip

Z = np.zeros((2, 8), np.float32)
FRAMES = [np.zeros((1, 4, 4, 3), np.uint8)] * 2
GIF = {"steps": 2, "faces": 1, "size": 16}

# Every argument of every public function that takes a plain value: a call with that value in its place.
CALLS: dict[str, Callable[[CheerMeUp, Path, Any], Any]] = {
    "CheerMeUp(bundle)": lambda app, folder, value: CheerMeUp(value if value is not None else folder),
    **{
        f"CheerMeUp({name})": lambda app, folder, value, name=name: CheerMeUp(app.path, **{name: value})
        for name in ("provider", "threads", "precision")
    },
    "sample(n)": lambda app, folder, value: app.sample(value),
    "sample(seed)": lambda app, folder, value: app.sample(1, value),
    "render(z)": lambda app, folder, value: app.render(value),
    "render([[z]])": lambda app, folder, value: app.render([[value] * 8]),
    "classify(images)": lambda app, folder, value: app.classify(value),
    "move(z)": lambda app, folder, value: app.move(value, {"joy": 1.0}),
    "move(strengths)": lambda app, folder, value: app.move(Z, value),
    "move(strength)": lambda app, folder, value: app.move(Z, {"joy": value}),
    "walk(emotion)": lambda app, folder, value: next(app.walk(Z, value, 2)),
    "walk(steps)": lambda app, folder, value: next(app.walk(Z, "joy", value)),
    "timeline(timeline)": lambda app, folder, value: next(app.timeline(Z, value)),
    "timeline(time)": lambda app, folder, value: next(app.timeline(Z, [(0, {}), (value, {"joy": 1.0})])),
    "timeline(mix)": lambda app, folder, value: next(app.timeline(Z, [(0, {}), (1, value)])),
    "timeline(fps)": lambda app, folder, value: next(app.timeline(Z, "start, joy@0.1s", value)),
    **{
        f"move({name})": lambda app, folder, value, name=name: app.move(Z, {"joy": 1.0}, **{name: value})
        for name in ("method", "until", "keep")
    },
    **{
        f"walk({name})": lambda app, folder, value, name=name: next(app.walk(Z, "joy", 2, **{name: value}))
        for name in ("method", "easing", "keep")
    },
    **{
        f"puppet({name})": lambda app, folder, value, name=name: app.puppet(Z, **{name: value})
        for name in ("method", "settle", "keep", "background")
    },
    "puppet.set(strengths)": lambda app, folder, value: app.puppet(Z).set(value),
    "puppet.set(strength)": lambda app, folder, value: app.puppet(Z).set({"joy": value}),
    "puppet.frame(seconds)": lambda app, folder, value: app.puppet(Z).frame(value),
    "gif(path)": lambda app, folder, value: app.gif(value, **GIF),
    **{
        f"gif({name})": lambda app, folder, value, name=name: app.gif(folder / "a.gif", **{**GIF, name: value})
        for name in (
            "emotion", "faces", "seed", "fps", "timeline", "easing", "loop", "hold", "repeat", "labels", "bars", "keep",
            "method",
        )
    },
    # Large sizes and many steps are allowed, and take long: only those that are not are of interest here.
    "gif(steps)": lambda app, folder, value: app.gif(folder / "a.gif", **{**GIF, "steps": beyond(value, 2, 10_000)}),
    "gif(size)": lambda app, folder, value: app.gif(folder / "a.gif", **{**GIF, "size": beyond(value, 16, MAX_SIZE)}),
    "write_animation(path)": lambda app, folder, value: write_animation(value, FRAMES, size=16),
    "write_animation(frames)": lambda app, folder, value: write_animation(folder / "a.gif", value, size=16),
    "write_animation([frame])": lambda app, folder, value: write_animation(folder / "a.gif", [value], size=16),
    "write_animation([wait])": lambda app, folder, value: write_animation(
        folder / "a.gif", FRAMES, size=16, seconds=[value, value]
    ),
    **{
        f"write_animation({name})": lambda app, folder, value, name=name: write_animation(
            folder / "a.gif", FRAMES, **{"size": 16, name: value}
        )
        for name in ("fps", "size", "loop", "hold", "repeat", "seconds", "columns", "threads")
    },
    **{
        f"{save.__name__}({name})": lambda app, folder, value, save=save, extra=extra, name=name: save(
            app, **{"path": folder / "a.png", "faces": 1, "size": 16, **extra, name: value}
        )
        for save, extra in ((save_sample, {}), (save_edit, {"strengths": {"joy": 1.0}}), (save_grid, {}))
        for name in ("path", "faces", "seed", "size")
    },
    "run_batch(line)": lambda app, folder, value: list(run_batch([value], folder, bundle=app.path, processes=1)),
    "run_batch(folder)": lambda app, folder, value: list(run_batch([], value, bundle=app.path, processes=1)),
    "run_batch(processes)": lambda app, folder, value: list(run_batch([], folder, bundle=app.path, processes=value)),
    "run_batch(threads)": lambda app, folder, value: list(run_batch([], folder, bundle=app.path, threads=value)),
}  # fmt: skip


def beyond(value: Any, low: int, high: int) -> Any:
    """`value`, unless it is a whole number that is allowed."""
    allowed = isinstance(value, int | np.integer) and not isinstance(value, bool) and low <= value <= high
    return low if allowed else value


@pytest.mark.parametrize("call", CALLS)
@settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(value=HOSTILE)
def test_every_value_works_or_is_refused_in_one_short_line(
    editor: CheerMeUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, value: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*pictures per second are more than players show")
        try:
            CALLS[call](editor, tmp_path, value)
        except CheerMeUpError as error:
            assert str(error) and str(error).isprintable() and len(str(error)) <= LONGEST


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("move(strength)", 10**400), ("move(strength)", 1e38), ("move(strength)", "1"), ("move(strength)", True),
        ("move(strength)", np.longdouble("1e400")), ("move(until)", 10**400), ("gif(fps)", 10**400),
        ("gif(fps)", Fraction(10**400)), ("gif(hold)", 1e38), ("timeline(time)", 10**400), ("timeline(time)", "1"),
        ("timeline(fps)", Decimal(15)), ("render([[z]])", 1e38), ("render([[z]])", 2 * MAX_LATENT),
        ("write_animation([wait])", 10**400), ("write_animation([wait])", "1"), ("write_animation([wait])", -1),
        ("write_animation(columns)", 0), ("write_animation(columns)", 10**400), ("gif(emotion)", np.array(["joy"])),
        ("gif(labels)", "no"), ("gif(keep)", 3), ("sample(seed)", 10**5000), ("gif(path)", "a\0.gif"),
        ("timeline(timeline)", "start, joy@" + "9" * 200_000 + "x"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 else "value",
)  # fmt: skip
def test_numbers_without_meaning_are_refused(editor: CheerMeUp, tmp_path: Path, call: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        CALLS[call](editor, tmp_path, value)
    assert len(str(caught.value)) <= LONGEST and list(tmp_path.iterdir()) == []


def test_an_mp4_of_days_is_refused_before_it_is_encoded(editor: CheerMeUp, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds every pass, which makes 24,0.* pictures here"):
        editor.gif(tmp_path / "a.mp4", steps=2, faces=1, size=16, fps=20, hold=60, repeat=10_000)
    assert list(tmp_path.iterdir()) == []


def test_numpy_numbers_and_fractions_are_numbers(editor: CheerMeUp, tmp_path: Path) -> None:
    plain = editor.gif(tmp_path / "a.gif", "joy", 3, 20, 5, 10.5, 64, hold=0.25, repeat=2, labels=True)
    same = editor.gif(
        tmp_path / "b.gif", "joy", np.int8(3), np.int8(20), np.uint64(5), Fraction(21, 2), np.int8(64),
        hold=np.float16(0.25), repeat=np.int64(2), labels=True,
    )  # fmt: skip
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    assert (plain.duration, plain.fps) == (same.duration, same.fps)
    z = editor.sample(2)
    np.testing.assert_array_equal(editor.move(z, {"joy": Fraction(1, 2)}), editor.move(z, {"joy": np.float32(0.5)}))


OPTIONS = {
    "gif": ("--emotion", "--steps", "--timeline", "--faces", "--seed", "--fps", "--size", "--easing", "--loop",
            "--repeat", "--hold", "--keep", "--method", "--precision", "--threads", "--provider"),
    "sample": ("--faces", "--seed", "--size", "--output", "--bogus"),
    "edit": ("--set", "--until", "--keep", "--method"),
    "grid": ("--faces", "--size", "--method"),
    "doctor": ("--threads",),
    "batch": ("--processes", "--threads"),
}  # fmt: skip
TEXTS = (
    "1e400", "-1e400", "nan", "inf", "1" + "0" * 400, "9" * 5000, "1e38", "-1", "0", "", "0x10", "1,5", "١", ESCAPE,
    "bogus" * 1000, f"joy={'9' * 400}", "joy=1e400", "joy=nan", f"{ESCAPE}=1", f"start, {ESCAPE}@1s",
    f"start, joy@{'9' * 50_000}x", "\udcff", "../\n../x",
)  # fmt: skip


def strict_json(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(("command", "option"), [(command, one) for command, some in OPTIONS.items() for one in some])
def test_every_option_answers_with_json_and_one_short_line(
    bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    option: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs").write_text("", encoding="utf-8")
    needed = {"edit": ["--set", "fear=0.5"], "batch": ["jobs", "--out", "pictures"]}.get(command, [])
    small = ["--faces", "1", "--size", "16"] if command in ("gif", "sample", "edit", "grid") else []
    for text in TEXTS:
        given = [command, "--bundle", str(bundle), *needed, *small, "--json", f"{option}={text}"]
        code = main(given)
        out, err = capsys.readouterr()
        assert code in (0, 2), (given, err)
        if out:
            strict_json(out)
        line = err.removesuffix("\n")
        assert line.isprintable() and len(line) <= LONGEST + len("cheermeup: ")
        if command != "doctor":  # which reports what is wrong among other things
            assert (code == 2) == ("exit_code" in out), (given, out)


JOBS: dict[str, Any] = {
    "gif": (".gif", "emotion", "steps", "timeline", "faces", "seed", "fps", "size", "easing", "loop", "hold", "repeat",
            "labels", "bars", "keep", "method"),
    "edit": (".png", "set", "until", "faces"),
}  # fmt: skip
JSON_VALUES = (
    "1e400", "-1e400", "1" + "0" * 400, "1" + "0" * 5000, "1e38", '"1"', "true", "null", "[]", "{}", "[1]",
    '{"joy": 1e400}', '{"joy": "1"}', '{"joy": true}', '[[0, {}], ["1", {"joy": 1}]]', '[[0, {}], [1e400, {"joy": 1}]]',
    "NaN", "Infinity", f'"{"a" * 100_000}"', json.dumps(ESCAPE), "[" * 100_000,
)  # fmt: skip


@pytest.mark.slow
def test_jobs_with_hostile_options_fail_alone_in_one_short_line(editor: CheerMeUp, tmp_path: Path) -> None:
    lines = [
        f'{{"output": "{kind}-{name}-{number}{suffix}", "kind": "{kind}", "{name}": {value}}}'
        for kind, (suffix, *names) in JOBS.items()
        for name in names
        for number, value in enumerate(JSON_VALUES)
    ]
    outcomes = list(run_batch(lines, tmp_path, bundle=editor.path, processes=1))
    assert len(outcomes) == len(lines)
    for line, outcome in zip(lines, outcomes, strict=True):
        if outcome.status != "failed":
            assert '"labels": true' in line or '"bars": true' in line or '"keep": []' in line, line
            continue
        assert outcome.error and outcome.error.isprintable() and len(outcome.error) <= LONGEST
        assert "bug" not in outcome.error, (line[:200], outcome.error)
