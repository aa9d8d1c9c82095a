"""`cheermeup batch`: the jobs of a file, drawn by several processes."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import closing, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tlgan_runtime.console import hush, write
from tlgan_runtime.errors import InputError
from tlgan_runtime.options import (
    BundleOption,
    JsonOption,
    Precision,
    PrecisionOption,
    Provider,
    ProviderOption,
    QuietOption,
)

SOME_FAILED = 2


def batch(
    jobs: Annotated[str, typer.Argument(metavar="JOBS", help="File with a JSON object in each line; - reads them.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the pictures.")],
    processes: Annotated[
        int | None, typer.Option("-j", "--processes", help="Processes that draw.", show_default="usable CPUs")
    ] = None,
    bundle: BundleOption = None,
    provider: ProviderOption = Provider.auto,
    precision: PrecisionOption = Precision.auto,
    threads: Annotated[int, typer.Option("--threads", help="CPU threads of each process.")] = 1,
    json_output: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw many pictures; what is there already is not drawn again. --json prints an object for each job."""
    from tlgan_runtime.batch import run_batch

    hush(quiet)
    counts: Counter[str] = Counter()
    try:
        source = nullcontext(sys.stdin) if jobs == "-" else Path(jobs).open(encoding="utf-8", errors="replace")  # noqa: SIM115
    except OSError as error:
        raise InputError(f"cannot read {jobs}: {error.strerror}; name a file with a JSON object in each line") from None
    with source as lines:
        outcomes = run_batch(
            lines, out, bundle=bundle, provider=provider.value, precision=precision.value, threads=threads,
            processes=processes,
        )  # fmt: skip
        with closing(outcomes):
            for outcome in outcomes:
                counts[outcome.status] += 1
                if outcome.error is not None:
                    typer.echo(f"cheermeup: line {outcome.line}: {outcome.error}", err=True)
                if json_output:
                    write(json.dumps({key: value for key, value in asdict(outcome).items() if value is not None}))
                elif outcome.error is None:
                    write(str(outcome.output))
    if not quiet:
        typer.echo(", ".join(f"{counts[status]} {status}" for status in ("done", "skipped", "failed")), err=True)
    if counts["failed"]:
        raise typer.Exit(SOME_FAILED)
