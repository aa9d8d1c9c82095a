"""Options that several commands of `cheermeup` share, and the names that they take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Provider(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Precision(StrEnum):
    auto = "auto"
    int8 = "int8"


class Loop(StrEnum):
    forth_and_back = "forth-and-back"
    forth = "forth"
    once = "once"


class Easing(StrEnum):
    linear = "linear"
    smooth = "smooth"


BundleOption = Annotated[str | None, typer.Option("--bundle", help="Folder, .zip or name.", show_default="solo")]
ProviderOption = Annotated[Provider, typer.Option("--provider", help="auto takes CUDA where it works; cuda insists.")]
PrecisionOption = Annotated[
    Precision, typer.Option("--precision", help="int8 is faster on a CPU and nearly the same faces.")
]
ThreadsOption = Annotated[int | None, typer.Option("--threads", help="CPU threads.", show_default="usable CPUs")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress, no warnings.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Which faces: the same seed draws the same ones.")]
SizeOption = Annotated[int, typer.Option("--size", help="Side of each face in pixels.")]
MethodOption = Annotated[str | None, typer.Option("--method", help="Axes to use.", show_default="the bundle's default")]
KeepOption = Annotated[
    list[str] | None,
    typer.Option("--keep", metavar="NAME", help="An emotion that must not change, or character; repeatable."),
]
StillOption = Annotated[Path, typer.Option("-o", "--output", help="The .png to write.")]
EasingOption = Annotated[
    Easing | None,
    typer.Option("--easing", help="How strengths change in time.", show_default="linear; smooth for a timeline"),
]
LoopOption = Annotated[
    Loop | None,
    typer.Option(
        "--loop",
        help="What follows the last frame.",
        show_default="forth-and-back; forth for a timeline that ends as it began",
    ),
]
RepeatOption = Annotated[
    int | None, typer.Option("--repeat", help="Passes that a player shows.", show_default="endless")
]
HoldOption = Annotated[
    float | None,
    typer.Option("--hold", help="Seconds that the ends stay longer.", show_default="0.5; 0 for a timeline"),
]
