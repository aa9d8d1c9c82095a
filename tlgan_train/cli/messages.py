"""What commands say on standard error while they work, and of the model that they made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tlgan_runtime.cli.console import complain

if TYPE_CHECKING:
    from tlgan_train.data.cache import Progress


def to_standard_error(quiet: bool) -> Callable[[str], None]:
    """Return what prints lines of progress; none with --quiet."""
    return (lambda _: None) if quiet else complain


def picture_bar(quiet: bool) -> Progress | None:
    """Return what shows how many pictures are read, on a terminal; None with --quiet."""
    from tlgan_train.data.bar import PictureBar

    return None if quiet else PictureBar()


def warn_of_weaknesses(run: Path) -> None:
    """Print the weaknesses of the model of a run, even with --quiet, because the exit code is 0 as for a good model."""
    from tlgan_train.evaluation.document import read_evaluation
    from tlgan_train.evaluation.weaknesses import weaknesses

    found = weaknesses(read_evaluation(run / "evaluation.json"))
    if found:
        complain("this model has weaknesses (its report and model card list them as well):")
    for weakness in found:
        complain(f"  {weakness.says}")
