"""Figures of a report with names in any script: matplotlib finds every glyph, and pictures show no boxes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib import rc_context
from PIL import Image

from tests.scripts import NAMES
from tlgan_train.report import charts, face_rows


@pytest.fixture(autouse=True)
def strict() -> Iterator[None]:
    """matplotlib warns of each glyph that its font lacks."""
    with warnings.catch_warnings(), rc_context(charts.STYLE):
        warnings.simplefilter("error")
        yield


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_every_text_of_a_figure_is_readable(name: str, weight: str) -> None:
    figure = charts.new_figure(2)
    axes = figure.add_subplot()
    axes.set_title(name, fontweight=weight)
    axes.set_xticks([0, 1], [name, "joy"], rotation=45)
    axes.set_ylabel(name)
    axes.text(0.5, 0.5, name)
    axes.plot([0, 1], label=name)
    axes.legend()
    assert pixels(charts.png(figure)).min() < 128


def test_figures_with_lists_of_names_are_readable() -> None:
    counts = np.eye(len(NAMES), dtype=int).tolist()
    charts.png(charts.confusion({NAMES[0]: (NAMES, counts)}))
    faces = np.zeros((len(NAMES), 2, 16, 16, 3), np.uint8)
    charts.png(face_rows.face_rows(faces, NAMES, ["喜", "😀"], [[name, name] for name in NAMES]))


def test_a_name_takes_the_room_of_what_is_drawn() -> None:
    faces = np.zeros((1, 2, 16, 16, 3), np.uint8)
    one, same, other = (
        pixels(charts.png(face_rows.face_rows(faces, [name]))) for name in ("喜悦", "XiYue", "XiYueYue")
    )
    np.testing.assert_array_equal(one, same)
    assert one.shape != other.shape or (one != other).any()


def test_names_in_latin_letters_are_drawn_as_ever() -> None:
    def drawn(canvas: bool) -> np.ndarray:
        figure = charts.confusion({"t": (["joy", "Łódź"], [[1, 0], [0, 1]])})
        if canvas:
            return pixels(charts.png(figure))
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=charts.DPI)
        return pixels(buffer.getvalue())

    np.testing.assert_array_equal(drawn(True), drawn(False))
