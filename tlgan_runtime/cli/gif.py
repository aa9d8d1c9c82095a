"""`cheermeup gif`: an animation as a file, or as a folder of frames."""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import nullcontext
from pathlib import Path

from tlgan_runtime.animation.options import WALK_ONLY, AnimationOptions
from tlgan_runtime.cli.console import show_progress
from tlgan_runtime.cli.opening import open_bundle, report_file
from tlgan_runtime.errors import InputError
from tlgan_runtime.messages import shown

FRAMES = "%04d.png"
"""Names of the files in a folder of frames."""


def gif(options: Namespace) -> int:
    given = {name: value for name, value in vars(options).items() if name in AnimationOptions.shared()}
    unused = [name for name in WALK_ONLY if name in given]
    if "timeline" in given and unused:
        raise InputError(
            f"--timeline already gives emotions and times; leave --{unused[0]} out (--fps sets the frames per second)"
        )
    asked = AnimationOptions.defaults() | given
    names = [name.strip() for name in asked["emotion"].split(",")]
    if not all(names):
        wanted = "name an emotion, several (joy,anger) or all"
        raise InputError(f"cannot read --emotion {shown(asked['emotion'])}; {wanted}")
    name = "-".join(names) if asked["timeline"] is None else "timeline"
    if options.frames is not None and options.output is not None:
        raise InputError("--frames and -o both say where the frames go; give one of them")
    editor = open_bundle(options)

    from tlgan_runtime.files import creating

    with nullcontext() if options.frames is None else creating(options.frames) as folder:
        written = editor.gif(
            options.output or Path(f"{name}.gif") if folder is None else folder / FRAMES,
            **given | {"emotion": names[0] if len(names) == 1 else names},
            progress=show_progress if not options.quiet and sys.stderr is not None and sys.stderr.isatty() else None,
        )
    moved = {key: asked[key] for key in (WALK_ONLY if asked["timeline"] is None else ("timeline",))}
    details = {"frames": written.frames, "duration": written.duration, "fps": written.fps, "bytes": written.bytes}
    path = written.path if options.frames is None else options.frames / FRAMES
    return report_file(editor, options, path, **moved, faces=asked["faces"], seed=asked["seed"], **details)
