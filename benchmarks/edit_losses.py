"""How far codes keep the emotion in its own coordinates, by the weight of the loss on edited pictures.

    python benchmarks/edit_losses.py shaded=runs/shaded --weight 0 --weight 0.25

`runs/shaded` has a classifier, coaches and a judge for a cast. For each weight of `gan.edit_weight`, a GAN learns in
`runs/shaded-edits-WEIGHT` for 102,400 pictures by the settings of the run, with these classifiers. The rows go to
results/edit_losses.json; `docs/fill.py` puts the table into docs/research/training.md.

Test pictures are drawn again, and once more with the coordinates of the emotion of another test picture with another
emotion. *Read* is how often the judge reads the picture's own emotion, *as asked* how often that of the coordinates,
*as before* how often still the picture's own. The error is the mean squared one, in [-1, 1].
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rows import markdown, put_row

RESULTS = Path(__file__).parent / "results" / "edit_losses.json"
SETTINGS = {
    "gan.warmup_images": 96_000, "gan.warmup_decay_images": 20_000, "gan.images": 102_400, "gan.decay_images": 6_400,
}  # fmt: skip
HEADS = {
    "cast": "cast", "`gan.edit_weight`": "weight", "error": "error", "read": "read", "as asked": "asked",
    "as before": "before",
}  # fmt: skip
FORMS = {"cast": "{}", "weight": "{:g}", "error": "{:.4f}"}


def measure(source: Path, weight: float) -> dict[str, Any]:
    """Train with a weight, unless that is done, and return a row."""
    from tlgan_train.axes.samples import draw_faces
    from tlgan_train.classifiers.classifier import load_classifier, load_coaches
    from tlgan_train.classifiers.judge import load_judge
    from tlgan_train.compute.compute import Compute
    from tlgan_train.config import Config
    from tlgan_train.data import drawn_characters, load_dataset
    from tlgan_train.gan.train import train_gan
    from tlgan_train.gan.weights import load_encoder, load_generator
    from tlgan_train.models.inference import predict, to_tensor
    from tlgan_train.run_folder import read_json

    config = Config.from_dict(read_json(source / "config.json", made_by="all")["config"])
    for key, value in {**SETTINGS, "gan.edit_weight": weight}.items():
        config = config.with_value(key, value)
    run = source.with_name(f"{source.name}-edits-{weight:g}")
    for name in ("classifier", "judge"):
        shutil.copytree(source / name, run / name, dirs_exist_ok=True)
    dataset, compute = load_dataset(config.data, config.seed), Compute.here(config.gan.precision)
    characters = drawn_characters(config.data.characters, dataset.characters)
    readers = (load_classifier(run, compute), *load_coaches(run, config.classifier.coaches, compute))
    train_gan(
        config, dataset, characters, run, typer.echo, False, compute, tuple(r.requires_grad_(False) for r in readers)
    )

    generator, encoder, judge = load_generator(run), load_encoder(run), load_judge(run)
    rng, test = np.random.default_rng(0), dataset.indices("test", characters)
    codes, own, others = predict(encoder, dataset.images, test)[0], dataset.emotion[test], rng.permutation(len(test))
    coordinates = len(dataset.emotions) - 1
    edited = np.concatenate([codes[others, :coordinates], codes[:, coordinates:]], axis=1)
    redrawn, changed = (draw_faces(generator, latents) for latents in (codes, edited))
    before, after = (predict(judge, faces)[0].argmax(axis=1) for faces in (redrawn, changed))
    differ = own[others] != own
    return {
        "weight": weight,
        "error": float((to_tensor(redrawn) - to_tensor(dataset.images[test])).square().mean()),
        "read": float((before == own).mean()),
        "asked": float((after == own[others])[differ].mean()),
        "before": float((after == own)[differ].mean()),
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    return markdown(HEADS, rows, FORMS)


def main(
    cast: Annotated[str, typer.Argument(help="NAME=RUN: a name for the table, and a run folder.")],
    weight: Annotated[list[float], typer.Option(help="Value of gan.edit_weight; repeatable.")],
) -> None:
    name, _, run = cast.partition("=")
    for value in weight:
        row = {"cast": name, **measure(Path(run), value)}
        typer.echo(json.dumps(row))
        put_row(RESULTS, row, ("cast", "weight"))


if __name__ == "__main__":
    typer.run(main)
