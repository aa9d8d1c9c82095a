"""Command lines called in this process, with what they print."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    def stages(self, word: str) -> list[str]:
        """Return the stages, in order, for which progress says `word`: `started` or `already done`."""
        return [line.partition(":")[0] for line in self.err.splitlines() if line.endswith(f": {word}")]


def call(command: Callable[[list[str]], int], *arguments: object) -> Outcome:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command([str(argument) for argument in arguments])
    return Outcome(code, out.getvalue(), err.getvalue())


def refused(outcome: Outcome) -> str:
    """The one line on standard error of a command that was refused; fails if it was not, or not in one line."""
    assert outcome.code == 2, outcome
    assert outcome.out == "" and outcome.err.count("\n") == 1 and "Traceback" not in outcome.err, outcome
    return outcome.err
