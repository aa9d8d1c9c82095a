"""The `cheermeup` command: parses the command line, calls `CheerMeUp`, and prints the result.

Everything heavy is imported inside the commands, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tlgan_runtime.cli.arguments import COMPLETION, VERSION, overview, parse
from tlgan_runtime.cli.batch import batch
from tlgan_runtime.cli.cheer import cheer
from tlgan_runtime.cli.console import as_json, complain, hush, report, show_warning, write
from tlgan_runtime.cli.gif import gif
from tlgan_runtime.cli.opening import open_bundle, report_file
from tlgan_runtime.cli.parser import DEBUG, HELP
from tlgan_runtime.cli.serve import serve
from tlgan_runtime.cli.sheet import sheet
from tlgan_runtime.errors import CheerMeUpError, InputError
from tlgan_runtime.messages import one_line, shown
from tlgan_runtime.signals import INTERRUPTED, end_on_interrupts

DONE, BUG = 0, 1


def sample(options: Namespace) -> int:
    from tlgan_runtime import stills

    editor = open_bundle(options)
    stills.save_sample(
        editor,
        options.output,
        faces=options.faces,
        seed=options.seed,
        size=options.size,
        background=options.background,
    )
    return report_file(editor, options, options.output, faces=options.faces, seed=options.seed)


def edit(options: Namespace) -> int:
    from tlgan_runtime import stills

    strengths: dict[str, float] = {}
    for name, strength in map(_parse_setting, options.settings):
        if name in strengths:
            raise InputError(f"--set gives {name} two strengths; give it one")
        strengths[name] = strength
    editor = open_bundle(options)
    before, after = stills.save_edit(
        editor,
        options.output,
        strengths,
        until=options.until,
        keep=options.keep or (),
        faces=options.faces,
        seed=options.seed,
        size=options.size,
        method=options.method,
        background=options.background,
    )
    details: dict[str, Any] = {"faces": options.faces, "seed": options.seed, "strengths": strengths}
    if options.json_output:
        for key, images in (("before", before), ("after", after)):
            scores = editor.classify(images).emotion
            details[key] = [dict(zip(editor.emotions, map(float, row), strict=True)) for row in scores]
    return report_file(editor, options, options.output, **details)


def grid(options: Namespace) -> int:
    from tlgan_runtime import stills

    editor = open_bundle(options)
    columns = stills.save_grid(
        editor,
        options.output,
        faces=options.faces,
        seed=options.seed,
        size=options.size,
        method=options.method,
        background=options.background,
    )
    return report_file(editor, options, options.output, faces=options.faces, seed=options.seed, columns=columns)


def site(options: Namespace) -> int:
    from tlgan_runtime.site.write import write_site

    editor = open_bundle(options)
    written = write_site(editor, options.folder, onnxruntime_web=options.onnxruntime_web, precision=options.precision)
    return report_file(editor, options, written.path, files=written.files, bytes=written.bytes)


def info(options: Namespace) -> int:
    from tlgan_runtime.cli.info import describe_bundle

    editor = open_bundle(options)
    document = {
        "path": str(editor.path),
        "methods": editor.methods,
        "attributes": editor.attributes,
        **editor.manifest.to_dict(),
    }
    report(options.json_output, document, describe_bundle(editor))
    return DONE


def verify(options: Namespace) -> int:
    from tlgan_runtime.bundle.find import find_bundle
    from tlgan_runtime.bundle.read import Bundle
    from tlgan_runtime.graphs.trial import try_graphs
    from tlgan_runtime.validation import whole
    from tlgan_runtime.workers import MAX_THREADS

    if options.provider == "cuda":
        raise InputError(
            "verify runs graphs on the CPU, under a limit of memory that CUDA cannot start with; leave --provider cuda "
            "out (cheermeup doctor --provider cuda tries CUDA)"
        )
    threads = 1 if options.threads is None else whole("threads", options.threads, 1, MAX_THREADS)
    opened = Bundle(find_bundle(options.bundle))
    files = opened.verify()
    ran = try_graphs(opened.path, threads=threads)
    lines = [f"{name}: ok, {entry.bytes} bytes" for name, entry in files.items()]
    lines.append(f"graphs: ok, ran {', '.join(ran)}")
    report(options.json_output, {"path": str(opened.path), "intact": True, "files": list(files), "ran": ran}, lines)
    return DONE


def doctor(options: Namespace) -> int:
    from tlgan_runtime.cli.doctor import describe, examine

    hush(options.quiet)
    findings, exit_code = examine(options.bundle, options.provider, options.threads)
    report(options.json_output, findings, describe(findings))
    return exit_code


_COMMANDS = {
    "gif": gif, "sample": sample, "edit": edit, "grid": grid, "sheet": sheet, "cheer": cheer, "site": site,
    "serve": serve,
    "info": info, "verify": verify, "doctor": doctor, "batch": batch,
}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 a bug, 2 usage or input, 3 bundle, 4 provider, 130.

    Without `arguments` the process is the command's own: an interrupt (SIGINT, SIGTERM, SIGHUP) ends it.
    """
    if arguments is None:
        end_on_interrupts("cheermeup: interrupted")
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG in given
    given = [argument for argument in given if argument != DEBUG]
    # Unless told otherwise, numpy starts a thread for each CPU when it is imported, which costs a fifth of the CPU time
    # of a whole `gif`; no product here is large enough for two.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with warnings.catch_warnings(), _no_collections():
        warnings.showwarning = show_warning
        try:
            return _run(given)
        except KeyboardInterrupt:
            complain("cheermeup: interrupted")
            return INTERRUPTED
        except Exception as error:
            if debug:
                complain(traceback.format_exc().rstrip())
            message, exit_code = _explain(error)
            if "--json" in given:
                write(as_json({"error": message, "type": type(error).__name__, "exit_code": exit_code}))
            complain(f"cheermeup: {message}")
            return exit_code


@contextmanager
def _no_collections() -> Iterator[None]:
    """Switch off the search for cycles, which costs 3% of the time of a `gif`.

    A command keeps what it imports until it ends, and drawing makes no cycles.
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


def _run(given: list[str]) -> int:
    try:
        options = parse(given)
    except SystemExit:  # how argparse ends after --help
        return DONE
    if options.command == VERSION:
        from tlgan_runtime.version import __version__

        write(f"cheermeup {__version__}")
    elif options.command == COMPLETION:
        from tlgan_runtime.cli.completion import completion

        write(completion(options.shell))
    elif options.command == HELP:
        write(overview())
    else:
        return _COMMANDS[options.command](options)
    return DONE


def _explain(error: Exception) -> tuple[str, int]:
    if isinstance(error, CheerMeUpError):
        return str(error), error.exit_code
    return f"{one_line(f'this is a bug: {type(error).__name__}: {error}')} (--debug shows where)", BUG


def _parse_setting(item: str) -> tuple[str, float]:
    emotion, equals, strength = item.partition("=")
    try:
        if not equals:
            raise ValueError
        return emotion.strip(), float(strength)
    except ValueError:
        raise InputError(
            f"cannot read --set {shown(item)}; write it as emotion=strength, for example joy=0.8"
        ) from None
