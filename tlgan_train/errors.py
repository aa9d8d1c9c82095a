"""Errors that the user can fix, each with a message of one line."""

from __future__ import annotations

from collections.abc import Sequence


class TrainError(Exception):
    """Bad input, bad options, or a run that cannot continue. The message says what is wrong and what would be right."""


class MistakesError(TrainError):
    """Several mistakes at once, with a line for each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


def refuse(lines: Sequence[str]) -> None:
    """Raise `TrainError` for one line and `MistakesError` for several. Without lines, do nothing."""
    if len(lines) == 1:
        raise TrainError(lines[0])
    if lines:
        raise MistakesError(lines)
