"""Sections of the report on the networks: generator, classifier and judge."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tlgan_train.axes.samples import draw_faces
from tlgan_train.evaluation.learning_curve import read_grid
from tlgan_train.evaluation.metrics import percent
from tlgan_train.report import charts, face_rows
from tlgan_train.report.figure import chart
from tlgan_train.report.page import WIDEST_PICTURE, Page, number
from tlgan_train.report.results import Results

CHECKPOINTS = 6
"""Sample grids shown over training, evenly spaced on a logarithmic scale: most happens early."""
NEAREST_COLUMNS = 8
"""Samples beside each other above their nearest training pictures."""


def generator_section(sheet: Page, results: Results) -> None:
    """Losses, samples over training, the last samples, and how near they are to the training pictures."""
    config, measured = results.config.gan, results.evaluation["generator"]
    sheet.section("generator", "The generator")
    half = (config.real_target - config.fake_target) / 2
    chance = {"discriminator": 2 * half**2, "generator": (config.generator_target - config.fake_target - half) ** 2}
    warmup = f" The first {config.warmup_images:,} pictures are a warm-up without them." if config.warmup_images else ""
    chart(
        sheet, results, "losses", charts.losses(results.losses, chance), (4,),
        "Losses over training, means over 50 steps; where there are two lines of a colour, the bold one is a running "
        "mean. Dotted: what each loss is when the discriminator cannot tell real from drawn. "
        f"Adversarial losses show whether the two networks balance, not how good the pictures are.{warmup}",
    )  # fmt: skip
    chosen = spaced([images for images, _ in results.grids], CHECKPOINTS)
    over_training = np.stack([read_grid(results.grids[i][1])[0, :12] for i in chosen])
    labels = [f"{results.grids[i][0]:,}" for i in chosen]
    chart(
        sheet, results, "over_training", face_rows.face_rows(over_training, labels), (6,),
        "The same 12 latents, drawn by the averaged generator after the number of training pictures on the left. "
        "Not chosen: the first of the sample grid.",
    )  # fmt: skip
    chart(
        sheet, results, "learning", charts.learning(results.learning, config.warmup_images), (),
        "The 128 faces of each sample grid as the judge reads them. Confident: share with p ≥ 0.9 for one emotion. "
        "Classes covered: effective number (the exponential of the entropy) of pairs of character and emotion, over "
        "the number of pairs in the data; 1 means that all are drawn equally often. KID: distance to training "
        "pictures; 0 is best.",
    )  # fmt: skip
    chart(
        sheet, results, "samples", _native(results.grids[-1][1]), (7, 10),
        "Faces of 128 latents drawn by the final generator; not chosen.",
    )  # fmt: skip
    sheet.table(
        ["figure", "value", "compare with"],
        [
            ["FID in judge features", number(measured["fid"]), "0 is best"],
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
    chart(
        sheet, results, "shares", charts.shares(pairs), (),
        "Share of each class among samples, as the judge reads them, beside its share of the training pictures of the "
        "drawn characters. A bar that is missing is a class that the generator does not draw.",
    )  # fmt: skip
    _nearest(sheet, results)


def _nearest(sheet: Page, results: Results) -> None:
    measured = results.evaluation["generator"]
    nearest = measured["nearest_training_pictures"]
    drawn = draw_faces(results.generator, results.latents(len(nearest), "evaluation samples"))
    distances = [number(distance) for distance in measured["nearest_distances"]]
    columns = min(NEAREST_COLUMNS, len(nearest))
    blocks = [slice(start, start + columns) for start in range(0, len(nearest) - columns + 1, columns)]
    rows = [pictures[block] for block in blocks for pictures in (drawn, results.dataset.images[nearest])]
    under = [names for block in blocks for names in ([], distances[block])]
    real = measured["nearest_distance_between_real"]
    chart(
        sheet, results, "nearest",
        face_rows.face_rows(np.stack(rows), ["sample", "nearest"] * len(blocks), under=under), (),
        f"Samples and, below each, the training picture nearest to it in the judge's features, with its distance. "
        f"Between two halves of the training pictures the nearest is {number(real['median'])} away (quartiles "
        f"{number(real['low'])} and {number(real['high'])}). Distances well below that would mean copies.",
    )  # fmt: skip


def readers_section(sheet: Page, results: Results) -> None:
    """How well classifier and judge read test pictures."""
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
        caption="Accuracy on the untouched test split of all characters, contiguous blocks of frames of each class. "
        "Degraded: softened, noisy and off-colour copies, nearer to what a generator draws. The classifier labels "
        "(Z, Y); the judge only measures.",
    )
    test = results.classifier["test"]
    tables = {
        f"{kind}, {percent(test[f'{kind}_accuracy'])} right": (names, test[f"{kind}_confusion"])
        for kind, names in (("emotion", results.dataset.emotions), ("character", results.dataset.characters))
        if len(names) > 1
    }
    chart(
        sheet, results, "confusion", charts.confusion(tables), (),
        f"Confusion of the classifier on {test['pictures']:,} test pictures: numbers of pictures, coloured "
        "by their share of the true class.",
    )  # fmt: skip


def spaced(values: list[int], count: int) -> list[int]:
    """Indices of at most `count` of the rising values: the first, the last, and some evenly spaced by logarithm."""
    wanted = np.geomspace(max(values[0], 1), max(values[-1], 1), min(count, len(values)))
    chosen: list[int] = []
    for place, value in enumerate(wanted):
        rest = len(wanted) - place
        pool = range(chosen[-1] + 1 if chosen else 0, len(values) - rest + 1)
        chosen.append(min(pool, key=lambda i: abs(np.log(max(values[i], 1)) - np.log(value))))
    return chosen


def _native(path: Path) -> bytes:
    """A picture as PNG bytes in its own pixels, shrunk when it is wider than any screen column needs."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    picture.thumbnail((WIDEST_PICTURE, WIDEST_PICTURE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
