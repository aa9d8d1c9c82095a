"""Options that several commands of `cheermeup` take, each declared once."""

from __future__ import annotations

from pathlib import Path

from tlgan_runtime.animation.options import AnimationOptions
from tlgan_runtime.choices import PRECISIONS, PROVIDERS
from tlgan_runtime.cli.parser import Parser, whole_number
from tlgan_runtime.transparency import AUTO


def faces(parser: Parser, count: int, about: str) -> None:
    parser.option("--faces", type=whole_number, default=count, metavar="N", help=about)
    parser.option(
        "--seed", type=whole_number, default=0, metavar="N", help="Which faces: the same seed draws the same ones."
    )


def still(parser: Parser, name: str) -> None:
    parser.option(
        "-o",
        "--output",
        type=Path,
        default=Path(name),
        metavar="FILE",
        help="File to write: .png, .webp or .jpg; - is standard output.",
    )


def size(parser: Parser, side: int) -> None:
    parser.option("--size", type=whole_number, default=side, metavar="N", help="Side of each face in pixels.")


def background(parser: Parser) -> None:
    about = AnimationOptions.options()["background"].about
    parser.option("--background", metavar="COLOUR", default=AUTO, help=about)


def keep(parser: Parser) -> None:
    parser.option(
        "--keep",
        action="append",
        metavar="NAME",
        help="An emotion or attribute that must not change, or character; repeatable.",
    )


def method(parser: Parser) -> None:
    parser.option("--method", metavar="NAME", shown="the bundle's default", help="Axes to use.")


def drawing(parser: Parser) -> None:
    precision(parser)
    engine(parser)


def precision(parser: Parser) -> None:
    parser.option(
        "--precision", choices=PRECISIONS, default="auto", help="int8 draws nearly the same faces, faster on a CPU."
    )


def engine(parser: Parser) -> None:
    bundle(parser)
    parser.option("--threads", type=whole_number, metavar="N", shown="usable CPUs", help="Number of CPU threads.")


def bundle(parser: Parser) -> None:
    parser.option("--bundle", metavar="PATH", shown="solo", help="Folder, .zip, or name of an embedded bundle.")
    parser.option("--provider", choices=PROVIDERS, default="auto", help="auto uses CUDA if it works; cuda requires it.")
