"""What `cheermeup` understands: its commands, their options, and the help for them."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from tlgan_runtime.animation.options import AnimationOptions
from tlgan_runtime.cli import shared_options as shared
from tlgan_runtime.cli.parser import DEBUG, HELP, Parser, number, whole_number
from tlgan_runtime.errors import InputError
from tlgan_runtime.sheets.targets import TARGETS
from tlgan_runtime.validation import nearest, one_of

VERSION, COMPLETION = "--version", "--completion"
SHELLS = ("bash", "zsh", "fish")


def program() -> Parser:
    """The parser of the program itself, for its help and for completion."""
    root = Parser(
        prog="cheermeup",
        usage="cheermeup COMMAND [options]",
        description="Draw faces from an exported bundle, change their expression, animate the change.",
    )
    root.flag(DEBUG, help="Show the traceback of an error; allowed anywhere.")
    root.flag(VERSION, help="Show the version.")
    root.option(COMPLETION, choices=SHELLS, help="Print a completion script for this shell.")
    return root


def overview() -> str:
    """The help of the program itself."""
    root = program()
    commands = root.add_subparsers(title="commands", metavar="COMMAND")
    for name, (about, _, _) in _COMMANDS.items():
        commands.add_parser(name, help=about)
    return root.format_help().rstrip()


def parse(given: list[str]) -> Namespace:
    """The options of a command, with its name as `command`. --help, --version and --completion are names, too.

    Raises `InputError` for wrong usage, and SystemExit after the help of a command.
    """
    first = given[0] if given else HELP
    if first in (HELP, "-h", VERSION):
        return Namespace(command=VERSION if first == VERSION else HELP)
    if first.partition("=")[0] == COMPLETION:
        return Namespace(command=COMPLETION, shell=program().understand(given).completion)
    if first.startswith("-"):
        close = nearest(first, (HELP, VERSION, COMPLETION, DEBUG))
        after = "options of a command come after it: cheermeup COMMAND [options]"
        raise InputError(f"unknown option {first}{close} ({after})")
    command = command_parser(one_of("command", first, list(_COMMANDS)))
    options = command.understand(given[1:])
    options.command = first
    return options


def command_names() -> list[str]:
    """The commands of `cheermeup`, in the order of its help."""
    return list(_COMMANDS)


def command_parser(name: str) -> Parser:
    """What a command understands; `name` is one of `command_names`."""
    about, usage, describe = _COMMANDS[name]
    command = Parser(prog=f"cheermeup {name}", usage=f"cheermeup {name} {usage}", description=about)
    describe(command)
    command.flag("--json", dest="json_output", help="Print JSON on standard output.")
    command.flag("--quiet", help="Print no progress and no warnings.")
    return command


def _gif(parser: Parser) -> None:
    parser.option(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        shown="EMOTION.gif or timeline.gif",
        help=AnimationOptions.options()["path"].about,
    )
    parser.option(
        "--frames", type=Path, metavar="DIR", help="New folder for the frames, 0001.png and so on, in place of a file."
    )
    parser.options_of(AnimationOptions)
    shared.drawing(parser)


def _sample(parser: Parser) -> None:
    shared.faces(parser, 8, "Number of faces.")
    shared.still(parser, "faces.png")
    shared.size(parser, 256)
    shared.background(parser)
    shared.drawing(parser)


def _edit(parser: Parser) -> None:
    parser.option(
        "--set", dest="settings", action="append", required=True, metavar="EMOTION=STRENGTH",
        help="joy=0.8; give it once for each emotion.",
    )  # fmt: skip
    parser.option(
        "--until", type=number, metavar="X",
        help="Stop each face where the classifier gives the emotions this probability.",
    )  # fmt: skip
    shared.keep(parser)
    shared.faces(parser, 4, "Number of faces.")
    shared.still(parser, "edit.png")
    shared.size(parser, 256)
    shared.background(parser)
    shared.method(parser)
    shared.drawing(parser)


def _grid(parser: Parser) -> None:
    shared.faces(parser, 4, "Number of faces, one row for each.")
    shared.still(parser, "grid.png")
    shared.size(parser, 128)
    shared.background(parser)
    shared.method(parser)
    shared.drawing(parser)


def _sheet(parser: Parser) -> None:
    parser.option(
        "--for", dest="target", required=True, choices=tuple(TARGETS), metavar="TARGET",
        help=f"What the pictures are for: {', '.join(TARGETS)}.",
    )  # fmt: skip
    parser.option(
        "-o", "--output", type=Path, metavar="PATH", shown="TARGET",
        help="New folder, or file for a target that is one (.charx); sillytavern also packs a .zip.",
    )  # fmt: skip
    parser.option("--character", metavar="NAME", shown="as the seed draws", help="Who is drawn.")
    parser.option("--seed", type=whole_number, default=0, metavar="N", help="Which face.")
    parser.option("--emotions", metavar="NAMES", shown="all", help="Labels to write, such as joy,fear.")
    parser.option(
        "--variants", type=whole_number, default=1, metavar="N", help="Faces for each label, which sillytavern takes."
    )
    parser.option(
        "--recipe", type=Path, metavar="FILE",
        help='Labels of your own as mixes, a JSON object: {"smirk": {"joy": 0.4, "disgust": 0.2}}.',
    )  # fmt: skip
    shared.background(parser)
    parser.option(
        "--matte", metavar="COLOUR", default=AnimationOptions.matte, help=AnimationOptions.options()["matte"].about
    )
    shared.drawing(parser)


def _cheer(parser: Parser) -> None:
    parser.option("picture", metavar="PICTURE", help="A picture, an animation, a video, or a folder of pictures.")
    parser.option("--emotion", default="joy", metavar="NAME", help="Emotion that the face gets.")
    parser.option(
        "--strength", type=number, metavar="X", shown="1", help="How much of it: 0 is none, 1 the full effect."
    )
    parser.option(
        "--until", type=number, metavar="X", help="Stop where the classifier gives the emotion this probability."
    )
    parser.option(
        "-o", "--output", type=Path, metavar="PATH", shown="PICTURE-EMOTION.png",
        help="File, or new folder: .png, .webp or .jpg; .gif, .mp4 or .webm for the way there; - is standard output.",
    )  # fmt: skip
    parser.option(
        "--box", action="append", metavar="X,Y,W,H", help="Where the face is, in pixels; once for each face of a still."
    )
    parser.flag("--refine", help="Look for a latent that draws the face better, in the time of drawing many faces.")
    parser.flag("--force", help="Also edit pictures that hardly fit the bundle.")
    shared.keep(parser)
    shared.method(parser)
    shared.drawing(parser)


def _site(parser: Parser) -> None:
    parser.option("folder", type=Path, metavar="DIR", help="New folder for the files of the site.")
    parser.option(
        "--onnxruntime-web", type=Path, metavar="FOLDER", shown="node_modules of the working directory",
        help="The npm package onnxruntime-web, or its folder dist.",
    )  # fmt: skip
    shared.drawing(parser)


def _serve(parser: Parser) -> None:
    parser.option("--address", default="127.0.0.1", metavar="ADDRESS", help="Address to listen on; 0.0.0.0 is all.")
    parser.option("--port", type=whole_number, default=8000, metavar="N", help="Port to listen on; 0 takes a free one.")
    parser.option(
        "--host-name", action="append", metavar="NAME",
        help="A name by which clients may call the server, besides its address and localhost; repeatable.",
    )  # fmt: skip
    parser.option(
        "--cors", action="append", metavar="ORIGIN",
        help="A site whose pages may use the server, such as https://example.org; repeatable.",
    )  # fmt: skip
    shared.precision(parser)
    shared.bundle(parser)
    parser.option(
        "--threads", type=whole_number, metavar="N", shown="usable CPUs", help="Requests that are drawn at a time."
    )


def _batch(parser: Parser) -> None:
    parser.option("jobs", metavar="JOBS", help="File with one JSON object per line; - reads standard input.")
    parser.option("--out", type=Path, required=True, metavar="DIR", help="Folder for the pictures.")
    parser.option("-j", "--processes", type=whole_number, metavar="N", shown="usable CPUs", help="Number of processes.")
    parser.option("--threads", type=whole_number, default=1, metavar="N", help="CPU threads for each process.")
    shared.precision(parser)
    shared.bundle(parser)


_COMMANDS = {
    "gif": ("Animate faces on their way to an emotion, or through a timeline.", "[options]", _gif),
    "sample": ("Draw seeded faces as they are.", "[options]", _sample),
    "edit": (
        "Change the expression of seeded faces: before in the upper row, after in the lower row.",
        "--set EMOTION=STRENGTH [options]",
        _edit,
    ),
    "grid": ("Draw a contact sheet: each face as it is, then with each emotion at full strength.", "[options]", _grid),
    "sheet": (
        "Write a character's faces in the files, sizes and names that a program expects.",
        "--for TARGET [options]",
        _sheet,
    ),
    "cheer": (
        "Change the expression in a picture, an animation, a video, or each picture of a folder.",
        "PICTURE [options]",
        _cheer,
    ),
    "site": (
        "Write a web page as a static folder; it runs the bundle in the visitor's browser.",
        "DIR [options]",
        _site,
    ),
    "serve": (
        "Serve a page with sliders, and an HTTP API that draws, moves and animates faces and edits pictures.",
        "[options]",
        _serve,
    ),
    "info": ("Show the contents of a bundle.", "[options]", shared.engine),
    "verify": (
        "Check every file of a bundle, and run its graphs once in a process with limited time and memory.",
        "[options]",
        shared.engine,
    ),
    "doctor": (
        "Show the hardware, libraries and providers that are really in use, and their problems.",
        "[options]",
        shared.engine,
    ),
    "batch": (
        "Draw many pictures, but not those that are finished. --json prints an object for each job.",
        "JOBS --out DIR [options]",
        _batch,
    ),
}
"""For each command: its description, its usage, and the function that adds its options."""
