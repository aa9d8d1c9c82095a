"""How soon a warm-up keeps what pictures show: by Adam and Muon, by pixels alone and by what a classifier looks at.

    tlgan-train classifier --preset cast --data folder:PICTURES --run runs/smile
    tlgan-train judge --preset cast --data folder:OTHERS --run runs/smile-judge
    python benchmarks/warmups.py smile=folder:PICTURES --readers runs/smile --judge runs/smile-judge

trains the generator and the encoder of the preset `cast` for 100,000 pictures in each way. The judge, which learned
from other pictures of the same characters, then reads test pictures that were drawn again. The rows go to
results/warmups.json.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from cpuinfo import get_cpu_info
from rows import put_row

RESULTS = Path(__file__).parent / "results" / "warmups.json"
PICTURES = 100_000
PIXELS = {"perceptual_weight": 0.0, "edit_weight": 0.0, "saliency": 0.0}
VARIANTS = {
    "Adam, pixels": {**PIXELS, "matrix_lr": 0.0},
    "Adam, pixels and classifier": {"saliency": 0.0, "matrix_lr": 0.0},
    "Muon, pixels": PIXELS,
    "Muon, pixels and classifier": {"saliency": 0.0},
    "Muon, pixels by saliency and classifier": {},
}
"""Settings in which each way differs from the preset."""


def measure(way: str, spec: str, readers: Path, judge: Path, run: Path) -> dict[str, Any]:
    """Train a warm-up, draw test pictures again, and return what the judge reads in them."""
    from tlgan_train.axes.samples import draw_faces
    from tlgan_train.classifiers.classifier import load_classifier
    from tlgan_train.classifiers.judge import SUCCESS, load_judge
    from tlgan_train.config import load_config
    from tlgan_train.data import load_dataset
    from tlgan_train.evaluation.metrics import kid
    from tlgan_train.evaluation.verdicts import Reader, Verdicts
    from tlgan_train.gan.train import train_gan
    from tlgan_train.gan.weights import load_encoder, load_generator
    from tlgan_train.models.inference import predict

    lengths = {"warmup_images": PICTURES, "images": PICTURES + 64, "warmup_decay_images": PICTURES // 5}
    settings = {**lengths, **VARIANTS[way], "precision": "fp32"}
    config = load_config("cast", [f"data.spec={spec}", *(f"gan.{key}={value}" for key, value in settings.items())])
    dataset = load_dataset(config.data, config.seed)
    start = time.process_time()
    teacher = load_classifier(readers).requires_grad_(False)
    train_gan(config, dataset, dataset.characters, run, typer.echo, readers=(teacher,))
    minutes = (time.process_time() - start) / 60

    reader, test = Reader(load_judge(judge)).eval(), dataset.indices("test")
    redrawn = draw_faces(load_generator(run), predict(load_encoder(run), dataset.images, test)[0])
    before, after = (
        Verdicts.of(outputs) for outputs in (predict(reader, dataset.images, test), predict(reader, redrawn))
    )
    return {
        "minutes": minutes,
        "squared_error": float(np.square((redrawn.astype(np.float32) - dataset.images[test]) / 127.5).mean()),
        "emotion_kept": float((after.emotion.argmax(axis=1) == dataset.emotion[test]).mean()),
        "confident": float((after.emotion.max(axis=1) >= SUCCESS).mean()),
        "kid": kid(before.features, after.features),
        "processor": get_cpu_info()["brand_raw"],
    }


def main(
    cast: Annotated[str, typer.Argument(help="NAME=SPEC: a name for the table, and the pictures.")],
    readers: Annotated[Path, typer.Option(help="Run folder on them, whose classifier teaches.")],
    judge: Annotated[Path, typer.Option(help="Run folder on other pictures of them, whose judge reads.")],
    runs: Annotated[Path, typer.Option(help="Where networks go.")] = Path("runs/warmups"),
    way: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(VARIANTS)}; repeatable.")] = None,
) -> None:
    name, _, spec = cast.partition("=")
    for chosen in way or VARIANTS:
        run = runs / f"{name}-{list(VARIANTS).index(chosen)}"
        row = {"cast": name, "way": chosen, **measure(chosen, spec, readers, judge, run)}
        typer.echo(json.dumps(row))
        put_row(RESULTS, row, ("cast", "way"))


if __name__ == "__main__":
    typer.run(main)
