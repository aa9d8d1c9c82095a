"""Draws the figures on axes: probabilities and faces along them, and leakage."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from tlgan_runtime.latent.motions import StraightLines
from tlgan_train.report import axis_charts, charts, face_rows
from tlgan_train.report.results import Results

FACES = 8
"""Number of faces that walk, as in the paper's figures 13 to 15."""
STEPS = 11
"""Number of frames of a walk, side by side."""


def axis_figures(results: Results) -> dict[str, bytes]:
    """PNG files by name."""
    evaluation, emotions = results.evaluation, results.dataset.emotions
    methods, noise = evaluation.methods, evaluation.judge.factor_noise
    colours = charts.emotion_colours(len(emotions))
    figures = {
        "scores": axis_charts.scores(methods, evaluation.judge.ceiling),
        "cosines": axis_charts.cosines(results.fits, emotions),
        "target": axis_charts.target_curve(methods, results.target, colours, _k(results, results.default)),
        "leakage": axis_charts.leakage(results.fitted, emotions),
    }
    for name, result in results.fitted.items():
        figures[f"curves_{name}"] = axis_charts.probability_curves(result, colours, _k(results, name))
    if noise:
        figures["factor_leakage"] = axis_charts.factor_leakage(methods, noise)
    return {name: charts.png(figure) for name, figure in (figures | _walks(results)).items()}


def _walks(results: Results) -> dict[str, Figure]:
    target, axes, z = results.target, results.axes[results.default], results.latents(FACES, "evaluation faces")
    states = face_rows.walk_faces(results.generator, axes, z, target, np.array([0, 0.5, 1]))
    strengths = np.linspace(0, 1, STEPS)
    heads = [f"{strength:.1f}" for strength in strengths]
    walk = face_rows.walk_faces(results.generator, axes, z, target, strengths)
    figures = {
        "states": face_rows.face_rows(states.swapaxes(0, 1), ["start", "halfway", "end"]),
        "walk": face_rows.face_rows(walk, [f"face {i}" for i in range(1, FACES + 1)], heads),
    }
    for name in results.fitted:
        moves = results.axes[name]
        every = [face_rows.walk_faces(results.generator, moves, z[:1], e, strengths)[0] for e in moves.names]
        figures[f"all_axes_{name}"] = face_rows.face_rows(np.stack(every), axes.names, heads)
    return figures


def _k(results: Results, method: str) -> str:
    """The label of the axis that shows the distance moved."""
    straight = isinstance(results.axes[method], StraightLines)
    return "k (latent units)" if straight else "strength × mean k (latent units)"
