"""Sections of the report on the axes: how they were fitted, probabilities and faces along them, and leakage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from tlgan_runtime.latent.centres import BetweenCentres, ToEnds
from tlgan_runtime.latent.motions import Motion, StraightLines
from tlgan_runtime.latent.moves import move
from tlgan_train.axes.samples import draw_faces, read_faces
from tlgan_train.evaluation.equal_success import changes_at_equal_success
from tlgan_train.report import axis_charts, charts, face_rows
from tlgan_train.report.figure import chart
from tlgan_train.report.page import Page, interval, number
from tlgan_train.report.results import Results

FACES = 8
"""Faces of a walk, as in the paper's figures 13 to 15."""
CAST = 6
"""Faces before and after where one character is drawn; the paper shows six characters (figures 8 and 9)."""
STEPS = 11
"""Frames of a walk shown side by side."""
LONGEST_NAME = 9
"""Letters of a character's name that fit under a face."""


def axes_section(sheet: Page, results: Results) -> None:
    """How well the regressions fit, how far strength 1 leads, and the cosines between axes."""
    sheet.section("axes", "The axes")
    emotions = results.dataset.emotions
    rows = [
        [emotion, *(cell for fit in results.fits.values() for cell in (
            number(fit["fitted"]["held_out_r2"][e]), f"{fit['max_strength'][e]:.1f}",
            number(fit["fitted"]["calibrated_probability"][e])))]
        for e, emotion in enumerate(emotions)
    ]  # fmt: skip
    heads = [f"{name}: {what}" for name in results.fits for what in ("R²", "k at 1", "p there")]
    used = "; ".join(f"{name} {fit['fitted']['samples']:,}" for name, fit in results.fits.items())
    sheet.table(
        ["emotion", *heads], rows,
        caption=f"Held-out R² of each regression in its own fitted space; the distance k that strength 1 stands for, "
        f"the nearest at which the classifier's mean probability on held-out faces is all but highest, or, for local, "
        f"the mean distance of where it leads from the other centres; and that probability. Samples fitted: {used}.",
    )  # fmt: skip
    apart = f"−{1 / (len(emotions) - 1):.2f}" if len(emotions) > 1 else "0"
    centres = [name for name, fit in results.fits.items() if "centres" in fit]
    chart(
        sheet, results, "cosines", axis_charts.cosines(results.fits, emotions), (5,),
        f"Cosines between the fitted slopes, before, and between the axes, after orthogonalisation"
        f"{'; with ' + ' and '.join(centres) + ' faces move between centres, which stand there' if centres else ''}. "
        f"Orthogonal axes have 0 off the diagonal; what spans one dimension less than there are emotions is farthest "
        f"apart at {apart} each. Either follows from how axes are made: whether emotions are apart in the faces is "
        f"the leakage below.",
    )  # fmt: skip


def probabilities_section(sheet: Page, results: Results) -> None:
    """Probabilities along every axis of every method, and of the target along its own."""
    sheet.section("probabilities", "Probabilities along the axes")
    colours = charts.emotion_colours(len(results.dataset.emotions))
    for name, result in results.fitted.items():
        chart(
            sheet, results, f"curves_{name}", axis_charts.probability_curves(result, colours, _k(results, name)),
            (11,),
            f"Method {name}: the judge's mean probability of every emotion as faces move along each axis, from 0 to "
            f"strength 1. Bold: the axis' own emotion, with the band between the quartiles of faces. "
            f"{_distance(results, name)} The paper plots the classifier that labelled its data, on 8 faces; here are "
            f"the judge and {results.evaluation['faces']:,} faces.",
            methods=[name],
        )  # fmt: skip
    target, first = results.target, results.default
    chart(
        sheet, results, "target",
        axis_charts.target_curve(results.evaluation["methods"], target, colours, _k(results, first)), (12, 16),
        f"Left: mean probability of {target} along its axis for every method. Right: all emotions along that axis with "
        f"{first}. The bands of {first} lie between the quartiles of faces.",
    )  # fmt: skip
    _over_one_distance(sheet, results)


def _over_one_distance(sheet: Page, results: Results) -> None:
    """Success of straight axes as far out as the default method goes."""
    methods = results.evaluation["methods"]
    others = {name: list(r["same_distance"].values()) for name, r in methods.items() if "same_distance" in r}
    rows = [
        [
            emotion, number(own["distance"], 1), interval(own["success"]),
            *(interval(found[e]["success"]) for found in others.values()),
        ]
        for e, (emotion, own) in enumerate(methods[results.default]["emotions"].items())
    ]  # fmt: skip
    sheet.table(
        ["emotion", "distance", results.default, *(f"{name}, so far" for name in others)], rows,
        caption=f"Success of {results.default}, and of each straight axis followed as far as {results.default} goes in "
        f"the mean, whatever distance it was calibrated to.",
    )  # fmt: skip


def walks_section(sheet: Page, results: Results) -> None:
    """Faces on their way to an emotion."""
    sheet.section("walks", "Faces along the axes")
    _before_and_after(sheet, results)
    _becoming(sheet, results)
    target, axes, z = results.target, results.axes[results.default], results.latents(FACES, "evaluation faces")
    states = face_rows.walk_faces(results.generator, axes, z, target, np.array([0, 0.5, 1]))
    chart(
        sheet, results, "states", face_rows.face_rows(states.swapaxes(0, 1), ["start", "halfway", "end"]), (13, 14, 15),
        f"Eight faces before, halfway and at the end of the axis of {target}, method {results.default}. The first of "
        f"the evaluation, not chosen.",
    )  # fmt: skip
    strengths = np.linspace(0, 1, STEPS)
    heads = [f"{strength:.1f}" for strength in strengths]
    walk = face_rows.walk_faces(results.generator, axes, z, target, strengths)
    farthest = results.fits[results.default]["max_strength"][axes.names.index(target)]
    chart(
        sheet, results, "walk", face_rows.face_rows(walk, [f"face {i}" for i in range(1, FACES + 1)], heads), (),
        f"The same faces on their whole way to {target}; the numbers are strengths, and 1 is k = {farthest:.1f}. "
        f"{_distance(results, results.default)}",
    )  # fmt: skip
    for name in results.fitted:
        moves = results.axes[name]
        every = [face_rows.walk_faces(results.generator, moves, z[:1], e, strengths)[0] for e in moves.names]
        chart(
            sheet, results, f"all_axes_{name}", face_rows.face_rows(np.stack(every), axes.names, heads), (),
            f"The first face along every axis of {name}; the numbers are strengths.",
        )  # fmt: skip


def _becoming(sheet: Page, results: Results) -> None:
    """How faces become other characters, where several are drawn."""
    edits = results.evaluation.get("character_edits", {})
    if not edits:
        return
    rows = [
        [name, interval(found["success"]), interval(found["emotion_kept"]), number(found["distance"], 1)]
        for name, found in edits.items()
    ]
    sheet.table(
        ["character", "success", "emotion kept", "mean distance"], rows,
        caption="Faces turned into each drawn character. Success: share of the others to which the judge then gives "
        "p ≥ 0.9 for that character. Emotion kept: share of all faces in which the judge reads the same emotion as "
        "before.",
    )  # fmt: skip


def leakage_section(sheet: Page, results: Results) -> None:
    """What changes along with the emotion: other emotions, and known factors where there are any."""
    sheet.section("leakage", "Leakage")
    chart(
        sheet, results, "leakage", axis_charts.leakage(results.fitted, results.dataset.emotions), (),
        "Mean change in the judge's probability of each emotion (column) from the start to the end of each axis (row). "
        "Wanted: the diagonal near 1 less the share of the emotion at the start, and nothing above 0 beside it.",
    )  # fmt: skip
    noise = results.evaluation["judge"].get("factor_noise", {})
    if noise:
        chart(
            sheet, results, "factor_leakage",
            axis_charts.factor_leakage(results.evaluation["methods"], noise), (),
            "How much the known factors of the drawings change along with the emotion: bars are means over faces and "
            "axes, lines reach from the axis that changes a factor least to the one that changes it most. Intensity "
            "is that of the emotion and has to change. Noise: by how much the judge's readings of two real pictures "
            "differ that have the factor in common; a bar of that height may be no change at all.",
        )  # fmt: skip
    changes = changes_at_equal_success(results.evaluation, results.default)
    if changes:
        sheet.table(
            ["factor", "noise", results.default, "paper", "share"],
            [[factor, *map(number, figures)] for factor, *figures in changes],
            caption=f"The same where {results.default} and paper succeed with equally many faces: on every axis, the "
            f"one that ends better is stopped on the way. Means over axes; share is that of {results.default} in what "
            f"paper changes, both without the noise.",
        )


@dataclass(frozen=True)
class Reading:
    """What the judge reads in N faces."""

    character: np.ndarray
    """int (N,), the most likely."""
    emotion: np.ndarray
    """float (N, E), probabilities."""


def _before_and_after(sheet: Page, results: Results) -> None:
    emotion = "surprise" if "surprise" in results.dataset.emotions else results.target
    column, names = results.dataset.emotions.index(emotion), results.dataset.characters
    pool = results.latents(results.evaluation["faces"], "evaluation faces")
    if len(results.drawn) > 1:
        read = _read(results, pool).character
        first = {name: np.flatnonzero(read == names.index(name))[:1] for name in results.drawn}
        z = pool[[int(place[0]) for place in first.values() if len(place)]]
        missing = ", ".join(name for name, place in first.items() if not len(place))
        which = (
            f"One face of each drawn character: the first of the {len(pool)} faces of the evaluation that the judge "
            f"reads as that character{f'; it reads none as {missing}' if missing else ''}."
        )
    else:
        z = pool[:CAST]
        which = f"The first faces of the evaluation, not chosen; all are drawn as {results.drawn[0]}."
    moved = {"before": z}
    moved |= {f"after, {m}": _end(z, results.axes[m], column) for m in results.evidence.compared}
    readings = {name: _read(results, latents) for name, latents in moved.items()}
    start = readings["before"].character
    under = [
        [f"{'' if c == own else '→ '}{names[c][:LONGEST_NAME]} {number(p)}"
         for c, own, p in zip(r.character, start, r.emotion[:, column], strict=True)]
        for r in readings.values()
    ]  # fmt: skip
    changes = " ".join(
        f"{name.removeprefix('after, ').capitalize()}: {_changes(names, start, reading.character)}."
        for name, reading in readings.items()
        if name != "before"
    )
    faces = np.stack([draw_faces(results.generator, latents) for latents in moved.values()])
    chart(
        sheet, results, "before_after", face_rows.face_rows(faces, list(moved), under=under), (8, 9),
        f"Faces before and at the end of the axis of {emotion}. {which} Under each: the character that the judge reads "
        f"(an arrow where it is another than before) and the probability of {emotion}. {changes}",
    )  # fmt: skip


def _end(z: np.ndarray, motion: Motion, emotion: int) -> np.ndarray:
    return move(z, motion, np.eye(len(motion.names))[emotion])


def _read(results: Results, z: np.ndarray) -> Reading:
    _, emotion, character, _ = read_faces(results.generator, results.reader, z)
    return Reading(character.argmax(axis=1), softmax(emotion, axis=1))


def _changes(names: tuple[str, ...], before: np.ndarray, after: np.ndarray) -> str:
    changed = [f"{names[b]} is then read as {names[a]}" for b, a in zip(before, after, strict=True) if a != b]
    return "; ".join(changed) if changed else "the character read stays the same in every face"


def _k(results: Results, method: str) -> str:
    """Label of the distance moved."""
    straight = isinstance(results.axes[method], StraightLines)
    return "k (latent units)" if straight else "strength × mean k (latent units)"


def _distance(results: Results, method: str) -> str:
    motion = results.axes[method]
    if isinstance(motion, ToEnds):
        return (
            "Every face has an end of its own, found for it, so k differs between faces: it is the mean distance from "
            "those that do not show the emotion yet to where strength 1 leads, times the strength."
        )
    if isinstance(motion, BetweenCentres):
        return (
            "Each face moves from the centre of its own emotion towards another, so k differs between faces: it is the "
            "mean distance from the other centres to where strength 1 leads, times the strength."
        )
    kept = ", before the moved latent is scaled back to its old length" if motion.keep_norm else ""
    return f"k is the distance moved, in standard deviations of the prior{kept}."
