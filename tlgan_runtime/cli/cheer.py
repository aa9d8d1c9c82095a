"""`cheermeup cheer`: another expression in a picture, in a folder of pictures, in an animation or in a video."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from tlgan_runtime.cli.console import complain, report, show_progress
from tlgan_runtime.cli.opening import open_bundle
from tlgan_runtime.errors import InputError
from tlgan_runtime.messages import shown
from tlgan_runtime.validation import STANDARD_OUTPUT

SOME_REFUSED = 2


def cheer(options: Namespace) -> int:
    if options.strength is not None and options.until is not None:
        raise InputError("--strength and --until both say how far the expression goes; give one of them")
    boxes = tuple(map(_box, options.box or ()))
    source = Path(options.picture)
    if not source.exists():
        raise InputError(f"there is no {source}; name a picture, an animation, a video or a folder of pictures")
    editor = open_bundle(options)

    from tlgan_runtime.pictures.files import Edit, edit_file, edit_folder, usual_suffix

    strength = 1.0 if options.strength is None else options.strength
    edit = Edit(
        {options.emotion: strength}, options.method, options.until, tuple(options.keep or ()), boxes,
        options.refine, options.force,
    )  # fmt: skip
    if source.is_dir():
        refused: dict[str, str] = {}

        def refuse(name: str, error: InputError) -> None:
            refused[name] = str(error)
            complain(f"cheermeup: {name}: {error}")

        target = options.output or Path(f"{source.resolve().name}-{options.emotion}")
        edited = edit_folder(editor, source, target, edit, refuse)
        document = {"path": str(target), "edited": edited, "refused": refused, "bundle": editor.manifest.name}
        report(options.json_output, document, [f"{target}: {len(edited)} edited, {len(refused)} refused"])
        return SOME_REFUSED if refused else 0
    target = options.output or Path(f"{source.stem}-{options.emotion}{usual_suffix(source)}")
    watched = not options.quiet and sys.stderr is not None and sys.stderr.isatty()
    facts = edit_file(editor, source, target, edit, show_progress if watched else None)
    if target != STANDARD_OUTPUT:  # the picture is there, and nothing must follow it
        report(options.json_output, {**facts, "bundle": editor.manifest.name}, [str(target)])
    return 0


def _box(text: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4:
        raise InputError(f"cannot read --box {shown(text)}; write it as X,Y,W,H in pixels, for example 40,20,256,256")
    return numbers
