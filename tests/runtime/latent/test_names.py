"""Names that commands, mixes and timelines can hold, and those that they cannot."""

from __future__ import annotations

import pytest

from tlgan_runtime.latent.names import RESERVED, flaw, without_flaw
from tlgan_runtime.latent.timeline import parse_timeline

ADDRESSABLE = (
    "joy",
    "喜び",
    "Freude",
    "radość życia",
    "خوش\u200cحال",
    "very happy",
    "1",
    "joy_2",
    "so-so",
    "😀",
    "d'oh",
)
REFUSED = (
    "", " ", " joy", "joy ", "joy\u3000", "very+happy", "joy,mild", "a=b", "a:b", "a@b", "a/b", "a\\b", "-joy",
    "joy\nsad", "joy\tsad", "joy\x1b[31m", "joy\u2028", "\udc80", "\ufeffjoy", "joy\u202e", "so\u00adso",
    "x" * 201, *RESERVED,
)  # fmt: skip


@pytest.mark.parametrize("name", ADDRESSABLE)
def test_names_in_any_script_may_be_used(name: str) -> None:
    assert flaw(name) is None and without_flaw(name) == name
    assert parse_timeline(f"start, {name}:0.5@1s, {name}@2s") == [(0.0, {}), (1.0, {name: 0.5}), (2.0, {name: 1.0})]


@pytest.mark.parametrize("name", REFUSED)
def test_names_that_mean_something_else_are_found_with_one_that_works(name: str) -> None:
    assert flaw(name)
    assert flaw(without_flaw(name)) is None


def test_what_timelines_take_for_something_else_has_a_flaw() -> None:
    for character in map(chr, range(0x3000)):
        name = f"a{character}b"
        try:
            understood = parse_timeline(f"start, {name}@1s")[-1][1] == {name: 1.0}
        except ValueError:
            understood = False
        assert understood or flaw(name), ascii(name)
