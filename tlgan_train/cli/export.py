"""Command line `tlgan-export`: a run as a bundle, or as a model repository for a server.

torch is imported inside the command, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tlgan_runtime.bundle.find import embedded_bundles, find_bundle
from tlgan_runtime.bundle.manifest import MANIFEST
from tlgan_runtime.cli.console import write
from tlgan_train.cli.messages import to_standard_error, warn_of_weaknesses
from tlgan_train.cli.outcome import STYLE, run_app
from tlgan_train.errors import TrainError

export_app = typer.Typer(**STYLE)


@export_app.command()
def export_run(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|BUNDLE", help="Run folder of a finished `tlgan-train all`; with --triton also a bundle."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the bundle. An older bundle there is replaced.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Name of the bundle.", show_default="name of the folder")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Add a generator in 8-bit integers. Refused if its faces differ too much.")
    ] = False,
    triton: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="New folder for a model repository for Triton Inference Server, with walk.onnx."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Export a run as a bundle of ONNX and JSON files, as a model repository for a server, or both."""
    bundle = _bundle(source)
    if out is None and triton is None:
        raise TrainError("give an output: --out DIR for a bundle, --triton DIR for a model repository, or both")
    if bundle is not None and out is not None:
        raise TrainError(f"{source} is a bundle already; --out takes a run folder")
    if (name is not None or int8) and out is None:
        raise TrainError("--name and --int8 belong to a bundle, so they need --out")
    from tlgan_runtime.bundle.read import Bundle
    from tlgan_runtime.files import unfinished
    from tlgan_train.export.bundle import export_bundle
    from tlgan_train.export.triton import check_new, write_triton

    log = to_standard_error(quiet)
    if triton is not None:
        check_new(triton)
    with unfinished(Path(tempfile.gettempdir()), directory=True) as scratch:
        if bundle is None:
            folder = out or scratch / "bundle"
            bundle = export_bundle(source, folder, name, log if out else lambda _: None, int8=int8)
        if out is not None:
            write(str(out))
            warn_of_weaknesses(source)
        if triton is not None:
            write(str(write_triton(Bundle(bundle), triton, log)))


def export_main(arguments: list[str] | None = None) -> int:
    """Run `tlgan-export` and return the exit code: those of `tlgan-train`, and 3 for a damaged bundle."""
    given = sys.argv[1:] if arguments is None else arguments
    return run_app(export_app, "tlgan-export", given, alone=arguments is None)


def _bundle(source: Path) -> Path | None:
    """Return the path of the bundle that `source` is or names, or None for a run folder, even an incomplete one."""
    if source.is_dir() and not (source / MANIFEST).is_file():
        return None
    if not source.exists() and str(source) not in embedded_bundles():
        known = ", ".join(embedded_bundles()) or "none"
        raise TrainError(f"{source} is neither a run folder nor a bundle; embedded bundles: {known}")
    return find_bundle(source)
