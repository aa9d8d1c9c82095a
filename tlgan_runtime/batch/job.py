"""Jobs: pictures to be drawn, each described by a line of JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tlgan_runtime.animation.options import AnimationOptions, check_timeline
from tlgan_runtime.animation.write import is_numbered
from tlgan_runtime.bundle.manifest import parse_json
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.editor import CheerMeUp
from tlgan_runtime.errors import CheerMeUpError, InputError
from tlgan_runtime.messages import shown
from tlgan_runtime.option import check_json
from tlgan_runtime.stills import save_edit, save_sample
from tlgan_runtime.validation import STANDARD_OUTPUT, one_of
from tlgan_runtime.version import __version__

_STILL = {"faces": (int,), "seed": (int,), "size": (int,), "background": (str,)}
_UNFIT = re.compile(r"[/\\\0\ud800-\udfff]")  # for the name of a file: separators, and halves of characters
# What each kind of job takes in addition to `output`, as the command of that name does.
_OPTIONS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "gif": {name: one.kind.json for name, one in AnimationOptions.shared().items()},
    "sample": _STILL,
    "edit": {**_STILL, "set": (dict,), "until": (int, float), "keep": (list,), "method": (str,)},
}


@dataclass(frozen=True)
class Job:
    """One picture to be drawn."""

    kind: str
    """`gif`, `sample` or `edit`."""
    output: str
    """Name of the file, without folder."""
    options: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str) -> Job:
        """From a line of JSON; raises `InputError` for anything that the kind of job does not take."""
        if not isinstance(text, str):
            raise InputError(f"a job is a line of JSON, not {shown(text)}")
        try:
            document = parse_json(text.encode(), "the line")
        except UnicodeEncodeError:
            raise InputError("the line is not UTF-8") from None
        except CheerMeUpError as error:
            raise InputError(str(error)) from error
        kind = one_of("kind", document.pop("kind", "gif"), list(_OPTIONS))
        output = document.pop("output", None)
        if not isinstance(output, str) or output.startswith(".") or _UNFIT.search(output) or not output:
            raise InputError(
                f'output must be the name of a file without folder, for example "joy.gif", not {shown(output)}'
            )
        if Path(output) == STANDARD_OUTPUT or is_numbered(Path(output)):
            raise InputError(f"the output of a job is one file, not {shown(output)}")
        check_json(document, _OPTIONS[kind], "kind", "output")
        if kind == "edit" and "set" not in document:
            raise InputError('edit needs set, for example {"joy": 0.8}')
        check_timeline(document)
        return cls(kind, output, document)

    def draw(self, editor: CheerMeUp, folder: Path) -> None:
        """Writes the picture into `folder`, wholly or not at all; raises as the methods of `editor` do."""
        path, options = folder / self.output, dict(self.options)
        if self.kind == "gif":
            editor.gif(path, **options)
        elif self.kind == "sample":
            save_sample(editor, path, **options)
        else:
            save_edit(editor, path, options.pop("set"), **options)

    def digest(self, bundle: Bundle, precision: str) -> str:
        """SHA-256 of all that the picture depends on: the job, the files of the bundle, the generator that `precision`
        picks, the version of the program."""
        files = {name: entry.sha256 for name, entry in bundle.manifest.files.items()}
        content = json.dumps([asdict(self), files, precision, __version__], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()
