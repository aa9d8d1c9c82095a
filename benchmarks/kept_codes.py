"""How much of the pictures draws show, by the number of codes of each class that the prior keeps.

    python benchmarks/kept_codes.py runs/solo solo   # adds rows to results/kept_codes.json

Priors with 128 codes and more are made again from the encoder of a finished run. Its judge compares their draws with
the training pictures. The run stays as it is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rows import markdown, put_row

RESULTS = Path(__file__).parent / "results" / "kept_codes.json"
DRAWS = 5_000
HEADS = {
    "run": "run", "codes of a class": "codes", "KID": "kid", "precision": "precision", "recall": "recall",
    "confident": "confident_share", "copying": "copying",
}  # fmt: skip
FORMS = {"run": "`{}`", "codes": "{}", "kid": "{:.3f}"}


def measure(run: Path, codes: int) -> dict[str, float | None]:
    """Return what the judge says of draws from a prior that keeps so many codes of each class."""
    from tlgan_train.axes.samples import draw_faces, draw_latents
    from tlgan_train.classifiers.judge import load_judge
    from tlgan_train.data import drawn_characters, load_dataset
    from tlgan_train.evaluation.generator import evaluate_generator
    from tlgan_train.evaluation.verdicts import FACES_AT_ONCE, Reader, Verdicts, joined, read
    from tlgan_train.gan.state import label_arrays
    from tlgan_train.gan.weights import load_encoder, load_generator
    from tlgan_train.models.inference import predict
    from tlgan_train.models.prior import Prior
    from tlgan_train.run_folder import started_with

    config, _ = started_with(run / "config.json")
    dataset = load_dataset(config.data, config.seed)
    characters = drawn_characters(config.data.characters, dataset.characters)
    generator, encoder, reader = load_generator(run), load_encoder(run), Reader(load_judge(run)).eval()
    train, held_out = (dataset.indices(split, characters) for split in ("train", "test"))
    sizes, push = generator.prior.sizes, generator.prior.push
    labels = tuple(of[train] for of in label_arrays(dataset, characters, len(sizes)))
    generator.prior = Prior(sizes, generator.latent_dim, push, codes)
    generator.prior.keep(predict(encoder, dataset.images, train), labels, np.random.default_rng(config.seed))

    z = draw_latents(generator, DRAWS, config.seed, "evaluation samples")
    parts = (z[start : start + FACES_AT_ONCE] for start in range(0, DRAWS, FACES_AT_ONCE))
    drawn = Verdicts.of(joined(read(reader, draw_faces(generator, part)) for part in parts))
    real, unseen = (predict(reader, dataset.images, indices) for indices in (train, held_out))
    found = evaluate_generator(dataset, Verdicts.of(real), drawn, train, drawn.emotion.argmax(axis=1), unseen[0])
    return {name: getattr(found, name) for name in ("kid", "precision", "recall", "confident_share", "copying")}


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    return markdown(HEADS, sorted(rows, key=lambda row: (row["run"] != "solo", row["codes"])), FORMS)


def main(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    name: Annotated[str, typer.Argument(help="What rows are to call it.")],
    codes: Annotated[list[int], typer.Option(help="Most codes of a class; repeatable.")] = [128, 512],  # noqa: B006
) -> None:
    for count in codes:
        row = {"run": name, "codes": count, **measure(run, count)}
        typer.echo(json.dumps(row))
        put_row(RESULTS, row, ("run", "codes"))


if __name__ == "__main__":
    typer.run(main)
