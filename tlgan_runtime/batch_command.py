"""`cheermeup batch`: the jobs of a file, drawn by several processes."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections import Counter
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from tlgan_runtime.console import complain, hush, write
from tlgan_runtime.errors import InputError

SOME_FAILED = 2


def batch(options: Namespace) -> int:
    from tlgan_runtime.batch import run_batch

    hush(options.quiet)
    counts: Counter[str] = Counter()
    with _opened(options.jobs) as lines:
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
    if not options.quiet:
        complain(", ".join(f"{counts[status]} {status}" for status in ("done", "skipped", "failed")))
    return SOME_FAILED if counts["failed"] else 0


def _opened(jobs: str) -> AbstractContextManager[TextIO]:
    if jobs == "-":
        return nullcontext(sys.stdin)
    try:
        return Path(jobs).open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"cannot read {jobs}: {error.strerror}; name a file with a JSON object in each line") from None
