"""`cheermeup sheet`: faces in the files that another program expects."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tlgan_runtime.cli.opening import open_bundle, report_file
from tlgan_runtime.errors import CheerMeUpError, InputError


def sheet(options: Namespace) -> int:
    from tlgan_runtime.sheets.write import write_sheet

    recipe = None if options.recipe is None else _read_recipe(options.recipe)
    editor = open_bundle(options)
    written = write_sheet(
        editor,
        options.target,
        options.output,
        character=options.character,
        seed=options.seed,
        emotions=options.emotions,
        variants=options.variants,
        recipe=recipe,
        background=options.background,
        matte=options.matte,
    )
    details = {
        "target": written.target, "character": written.character, "seed": options.seed, "labels": written.labels,
        "files": written.files, "bytes": written.bytes,
    }  # fmt: skip
    return report_file(editor, options, written.path, **details)


def _read_recipe(path: Path) -> object:
    from tlgan_runtime.bundle.manifest import parse_json

    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read --recipe {path}: {error.strerror or error}") from error
    try:
        return parse_json(content, str(path))
    except CheerMeUpError as error:
        raise InputError(str(error)) from error
