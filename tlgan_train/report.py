"""One page that shows what a run has learned, with all its figures inside."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

from tlgan_train import axis_figures, figures, page, strips
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.models.dcgan import Generator
from tlgan_train.page import Page, interval, number, percent
from tlgan_train.results import Results, read_results
from tlgan_train.run import written

CHECKPOINTS = 6
"""Sample grids shown over training, evenly spaced on a logarithmic scale: most happens early."""
FACES = 8
"""Faces of a walk, as in the paper's figures 13 to 15."""
STEPS = 9
"""Frames of a walk shown side by side."""
SCORES = ("success", "mean_end", "rank_correlation", "monotone", "character_kept")


def write_report(
    config: Config,
    dataset: Dataset,
    characters: tuple[str, ...],
    generator: Generator,
    run: Path,
    log: Callable[[str], None] = print,
) -> Path:
    """Write `RUN/report.html`, which needs no other file, and its figures as `RUN/figures/*.png`.

    Raises `TrainError` naming the stage when one that the page shows has not run.
    """
    results = read_results(config, dataset, generator, run)
    sheet = Page(f"{', '.join(characters)}: what the run has learned")
    with rc_context(figures.STYLE):
        for section in (_summary, _training, _readers, _axes, _probabilities, _walks, _leakage):
            section(sheet, results)
    for name, data in sheet.pictures.items():
        with written(run / "figures" / f"{name}.png") as temporary:
            temporary.write_bytes(data)
    path = run / "report.html"
    with written(path) as temporary:
        temporary.write_text(sheet.html(), encoding="utf-8")
    log(f"report: {path}, {len(sheet.pictures)} figures, {path.stat().st_size / 1e6:.1f} MB")
    return path


def _summary(sheet: Page, results: Results) -> None:
    evaluation, dataset, judged = results.evaluation, results.dataset, results.evaluation["judge"]
    target = results.target
    sheet.section("summary", "Summary")
    means = [f"{interval(r['emotions'][target]['mean_end'])} with {name}" for name, r in evaluation["methods"].items()]
    sheet.text(
        f"A generator that draws {', '.join(evaluation['drawn_characters'])} was trained on "
        f"{len(dataset.indices('train', tuple(evaluation['drawn_characters']))):,} pictures of {dataset.image_size} × "
        f"{dataset.image_size} pixels. Moved to the end of the axis of {target}, its faces have a mean "
        f"probability of {target} of {'; '.join(means)}, by the judge described below."
    )
    sheet.facts(_facts(results))
    sheet.text(
        f"All edits are measured by a judge: a network of another architecture that took no part in fitting axes. It "
        f"reads the emotion of {percent(judged['emotion_accuracy'])} and the character of "
        f"{percent(judged['character_accuracy'])} of real test pictures correctly. {evaluation['faces']:,} faces, none "
        f"used to fit anything, walk along each axis from strength 0 to 1 in {evaluation['steps']} steps. "
        f"“random” are random directions as long as those of {results.default}: the floor."
    )
    heads = ["emotion", "method", "success", "mean end probability", "rank correlation", "monotone", "character kept"]
    rows = []
    for emotion in dataset.emotions:
        for name, result in evaluation["methods"].items():
            found = result["emotions"][emotion]
            rows.append([emotion, name, *(interval(found[key]) for key in SCORES)])
    for name, result in evaluation["methods"].items():
        rows.append(["mean", name, *(number(_mean_over(result, key)) for key in SCORES)])
    sheet.table(
        heads, rows, group=len(evaluation["methods"]),
        caption="Means over faces; brackets hold 95 % bootstrap intervals over faces. Success: share of faces with "
        "p ≥ 0.9 at the end. Rank correlation: mean Spearman ρ between step and p. Monotone: share of faces whose p "
        "never falls more than 0.05 below its highest so far. These three leave out faces that start at p ≥ 0.5. "
        "Character kept: share of faces read as the same character at every step. The last rows are plain means over "
        "emotions.",
    )  # fmt: skip
    default = evaluation["methods"][results.default]["emotions"]
    sheet.table(
        ["emotion", "ceiling", "already there", "distance k at strength 1", "norm at the end"],
        [
            [
                e,
                number(judged["ceiling"][e]),
                percent(f["already_there"]),
                number(f["distance"], 1),
                number(f["end_norm"]),
            ]
            for e, f in default.items()
        ],
        caption=f"Ceiling: share of real test pictures of the emotion that the judge gives p ≥ 0.9; a success above it "
        f"is not to be expected. Already there: share of faces that start at p ≥ 0.5. Norm: mean length of the moved "
        f"latents over that of the unmoved ones. Method {results.default}.",
    )
    _chart(
        sheet, "scores", axis_figures.scores(evaluation["methods"], judged["ceiling"]), None,
        "The same figures drawn: points are means over faces, lines 95 % intervals; the black mark in “success” is the "
        "ceiling. A missing point means that no face was left to measure.",
    )  # fmt: skip


def _training(sheet: Page, results: Results) -> None:
    config, measured = results.config.gan, results.evaluation["generator"]
    sheet.section("generator", "The generator")
    half = (config.real_target - config.fake_target) / 2
    chance = {"discriminator": 2 * half**2, "generator": (config.generator_target - config.fake_target - half) ** 2}
    warmup = f" The first {config.warmup_images:,} pictures are a warm-up without them." if config.warmup_images else ""
    _chart(
        sheet, "losses", figures.losses(results.losses, chance), "4",
        "Losses over training, means over 50 steps; where there are two lines of a colour, the bold one is a running "
        "mean. Dotted: what each loss is when the discriminator cannot tell real from drawn. "
        f"Adversarial losses show whether the two networks balance, not how good the pictures are.{warmup}",
    )  # fmt: skip
    chosen = spaced([images for images, _ in results.grids], CHECKPOINTS)
    over_training = np.stack([strips.read_grid(results.grids[i][1])[0, :12] for i in chosen])
    labels = [f"{results.grids[i][0]:,}" for i in chosen]
    _chart(
        sheet, "over_training", strips.face_rows(over_training, labels), "6",
        "The same 12 latents, drawn by the averaged generator after the number of training pictures on the left. "
        "Not chosen: the first of the sample grid.",
    )  # fmt: skip
    sheet.picture(
        "samples", _native(results.grids[-1][1]), "7 and 10",
        "Faces of 128 latents drawn by the final generator; not chosen.",
    )  # fmt: skip
    sheet.table(
        ["figure", "value", "compare with"],
        [
            ["FID in judge features", f"{measured['fid']:.2f}", "0 is best"],
            ["KID in judge features", number(measured["kid"], 4),
             f"{number(measured['kid_between_real'], 4)} between two halves of the training pictures"],
            ["precision (k = 3)", number(measured["precision"]), "share of samples among real ones; 1 is best"],
            ["recall (k = 3)", number(measured["recall"]), "share of real pictures among samples; 1 is best"],
            ["confident samples", percent(measured["confident_share"]), "share to which the judge gives p ≥ 0.9"],
            ["classifier and judge agree", percent(measured["classifier_agrees"]), "on the emotion of samples"],
        ],
        caption="FID and KID are computed on the features of this run's judge, not on Inception's: they compare "
        "generators under the same judge and nothing else.",
    )  # fmt: skip
    pairs = {
        f"{kind} read by the judge": (measured[f"{kind}_share"], measured[f"{kind}_share_of_data"])
        for kind in ("emotion", "character")
    }
    _chart(
        sheet, "shares", figures.shares(pairs), None,
        "Share of each class among samples, as the judge reads them, beside its share of the training pictures of the "
        "drawn characters. A bar that is missing is a class that the generator does not draw.",
    )  # fmt: skip
    nearest = measured["nearest_training_pictures"]
    z = results.latents(len(nearest), "evaluation samples")
    distances = [number(distance) for distance in measured["nearest_distances"]]
    pair = np.stack([strips.draw_faces(results.generator, z), results.dataset.images[nearest]])
    real = measured["nearest_distance_between_real"]
    _chart(
        sheet, "nearest", strips.face_rows(pair, ["sample", "nearest"], distances), None,
        f"Samples and, below each, the training picture nearest to it in the judge's features, with its distance. "
        f"Between two halves of the training pictures the nearest is {real['median']:.2f} away (quartiles "
        f"{real['low']:.2f} and {real['high']:.2f}). Distances well below that would mean copies.",
    )  # fmt: skip


def _readers(sheet: Page, results: Results) -> None:
    sheet.section("classifier", "The classifier and the judge")
    networks = {"classifier": results.classifier, "judge": results.judge}
    sheet.table(
        ["network", "emotion", "character", "emotion, degraded", "character, degraded", "test pictures", "parameters"],
        [
            [
                name,
                *(
                    percent(m[t][f"{kind}_accuracy"])
                    for t in ("test", "test_augmented")
                    for kind in ("emotion", "character")
                ),
                f"{m['test']['pictures']:,}",
                f"{m['parameters']:,}",
            ]
            for name, m in networks.items()
        ],
        caption="Accuracy on the untouched test split of all characters. Degraded: softened, noisy and off-colour "
        "copies, nearer to what a generator draws. The classifier labels (Z, Y); the judge only measures.",
    )
    test = results.classifier["test"]
    tables = {
        f"{kind}, {percent(test[f'{kind}_accuracy'])} right": (names, test[f"{kind}_confusion"])
        for kind, names in (("emotion", results.dataset.emotions), ("character", results.dataset.characters))
        if len(names) > 1
    }
    _chart(
        sheet, "confusion", figures.confusion(tables), None,
        f"Confusion of the classifier on {test['pictures']:,} test pictures: numbers of pictures, coloured "
        "by their share of the true class.",
    )  # fmt: skip


def _axes(sheet: Page, results: Results) -> None:
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
        f"the mean distance of the emotion's centre from the others; and that probability. Samples in the fit: {used}.",
    )  # fmt: skip
    apart = f"−{1 / (len(emotions) - 1):.2f}" if len(emotions) > 1 else "0"
    _chart(
        sheet, "cosines", axis_figures.cosines(results.fits, emotions), "5",
        f"Cosines between the fitted slopes, before, and between the axes, after orthogonalisation. Orthogonal axes "
        f"have 0 off the diagonal; axes that span one dimension less than there are emotions are farthest apart at "
        f"{apart} each. Either follows from how axes are made: whether emotions are apart in the faces is the leakage "
        f"below.",
    )  # fmt: skip


def _probabilities(sheet: Page, results: Results) -> None:
    sheet.section("probabilities", "Probabilities along the axes")
    colours = figures.emotion_colours(len(results.dataset.emotions))
    for name, result in results.fitted.items():
        _chart(
            sheet, f"curves_{name}", axis_figures.probability_curves(result, colours), "11",
            f"Method {name}: the judge's mean probability of every emotion as faces move along each axis, from 0 to "
            f"the distance k of strength 1. Bold: the axis' own emotion, with the band between the quartiles of faces. "
            f"The paper plots the classifier that labelled its data, on 8 faces; here are the judge and "
            f"{results.evaluation['faces']:,} faces.",
        )  # fmt: skip
    target = results.target
    _chart(
        sheet, "target", axis_figures.target_curve(results.evaluation["methods"], target, colours), "12 and 16",
        f"Left: mean probability of {target} along its axis for every method, with the bands between the quartiles of "
        f"faces. Right: all emotions along that axis with {results.default}.",
    )  # fmt: skip


def _walks(sheet: Page, results: Results) -> None:
    sheet.section("walks", "Faces along the axes")
    target, axes, z = results.target, results.axes[results.default], results.latents(FACES, "evaluation faces")
    farthest = axes.max_strength[axes.emotions.index(target)]
    states = strips.walk_faces(results.generator, axes, z, target, np.array([0, 0.5, 1]))
    _chart(
        sheet, "states", strips.face_rows(states.swapaxes(0, 1), [f"k = {k * farthest:.1f}" for k in (0, 0.5, 1)]),
        "13, 14 and 15",
        f"Eight faces before, halfway and at the end of the axis of {target}. The first of the evaluation, not chosen.",
    )  # fmt: skip
    strengths = np.linspace(0, 1, STEPS)
    heads = [f"{strength:.2f}" for strength in strengths]
    walk = strips.walk_faces(results.generator, axes, z, target, strengths)
    _chart(
        sheet, "walk", strips.face_rows(walk, [f"face {i}" for i in range(1, FACES + 1)], heads), None,
        f"The same faces on their whole way to {target}; the numbers are strengths (1 is k = {farthest:.1f}).",
    )  # fmt: skip
    for name in results.fitted:
        moves = results.axes[name]
        every = [strips.walk_faces(results.generator, moves, z[:1], e, strengths)[0] for e in moves.emotions]
        _chart(
            sheet, f"all_axes_{name}", strips.face_rows(np.stack(every), axes.emotions, heads), "8 and 9",
            f"The first face along every axis of {name}; the numbers are strengths. The paper shows surprise.",
        )  # fmt: skip


def _leakage(sheet: Page, results: Results) -> None:
    sheet.section("leakage", "Leakage")
    _chart(
        sheet, "leakage", axis_figures.leakage(results.fitted, results.dataset.emotions), None,
        "Mean change in the judge's probability of each emotion (column) from the start to the end of each axis (row). "
        "Wanted: the diagonal near 1 less the share of the emotion at the start, and nothing above 0 beside it.",
    )  # fmt: skip
    factors = results.evaluation["judge"]["factor_r2"]
    if factors:
        _chart(
            sheet, "factor_leakage", axis_figures.factor_leakage(results.evaluation["methods"], factors), None,
            "How much the known factors of the drawings change along with the emotion: bars are means over faces and "
            "axes, lines reach from the axis that changes a factor least to the one that changes it most. R²: how well "
            "the judge reads that factor from real test pictures; where it is low, the bar says little.",
        )  # fmt: skip


def _chart(sheet: Page, name: str, figure: Figure, paper: str | None, caption: str) -> None:
    sheet.picture(name, figures.png(figure), paper, caption)


def _native(path: Path) -> bytes:
    """A picture as PNG bytes in its own pixels, shrunk when it is wider than any screen column needs."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    picture.thumbnail((page.WIDEST_PICTURE, page.WIDEST_PICTURE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _facts(results: Results) -> dict[str, str]:
    config, dataset, training = results.config, results.dataset, results.training
    parts = ", ".join(f"{len(dataset.indices(split)):,} {split}" for split in ("train", "validation", "test"))
    facts = {
        "pictures": f"{dataset.spec} ({parts}; {len(dataset.characters)} characters, {len(dataset.emotions)} emotions)",
        "generator": f"DCGAN, {results.generator.latent_dim} latent dimensions, {results.losses[-1]['images']:,} "
        f"training pictures seen, discriminator norm {config.gan.discriminator_norm}",
        "labels in training": "emotion (and character) tied to sectors of the latent space"
        if config.gan.label_sectors
        else "none, as in the paper",
        "axes": f"{', '.join(results.fits)}; the default is {results.default}",
        "preset and seed": f"{config.preset}, {config.seed}",
        "data digest": dataset.digest[:16],
    }
    if training:
        seconds = {name: stage["seconds"] for name, stage in training["stages"].items()}
        facts["time"] = ", ".join(f"{name} {s / 60:.1f} min" for name, s in seconds.items())
        facts["most memory"] = f"{max(stage['peak_mib'] for stage in training['stages'].values()):,} MiB"
    return facts


def _mean_over(result: dict[str, Any], key: str) -> float | None:
    values = [found[key]["value"] for found in result["emotions"].values()]
    return None if None in values else float(np.mean(values))


def spaced(values: list[int], count: int) -> list[int]:
    """Indices of at most `count` of the rising values: the first, the last, and some evenly spaced by logarithm."""
    wanted = np.geomspace(max(values[0], 1), max(values[-1], 1), min(count, len(values)))
    chosen: list[int] = []
    for place, value in enumerate(wanted):
        rest = len(wanted) - place
        pool = range(chosen[-1] + 1 if chosen else 0, len(values) - rest + 1)
        chosen.append(min(pool, key=lambda i: abs(np.log(max(values[i], 1)) - np.log(value))))
    return chosen
