"""Charts of networks and their training; style and colours of all charts in the report.

Figures are made without pyplot, so none is kept and no state is shared. Every emotion has one colour (and, from the
eighth on, one dash) by its position, from the palette of Okabe and Ito (2008) that colour-blind readers can tell apart.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D

from tlgan_runtime.animation.legible import legible
from tlgan_train.evaluation.learning_curve import LearningCurve

WIDTH = 8.0
"""Inches; at `DPI` as wide as the column of the page, so that 9 pt in a chart are at least 9 pt on the page."""
DPI = 120
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#767676",
    "xtick.color": "#4a4a4a",
    "ytick.color": "#4a4a4a",
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
    "text.parse_math": False,  # names come from people's folders
}
PALETTE = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#3d3d3d", "#0072B2", "#56B4E9")
METHOD_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#3d3d3d")
FLOOR = "#8a8a8a"
"""Colour of the method `random`, of chance and of other baselines."""
SMOOTH_FROM = 100
"""A loss with at least so many points gets a running mean over a 25th of them."""
MOST_ANNOTATED = 9
"""Heat maps with at most so many rows and columns show their numbers."""


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    _Canvas(figure).print_png(buffer)
    return buffer.getvalue()


def readable(text: str, font: FontProperties) -> str:
    """The text, with Latin letters for characters that the font lacks, such as Chinese."""
    glyphs = get_font(findfont(font)).get_char_index
    return legible(text, lambda character: glyphs(ord(character)) != 0)


class _Renderer(RendererAgg):
    """Measures and draws every text of a figure, so that names from people's folders are readable."""

    def draw_text(self, gc: Any, x: float, y: float, s: str, prop: FontProperties, *rest: Any, **more: Any) -> None:
        super().draw_text(gc, x, y, readable(s, prop), prop, *rest, **more)

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        return super().get_text_width_height_descent(readable(s, prop), prop, ismath)


class _Canvas(FigureCanvasAgg):
    """The base class with this renderer."""

    _made_for: tuple[float, float, float] | None = None

    def get_renderer(self) -> RendererAgg:
        key = (*self.get_width_height(physical=True), self.figure.dpi)
        if self._made_for != key:
            self.renderer, self._made_for = _Renderer(*key), key
        return self.renderer


def losses(rows: list[dict[str, float]], chance: dict[str, float]) -> Figure:
    """Losses over pictures seen: G and D in one panel, every other term in its own panel.

    Rows may lack a term: a warm-up has no adversarial losses.

    `chance` holds what the losses of D and G are when D cannot tell real from drawn.
    """
    named = dict.fromkeys(name for row in rows for name in row)
    terms = [name for name in named if name not in ("images", "images_per_second", "discriminator", "generator")]
    figure = new_figure(max(3.7, 0.5 + 0.95 * len(terms)))
    grid = figure.add_gridspec(max(1, len(terms)), 2 if terms else 1, width_ratios=(2, 1) if terms else (1,))
    images = np.array([row["images"] for row in rows]) / 1000
    main = figure.add_subplot(grid[:, 0])
    for name, colour in (("discriminator", PALETTE[0]), ("generator", PALETTE[5])):
        main.axhline(chance[name], color=colour, linestyle=":", linewidth=1)
        _trace(main, images, np.array([row.get(name, np.nan) for row in rows]), colour, name)
    main.set(title="adversarial losses", xlabel="pictures seen (thousands)", ylabel="least-squares loss")
    main.set_ylim(bottom=0)
    handles, labels = main.get_legend_handles_labels()
    handles.append(Line2D([], [], color=FLOOR, linestyle=":", linewidth=1))
    below = {"loc": "upper left", "bbox_to_anchor": (0, -0.16), "borderaxespad": 0}
    main.legend(handles, [*labels, "where D cannot tell"], ncols=3, **below)
    main.set_xlim(left=0)
    for index, name in enumerate(terms):
        axes = figure.add_subplot(grid[index, 1], sharex=main)
        _trace(axes, images, np.array([row.get(name, np.nan) for row in rows]), PALETTE[1], name)
        axes.set(title=name)
        axes.set_ylim(bottom=0)
        axes.tick_params(labelbottom=index == len(terms) - 1)
    if terms:
        axes.set_xlabel("pictures seen (thousands)")
    for axes in figure.axes:
        axes.grid(axis="y")
    return figure


def learning(curve: LearningCurve, warmup_images: int) -> Figure:
    """Quality of sample grids over pictures seen, with a panel for each measure; dotted: real pictures."""
    figure = new_figure(3.3)
    panels = figure.subplots(1, 3)
    images = np.array(curve.images) / 1000
    titles = {"confident_share": "confident", "coverage": "classes covered", "kid": "KID in judge features"}
    for axes, (name, title) in zip(panels, titles.items(), strict=True):
        values, real = np.array([getattr(grid, name) for grid in curve.grids], float), getattr(curve.real, name, None)
        axes.plot(images, values, "o-", color=METHOD_COLOURS[0], markersize=3.5)
        if real is not None:
            axes.axhline(real, color=FLOOR, linestyle=":", linewidth=1.5)
        if warmup_images:
            axes.axvline(warmup_images / 1000, color="#c4c4c4", linewidth=1)
        axes.set(title=title, xlabel="pictures seen (thousands)")
        axes.set_xlim(left=0)
        axes.grid(axis="y")
    for axes in panels[:2]:
        axes.set_ylim(0, 1.04)
    panels[2].set_ylim(bottom=-0.04 * panels[2].get_ylim()[1])  # that of real pictures is 0 but for noise
    handles = [
        Line2D([], [], color=METHOD_COLOURS[0], marker="o", markersize=3.5, label="sample grid"),
        Line2D([], [], color=FLOOR, linestyle=":", linewidth=1.5, label="as many training pictures"),
    ]
    if warmup_images:
        handles.append(Line2D([], [], color="#c4c4c4", linewidth=1, label="end of the warm-up"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def confusion(tables: dict[str, tuple[Sequence[str], list[list[int]]]]) -> Figure:
    """Confusion matrices with a panel for each title: numbers are counts, colours shares of the true class."""
    figure = new_figure(4.3 if len(tables) > 1 else 4.8)
    panels = figure.subplots(1, len(tables), squeeze=False)[0]
    for axes, (title, (names, counts)) in zip(panels, tables.items(), strict=True):
        table = np.array(counts, float)
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        image = heat_map(axes, shares, names, names, title, counts, colours="Blues", lowest=0.0)
        axes.set_xlabel("read as")
    panels[0].set_ylabel("true")
    figure.colorbar(
        image, ax=panels.tolist(), location="bottom", shrink=0.5, aspect=40, label="share of the true class"
    )
    return figure


def shares(pairs: dict[str, tuple[dict[str, float], dict[str, float]]]) -> Figure:
    """Shares of each class among samples and among training pictures, with a panel for each title."""
    figure = new_figure(3.1)
    panels = figure.subplots(1, len(pairs), squeeze=False, width_ratios=[len(data) for _, data in pairs.values()])[0]
    for axes, (title, (drawn, data)) in zip(panels, pairs.items(), strict=True):
        places = np.arange(len(data))
        axes.bar(places - 0.2, list(data.values()), 0.36, color="#c4c4c4", label="training pictures")
        axes.bar(places + 0.2, list(drawn.values()), 0.36, color=METHOD_COLOURS[0], label="samples")
        axes.set_xticks(places, list(data), rotation=35, ha="right", rotation_mode="anchor")
        axes.set_title(title)
        axes.grid(axis="y")
    panels[0].set_ylabel("share")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def emotion_colours(count: int) -> list[str]:
    """One colour for each position; the eighth starts again."""
    return [PALETTE[index % len(PALETTE)] for index in range(count)]


def new_figure(height: float) -> Figure:
    """An empty figure as wide as the page, `height` inches high."""
    return Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")


def _trace(axes: Axes, x: np.ndarray, y: np.ndarray, colour: str, label: str) -> None:
    x, y = x[np.isfinite(y)], y[np.isfinite(y)]  # D sits out the warm-up
    if len(y) < SMOOTH_FROM:
        axes.plot(x, y, color=colour, linewidth=1.5, label=label)
        return
    window = len(y) // 25
    smooth = np.convolve(y, np.ones(window) / window, mode="valid")
    axes.plot(x, y, color=colour, linewidth=0.8, alpha=0.3)
    axes.plot(x[window // 2 : window // 2 + len(smooth)], smooth, color=colour, linewidth=1.8, label=label)


def heat_map(
    axes: Axes,
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    counts: Sequence[Sequence[int]] | None = None,
    colours: str = "RdBu_r",
    lowest: float = -1.0,
    size: float = 9,
) -> ScalarMappable:
    """Draw a matrix, and its values or `counts` in `size` points if there is room. Returns what a colour bar needs."""
    image = axes.imshow(values, cmap=colours, vmin=lowest, vmax=1.0)
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title)
    if max(values.shape) <= MOST_ANNOTATED:
        for (row, column), value in np.ndenumerate(values):
            colour = "white" if abs(value) > 0.62 else "black"
            text = _short(value) if counts is None else str(counts[row][column])
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)
    return image


def _short(value: float) -> str:
    """The value with two decimals and without the leading zero, so that seven fit into a row."""
    text = f"{abs(value):.2f}"
    if text in ("0.00", "1.00"):
        text = text[0]
    return ("−" if value < 0 and text != "0" else "") + text.removeprefix("0" if len(text) > 1 else "")
