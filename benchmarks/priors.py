"""Where draws should come from: pictures drawn again, draws of the prior, and mixtures of two codes by largest angle.

    python benchmarks/priors.py shaded=runs/shaded --judge runs/shaded-judge --others OTHERS

`runs/shaded` has learned to draw a cast. The judge, which learned from OTHERS, a folder of other pictures of the same
characters, compares with these. The rows go to results/priors.json; `docs/fill.py` puts the table into
docs/research/training.md.

A mixture leaves the mean m of its class by cos(a) · (x - m) + sin(a) · (y - m), for the codes x and y of two training
pictures and an angle a between 0 and a largest one. It varies as much as codes do. The prior mixes a code with one of
its neighbours alone.

Draws with the emotion of others have the coordinates of the emotion from another draw. *As asked* is the share of draws
whose emotion the judge reads as that of these coordinates: edits move nothing else.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rows import markdown, put_row

RESULTS = Path(__file__).parent / "results" / "priors.json"
ANGLES = (30, 45, 90)
"""Largest angles, degrees."""
COPIES = 2
"""Mixtures for each training picture."""
COMPARED = 2000
"""Pictures of the others, and draws."""
HEADS = {
    "cast": "cast", "faces": "faces", "KID": "kid", "precision": "precision", "recall": "recall",
    "confident": "confident", "as asked": "asked", "copying": "copying",
}  # fmt: skip
FORMS = {"cast": "{}", "faces": "{}", "kid": "{:.3f}"}
DRAWS, EDITED = "draws of the prior", "draws with the emotion of others"


def mixtures(codes: np.ndarray, classes: np.ndarray, angle: float, rng: np.random.Generator) -> np.ndarray:
    """Return `COPIES` mixtures for each of the codes (N, latent_dim), with angles up to `angle` degrees."""
    mixed = []
    for one in np.unique(classes):
        middle = codes[classes == one].mean(axis=0)
        first = np.tile(codes[classes == one] - middle, (COPIES, 1))
        second = rng.permutation(first)
        angles = rng.uniform(0, math.radians(angle), (len(first), 1))
        mixed.append(middle + np.cos(angles) * first + np.sin(angles) * second)
    return np.concatenate(mixed).astype(np.float32)


def measure(run: Path, judge: Path, others: Path) -> list[dict[str, Any]]:
    """Return a row for each kind of faces."""
    import torch

    from tlgan_train.axes.samples import draw_faces
    from tlgan_train.classifiers.judge import SUCCESS, load_judge
    from tlgan_train.config import Config, load_config
    from tlgan_train.data import load_dataset
    from tlgan_train.evaluation.metrics import copying, kid, precision_recall
    from tlgan_train.evaluation.verdicts import Reader, Verdicts
    from tlgan_train.gan.weights import load_encoder, load_generator
    from tlgan_train.models.inference import predict
    from tlgan_train.run_folder import read_json

    config = Config.from_dict(read_json(run / "config.json", made_by="all")["config"])
    own = load_dataset(config.data, config.seed)
    other = load_dataset(load_config("quick", [f"data.spec=folder:{others}"]).data, config.seed)
    generator, encoder, reader = load_generator(run), load_encoder(run), Reader(load_judge(judge)).eval()
    if encoder is None:
        raise typer.BadParameter(f"{run} was trained without an encoder")
    rng = np.random.default_rng(0)
    real = Verdicts.of(predict(reader, other.images, rng.permutation(len(other.images))[:COMPARED]))
    train, test = own.indices("train"), own.indices("test")
    seen = predict(reader, own.images, train)[0]
    codes = predict(encoder, own.images, train)[0]
    z = torch.from_numpy(rng.standard_normal((COMPARED, generator.latent_dim), dtype=np.float32))
    draws, asked = generator.prior(z).numpy(), generator.prior.labels(z)[0].numpy()
    others, coordinates = rng.permutation(COMPARED), len(own.emotions) - 1
    edited = np.concatenate([draws[others, :coordinates], draws[:, coordinates:]], axis=1)
    faces = {
        "test pictures, drawn again": predict(encoder, own.images, test)[0],
        DRAWS: draws,
        EDITED: edited,
        **{
            f"mixtures up to {angle}°": rng.permutation(mixtures(codes, own.classes[train], angle, rng))[:COMPARED]
            for angle in ANGLES
        },
    }
    wanted = {DRAWS: asked, EDITED: asked[others]}
    rows = []
    for name, latents in faces.items():
        drawn = Verdicts.of(predict(reader, draw_faces(generator, latents)))
        precision, recall = precision_recall(real.features, drawn.features)
        rows.append(
            {
                "faces": name,
                "kid": kid(real.features, drawn.features),
                "precision": precision,
                "recall": recall,
                "confident": float((drawn.emotion.max(axis=1) >= SUCCESS).mean()),
                "asked": float((drawn.emotion.argmax(axis=1) == wanted[name]).mean()) if name in wanted else None,
                "copying": copying(seen, real.features, drawn.features),
            }
        )
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    return markdown(HEADS, rows, FORMS)


def main(
    cast: Annotated[str, typer.Argument(help="NAME=RUN: a name for the table, and the run folder.")],
    judge: Annotated[Path, typer.Option(help="Run folder on other pictures of the cast, whose judge reads.")],
    others: Annotated[Path, typer.Option(help="Folder of these pictures.")],
) -> None:
    name, _, run = cast.partition("=")
    for row in measure(Path(run), judge, others):
        typer.echo(json.dumps(row))
        put_row(RESULTS, {"cast": name, **row}, ("cast", "faces"))


if __name__ == "__main__":
    typer.run(main)
