"""How much of the pictures draws show, by the number of codes of each class that the prior keeps.

    python benchmarks/kept_codes.py runs/solo solo   # adds rows to results/kept_codes.json

Priors with 128 codes and more are made again from the encoder of a finished run. Its judge compares their draws with
the training pictures. The run stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
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


def measure(run: Path, counts: list[int]) -> Iterator[dict[str, Any]]:
    """Return what the judge says of draws from priors that keep so many codes of each class."""
    from tlgan_train.axes.samples import draw_latents
    from tlgan_train.classifiers.judge import load_judge
    from tlgan_train.data import load_dataset
    from tlgan_train.evaluation.generator import evaluate_generator
    from tlgan_train.evaluation.model import finished_run
    from tlgan_train.evaluation.verdicts import Reader, Verdicts, latent_judge
    from tlgan_train.gan.state import label_arrays
    from tlgan_train.gan.weights import load_encoder, load_generator
    from tlgan_train.models.inference import predict
    from tlgan_train.models.prior import Prior
    from tlgan_train.run_folder import started_with

    config, _ = started_with(run / "config.json")
    dataset, model = load_dataset(config.data, config.seed), finished_run(run)
    generator, reader = load_generator(run), Reader(load_judge(run)).eval()
    judge_latents = latent_judge(model, reader)
    train, held_out = (dataset.indices(split, model.drawn) for split in ("train", "test"))
    real, unseen = (predict(reader, dataset.images, indices) for indices in (train, held_out))
    codes = predict(load_encoder(run), dataset.images, train)
    sizes, push = generator.prior.sizes, generator.prior.push
    labels = tuple(of[train] for of in label_arrays(dataset, model.drawn, len(sizes)))
    for count in counts:
        generator.prior = Prior(sizes, generator.latent_dim, push, count)
        generator.prior.keep(codes, labels, np.random.default_rng(config.seed))
        drawn = judge_latents(draw_latents(generator, DRAWS, config.seed, "evaluation samples"))
        found = evaluate_generator(dataset, Verdicts.of(real), drawn, train, drawn.emotion.argmax(axis=1), unseen[0])
        names = ("kid", "precision", "recall", "confident_share", "copying")
        yield {"codes": count, **{name: getattr(found, name) for name in names}}


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    return markdown(HEADS, sorted(rows, key=lambda row: (row["run"] != "solo", row["codes"])), FORMS)


def main(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    name: Annotated[str, typer.Argument(help="What rows are to call it.")],
    codes: Annotated[list[int], typer.Option(help="Most codes of a class; repeatable.")] = [128, 512],  # noqa: B006
) -> None:
    for found in measure(run, codes):
        row = {"run": name, **found}
        typer.echo(json.dumps(row))
        put_row(RESULTS, row, ("run", "codes"))


if __name__ == "__main__":
    typer.run(main)
