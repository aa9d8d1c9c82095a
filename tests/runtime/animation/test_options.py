"""The options of an animation: declared once, offered by the Python interface, the command line and jobs."""

from __future__ import annotations

import inspect
import json
from argparse import Namespace
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pytest

from tlgan_runtime import CheerMeUp, InputError
from tlgan_runtime.animation.options import AnimationOptions
from tlgan_runtime.batch.job import Job
from tlgan_runtime.cli.arguments import Parser, parse
from tlgan_runtime.option import Choice, Flag, Names, Options, Real, Whole, option, takes

FOR_PROGRAMS = {"path", "progress"}
GIVEN: dict[str, tuple[list[str], Any, Any]] = {
    # option: on the command line, as it is understood, in a job
    "emotion": (["joy,fear"], "joy,fear", ["joy", "fear"]),
    "steps": (["7"], 7, 7),
    "faces": (["3"], 3, 3),
    "seed": (["9"], 9, 9),
    "fps": (["12.5"], 12.5, 12.5),
    "size": (["64"], 64, 64),
    "timeline": (["start, joy@1s"], "start, joy@1s", [[0, {}], [1, {"joy": 1}]]),
    "easing": (["smooth"], "smooth", "smooth"),
    "loop": (["forth"], "forth", "forth"),
    "hold": (["0.25"], 0.25, 0.25),
    "repeat": (["2"], 2, 2),
    "background": (["none"], "none", "#ffaa00"),
    "matte": (["black"], "black", "black"),
    "labels": ([], True, True),
    "bars": ([], True, True),
    "keep": (["fear"], ["fear"], ["fear"]),
    "method": (["paper"], "paper", "paper"),
}


def test_the_signature_of_gif_is_that_of_the_options() -> None:
    expected = list(inspect.signature(AnimationOptions).parameters.values())
    assert list(inspect.signature(CheerMeUp.gif).parameters.values())[1:] == expected
    assert [one.name for one in fields(AnimationOptions)] == [parameter.name for parameter in expected]
    for name, one in AnimationOptions.options().items():
        assert f"{name}: {one.about}" in (CheerMeUp.gif.__doc__ or "")


def test_every_option_is_offered_by_the_command_line_and_by_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    assert GIVEN.keys() == {one.name for one in fields(AnimationOptions)} - FOR_PROGRAMS
    with pytest.raises(SystemExit):
        parse(["gif", "--help"])
    shown = capsys.readouterr().out
    for name, (written, understood, in_job) in GIVEN.items():
        assert f"--{name}" in shown
        assert getattr(parse(["gif", f"--{name}", *written]), name) == understood
        assert Job.parse(json.dumps({"output": "a.gif", name: in_job})).options == {name: in_job}


def test_options_that_are_not_given_are_left_to_the_defaults() -> None:
    assert vars(parse(["gif"])).keys().isdisjoint(GIVEN)


@pytest.mark.parametrize("name", sorted(FOR_PROGRAMS))
def test_what_is_for_programs_alone_is_offered_to_them_alone(name: str) -> None:
    with pytest.raises(InputError, match="unknown option"):
        parse(["gif", f"--{name}", "x"])
    with pytest.raises(InputError, match="unknown option"):
        Job.parse(json.dumps({"output": "a.gif", name: "x"}))


@dataclass(frozen=True)
class Weather(Options):
    """An options class of which no other file knows."""

    wind: float = field(metadata=option(Real(0, 12), "How strong the wind is."))
    days: int = field(default=3, metadata=option(Whole(1, 7), "How far ahead.", title="the number of days"))
    sky: str | None = field(default=None, metadata=option(Choice(("blue", "grey")), "Colour.", none="as it comes"))
    rain: bool = field(default=False, metadata=option(Flag(), "Let it rain."))
    near: tuple[str, ...] = field(default=(), metadata=option(Names(), "Which towns."))


class Station:
    @takes(Weather)
    def forecast(self, weather: Weather) -> Weather:
        """Forecast the weather."""
        return weather


def test_one_declaration_gives_arguments_checks_and_help() -> None:
    assert str(inspect.signature(Station.forecast)).startswith("(self, wind: 'float', days: 'int' = 3, sky: ")
    assert Station().forecast(2, rain=True) == Weather(wind=2.0, days=3, sky=None, rain=True, near=())
    for wrong, says in (
        ({"wind": 13}, "wind must be a number from 0 to 12, not 13"),
        ({"wind": None}, "wind must be a number"),
        ({"wind": 1, "days": 0}, "the number of days must be a whole number from 1 to 7"),
        ({"wind": 1, "sky": "gray"}, "unknown sky 'gray'; did you mean grey"),
        ({"wind": 1, "rain": 1}, "rain must be True or False"),
    ):
        with pytest.raises(InputError, match=says):
            Station().forecast(**wrong)
    parser = Parser(prog="weather")
    parser.options_of(Weather)
    given = parser.understand(["--wind", "3", "--sky", "blue", "--rain", "--near", "here", "--near", "there"])
    assert given == Namespace(wind=3.0, sky="blue", rain=True, near=["here", "there"])
    shown = " ".join(parser.format_help().split())
    assert "--days N How far ahead. [3]" in shown and "--sky {blue,grey} Colour. [as it comes]" in shown
    assert "days: How far ahead. [3]" in (Station.forecast.__doc__ or "")


def test_values_are_checked_before_anything_else(editor: CheerMeUp, tmp_path: Path) -> None:
    for wrong in ({"steps": 1}, {"size": 8}, {"fps": 0}, {"hold": 61}, {"repeat": 0}, {"labels": "yes"}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            editor.gif(tmp_path / "a.gif", **wrong)
    with pytest.raises(InputError, match="loop once plays a single pass"):
        editor.gif(tmp_path / "a.gif", loop="once", repeat=2)
    assert list(tmp_path.iterdir()) == []
