"""`cheermeup batch`: the jobs of a file, drawn by several processes."""

from __future__ import annotations

import json
import signal
import sys
from argparse import Namespace
from collections import Counter
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from tlgan_runtime.cli.console import complain, hush, write
from tlgan_runtime.errors import InputError
from tlgan_runtime.signals import INTERRUPTS

SOME_FAILED = 2


def batch(options: Namespace) -> int:
    from tlgan_runtime.batch.run import run_batch

    hush(options.quiet)
    counts: Counter[str] = Counter()
    with _Interrupts() as interrupts, _opened(options.jobs) as lines:
        outcomes = run_batch(
            lines, options.out, bundle=options.bundle, provider=options.provider, precision=options.precision,
            threads=options.threads, processes=options.processes,
        )  # fmt: skip
        with closing(outcomes):
            for outcome in outcomes:
                counts[outcome.status] += 1
                if outcome.error is not None:
                    complain(f"cheermeup: line {outcome.line}: {outcome.error}")
                if options.json_output:
                    write(json.dumps({key: value for key, value in asdict(outcome).items() if value is not None}))
                elif outcome.error is None:
                    write(str(outcome.output))
                if interrupts.came:  # Python loses an exception that is raised in the callback of a weak reference
                    raise KeyboardInterrupt
    if not options.quiet:
        complain(", ".join(f"{counts[status]} {status}" for status in ("done", "skipped", "failed")))
    return SOME_FAILED if counts["failed"] else 0


def _opened(jobs: str) -> AbstractContextManager[TextIO]:
    # Bytes that are not UTF-8 pass unchanged, so that the job of their line reports them.
    if jobs == "-":
        if sys.stdin is None:
            raise InputError("cannot read jobs: standard input is closed; name a file with one JSON object per line")
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
        return nullcontext(sys.stdin)
    try:
        return Path(jobs).open(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise InputError(f"cannot read {jobs}: {error.strerror}; name a file with one JSON object per line") from None


class _Interrupts:
    """The first interrupt lets the pictures in progress finish, and says so; the second one stops them."""

    def __init__(self) -> None:
        self.came = False
        self._before = {one: signal.getsignal(one) for one in INTERRUPTS}

    def __enter__(self) -> _Interrupts:
        for one, handler in self._before.items():
            if handler != signal.SIG_IGN:
                signal.signal(one, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _interrupt(self, number: int, frame: object) -> None:
        from multiprocessing import active_children

        workers = active_children()
        if (
            self.came
        ):  # nothing is raised, wherever the first one has got to: the pool ends by itself without its workers
            for process in workers:
                process.kill()
            return
        if not workers:  # nothing is in work yet, and modules are perhaps being imported
            before = self._before[signal.Signals(number)]
            if callable(before):
                before(number, None)
        self.came = True
        complain("cheermeup: finishing the pictures in progress; interrupt again (Ctrl-C) to stop now")
        raise KeyboardInterrupt
