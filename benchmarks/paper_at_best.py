"""Why the paper's recipe draws one face here, and what it draws with its best chance.

    python benchmarks/paper_at_best.py shaded=PICTURES --judge runs/shaded-judge

PICTURES is a folder of characters and emotions. The first character is drawn by the preset `paper`, and with small
changes to its discriminator, which wins otherwise. The judge, which learned from other pictures of the same characters,
reads 2,000 samples. The rows go to results/paper_at_best.json.

*Contrast* is the standard deviation of a pixel over the samples, as a share of that over the pictures; 0 is one face,
at which training stops.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from recipe_variants import VARIANTS
from rows import put_row

RESULTS = Path(__file__).parent / "results" / "paper_at_best.json"
SAMPLES = 2_000
SLOW = {"discriminator_lr": 5e-5}
WAYS: dict[str, tuple[dict[str, Any], str]] = {
    "as published": ({}, ""),
    "D at a quarter of the step size": (SLOW, ""),
    "noise on what D sees": ({}, "noisy"),
    "both": (SLOW, "noisy"),
    "spectral normalisation in D": ({"discriminator_norm": "spectral"}, ""),
}
NOT_MEASURED = ("loss", "kid", "precision", "recall", "confident")
"""Figures that a collapsed generator has none of."""


def measure(spec: str, way: str, counts: list[int], judge: Path, run: Path) -> Iterator[dict[str, Any]]:
    """Train in one way, and yield a row for each number of pictures, until the generator collapses."""
    from tlgan_train.axes.samples import draw_faces, draw_latents
    from tlgan_train.classifiers.judge import SUCCESS, load_judge
    from tlgan_train.config import load_config
    from tlgan_train.data import drawn_characters, load_dataset
    from tlgan_train.errors import TrainError
    from tlgan_train.evaluation.metrics import kid, precision_recall
    from tlgan_train.evaluation.verdicts import Reader, Verdicts
    from tlgan_train.gan.train import train_gan
    from tlgan_train.gan.weights import load_generator
    from tlgan_train.models.inference import predict

    settings, variant = WAYS[way]
    chosen = [f"gan.{key}={value}" for key, value in {"precision": "auto", **settings}.items()]
    config = load_config("paper", [f"data.spec={spec}", *chosen])
    dataset = load_dataset(config.data, config.seed)
    characters = drawn_characters(config.data.characters, dataset.characters)
    reader, train = Reader(load_judge(judge)).eval(), dataset.indices("train", characters)
    real = Verdicts.of(predict(reader, dataset.images, train))
    varied = dataset.images[train].std(axis=0).mean()
    with VARIANTS[variant]() if variant else nullcontext():
        for images in counts:
            until = replace(config, gan=replace(config.gan, images=images))
            try:
                train_gan(until, dataset, characters, run, typer.echo)
            except TrainError as collapse:
                typer.echo(collapse)
                yield {"images": images, "contrast": 0.0, **dict.fromkeys(NOT_MEASURED)}
                return
            generator = load_generator(run)
            faces = draw_faces(generator, draw_latents(generator, SAMPLES, config.seed, "paper at best"))
            drawn = Verdicts.of(predict(reader, faces))
            precision, recall = precision_recall(real.features, drawn.features)
            metrics = (run / "gan" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
            yield {
                "images": images,
                "loss": float(np.mean([json.loads(line)["discriminator"] for line in metrics[-10:]])),
                "contrast": float(faces.std(axis=0).mean() / varied),
                "kid": kid(real.features, drawn.features),
                "precision": precision,
                "recall": recall,
                "confident": float((drawn.emotion.max(axis=1) >= SUCCESS).mean()),
            }  # fmt: skip


def main(
    cast: Annotated[str, typer.Argument(help="NAME=FOLDER: a name for the table, and the pictures.")],
    judge: Annotated[Path, typer.Option(help="Run folder on other pictures of the cast, whose judge reads.")],
    runs: Annotated[Path, typer.Option(help="Where networks go.")] = Path("runs/paper-at-best"),
    way: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(WAYS)}; repeatable.")] = None,
    pictures: Annotated[list[int] | None, typer.Option(help="When to measure; repeatable.")] = None,
) -> None:
    name, _, folder = cast.partition("=")
    for chosen in way or WAYS:
        run = runs / f"{name}-{list(WAYS).index(chosen)}"
        for row in measure(f"folder:{folder}", chosen, pictures or [40_000, 80_000, 160_000], judge, run):
            typer.echo(json.dumps({"cast": name, "way": chosen, **row}))
            put_row(RESULTS, {"cast": name, "way": chosen, **row}, ("cast", "way", "images"))


if __name__ == "__main__":
    typer.run(main)
