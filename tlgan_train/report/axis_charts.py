"""Charts of axes and of edits along them, from `axes.json` and `evaluation.json`.

`results` are those of methods, by name, in the order in which they are to be drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tlgan_train.axes.fit import moved_cosines
from tlgan_train.evaluation.parts import EmotionEdit, MethodResult
from tlgan_train.report.charts import FLOOR, METHOD_COLOURS, PALETTE, heat_map, new_figure

DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)))
METHOD_MARKERS = ("o", "s", "^", "v", "P", "X", "*")
SCORES = {
    "success": "success",
    "mean_end": "mean end\nprobability",
    "rank_correlation": "rank\ncorrelation",
    "monotone": "monotone",
    "character_kept": "character\nkept",
}
"""Fields of `EditQuality` that are drawn, with their titles."""


def scores(results: dict[str, MethodResult], ceiling: dict[str, float | None]) -> Figure:
    """All scores with their 95 % intervals: a row for each emotion, a panel for each score, a mark for each method."""
    emotions = list(ceiling)
    figure = new_figure(0.9 + 0.52 * len(emotions))
    panels = figure.subplots(1, len(SCORES), sharey=True)
    offsets = np.linspace(-0.24, 0.24, len(results))
    for axes, (score, title) in zip(panels, SCORES.items(), strict=True):
        for (method, result), offset, (colour, marker) in zip(results.items(), offsets, _marks(results), strict=True):
            for row, emotion in enumerate(emotions):
                estimate = getattr(result.emotions[emotion], score)
                if estimate.value is not None:
                    axes.plot([estimate.low, estimate.high], [row + offset] * 2, color=colour, linewidth=1.6)
                    axes.plot(estimate.value, row + offset, marker, color=colour, markersize=5, label=method)
        if score == "success":
            for row, emotion in enumerate(emotions):
                if ceiling[emotion] is not None:
                    axes.plot([ceiling[emotion]] * 2, [row - 0.42, row + 0.42], color="black", linewidth=1)
        lowest = -1.0 if score == "rank_correlation" else 0.0
        axes.set(title=title, xlim=(lowest - 0.06, 1.06), xticks=(lowest, (lowest + 1) / 2, 1))
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
        for boundary in range(1, len(emotions)):
            axes.axhline(boundary - 0.5, color="#efefef", linewidth=1)
    panels[0].set_yticks(range(len(emotions)), emotions)
    panels[0].set_ylim(len(emotions) - 0.5, -0.5)
    handles = [
        Line2D([], [], color=c, marker=m, linewidth=1.6, markersize=5, label=name)
        for name, (c, m) in zip(results, _marks(results), strict=True)
    ]
    handles.append(Line2D([], [], color="black", linewidth=1, label="ceiling: real pictures"))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)))
    return figure


def cosines(methods: dict[str, dict[str, Any]], emotions: Sequence[str]) -> Figure:
    """Cosines between axes, before and after orthogonalisation, with a row for each method of `axes.json`."""
    figure = new_figure(3.75 * len(methods))
    panels = figure.subplots(len(methods), 2, squeeze=False)
    for row, (name, method) in zip(panels, methods.items(), strict=True):
        after = "centres, seen from their middle" if "centres" in method else "axes"
        parts = (("fitted slopes", np.array(method["fitted"]["cosine_before"])), (after, moved_cosines(method)))
        for axes, (title, values) in zip(row, parts, strict=True):
            image = heat_map(axes, values, emotions, emotions, f"{name}: {title}")
    figure.colorbar(image, ax=panels, shrink=0.5 if len(methods) > 1 else 0.9, label="cosine", aspect=30)
    return figure


def probability_curves(result: MethodResult, colours: Sequence[str], label: str) -> Figure:
    """Mean probability of every emotion along every axis, with a panel for each; `label` names x, the distance k."""
    emotions = list(result.emotions)
    columns = 4
    rows = -(-(len(emotions) + 1) // columns)
    figure = new_figure(0.3 + 2.15 * rows)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).flatten()
    for index, emotion in enumerate(emotions):
        _curves(panels[index], result.emotions[emotion], index, colours)
        panels[index].set_title(emotion, color=colours[index], fontweight="bold")
        if index + columns >= len(emotions):
            panels[index].set_xlabel(label)
            panels[index].tick_params(labelbottom=True)
    for axes in panels[len(emotions) :]:
        axes.set_axis_off()
    panels[len(emotions)].legend(handles=_emotion_lines(emotions, colours), loc="center left", borderaxespad=0)
    for axes in panels[::columns]:
        axes.set_ylabel("probability")
    return figure


def target_curve(results: dict[str, MethodResult], emotion: str, colours: Sequence[str], label: str) -> Figure:
    """Left: probability of one emotion along its axis, a line for each method, the first with its band.

    Right: all emotions along the first method's axis over the distance k, named `label`.
    """
    figure = new_figure(4.1)
    left, right = figure.subplots(1, 2, sharey=True)
    for place, ((method, result), (colour, _)) in enumerate(zip(results.items(), _marks(results), strict=True)):
        edit = result.emotions[emotion]
        index = list(result.emotions).index(emotion)
        strength = np.linspace(0, 1, len(edit.curves[index]))
        if place == 0:  # the bands of several methods would only blend
            band = edit.curve_quantiles
            left.fill_between(strength, band.low, band.high, color=colour, alpha=0.18, linewidth=0)
        name = f"{method} (k = {edit.distance:.1f} at 1)"
        left.plot(
            strength, edit.curves[index], color=colour, linestyle=DASHES[place % len(DASHES)], linewidth=2,
            label=name,
        )  # fmt: skip
    left.set(title=f"{emotion} along its axis", xlabel="strength", ylabel="probability", xlim=(0, 1), ylim=(0, 1.02))
    left.legend(loc="upper left", bbox_to_anchor=(0, -0.18), borderaxespad=0)
    first, result = next(iter(results.items()))
    _curves(right, result.emotions[emotion], list(result.emotions).index(emotion), colours)
    right.set(title=f"all emotions along {emotion}, {first}", xlabel=label)
    right.tick_params(labelleft=True)
    lines = _emotion_lines(list(result.emotions), colours)
    right.legend(handles=lines, loc="upper left", bbox_to_anchor=(0, -0.18), borderaxespad=0, ncols=3)
    left.grid(axis="y")
    return figure


def leakage(results: dict[str, MethodResult], emotions: Sequence[str]) -> Figure:
    """Mean change of every emotion's probability along every axis, with a panel for each method."""
    columns = min(3, len(results))
    rows = -(-len(results) // columns)
    figure = new_figure(1.15 + 8.4 / max(columns, 2) * rows)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).flatten()
    for axes, (method, result) in zip(panels, results.items(), strict=False):
        values = np.array([result.leakage[emotion] for emotion in emotions])
        image = heat_map(axes, values, emotions, emotions, method, size=7.5 if columns > 2 else 9)
        axes.set_xlabel("change in probability of")
    for axes in panels[::columns]:
        axes.set_ylabel("moved along")
    for axes in panels[len(results) :]:
        axes.set_axis_off()
    figure.colorbar(
        image, ax=panels.tolist(), location="bottom", shrink=0.5, aspect=40, label="mean change, end minus start"
    )
    return figure


def factor_leakage(results: dict[str, MethodResult], noise: dict[str, float]) -> Figure:
    """Mean absolute change of every known factor over all axes, with the range over axes and the judge's noise."""
    factors = list(noise)
    figure = new_figure(0.9 + 0.46 * len(factors))
    axes = figure.subplots()
    height = 0.8 / len(results)
    for index, ((method, result), (colour, _)) in enumerate(zip(results.items(), _marks(results), strict=True)):
        table = np.array([[by_axis[f] for f in factors] for by_axis in result.factor_leakage.values()])
        rows = np.arange(len(factors)) - 0.4 + height * (index + 0.5)
        means, low, high = table.mean(axis=0), table.min(axis=0), table.max(axis=0)
        axes.barh(rows, means, height * 0.86, color=colour, alpha=0.8, label=method)
        axes.errorbar(means, rows, xerr=(means - low, high - means), fmt="none", ecolor="#3d3d3d", elinewidth=1)
    for row, level in enumerate(noise.values()):
        axes.plot(
            [level, level], [row - 0.42, row + 0.42], color="black", linewidth=1.4, label="noise" if not row else ""
        )
    axes.set_yticks(range(len(factors)), factors)
    axes.invert_yaxis()
    axes.set_xlabel("mean absolute change, standard deviations of the training pictures")
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=len(results) + 1)
    return figure


def _marks(results: dict[str, MethodResult]) -> list[tuple[str, str]]:
    """Colour and marker of every method; random directions are grey."""
    fitted = iter(zip(METHOD_COLOURS, METHOD_MARKERS, strict=True))
    return [(FLOOR, "D") if name == "random" else next(fitted) for name in results]


def _curves(axes: Axes, edit: EmotionEdit, target: int, colours: Sequence[str]) -> None:
    """Probability curves of one axis over k: the target bold with its interquartile band, the others thin."""
    k = np.linspace(0, edit.distance, len(edit.curves[target]))
    band = edit.curve_quantiles
    axes.fill_between(k, band.low, band.high, color=colours[target], alpha=0.22, linewidth=0)
    for index, curve in enumerate(edit.curves):
        bold = index == target
        axes.plot(
            k, curve, color=colours[index], linestyle=DASHES[index // len(PALETTE) % len(DASHES)],
            linewidth=2.4 if bold else 1.0, zorder=3 if bold else 2,
        )  # fmt: skip
    axes.set(xlim=(0, edit.distance), ylim=(0, 1.02))
    axes.locator_params(axis="x", nbins=4)
    axes.grid(axis="y")


def _emotion_lines(emotions: Sequence[str], colours: Sequence[str]) -> list[Line2D]:
    return [
        Line2D([], [], color=colours[i], linestyle=DASHES[i // len(PALETTE) % len(DASHES)], linewidth=2, label=emotion)
        for i, emotion in enumerate(emotions)
    ]
