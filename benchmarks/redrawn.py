"""How much of a picture its code keeps: test pictures, drawn again by the encoder and the generator of a run.

    python benchmarks/redrawn.py runs/cast --preset cast --readers runs/cast   # adds a row to results/redrawn.json

`docs/fill.py` puts the table into docs/research/training.md.

Draws of a generator cannot be expected to be better than that, or to vary more. The run may be one that still trains:
`RUN/gan` is enough. The judge is that of `--readers`, a finished run on the same pictures.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rows import markdown, put_row

RESULTS = Path(__file__).parent / "results" / "redrawn.json"
PICTURES = 2500
"""Test pictures, chosen at random, and as many training pictures that they are compared with."""
COLUMNS = {
    "preset": "preset", "pictures": "images", "squared error": "squared_error", "emotion kept": "emotion_kept",
    "KID": "kid", "precision": "precision", "recall": "recall", "yaw": "yaw", "gaze left, right": "gaze_x",
    "gaze up, down": "gaze_y", "blink": "blink", "light": "light",
}  # fmt: skip


def measure(run: Path, preset: str, readers: Path) -> dict[str, Any]:
    """What the judge of `readers` says of the pictures that `run` draws again.

    `squared_error` is the mean over values in [-1, 1], `emotion_kept` the share whose likeliest emotion is the label,
    and each known factor has the R² of what is read before and after.
    """
    import numpy as np

    from tlgan_train.axes.samples import draw_faces
    from tlgan_train.classifiers.judge import factor_names, load_judge
    from tlgan_train.config import load_config
    from tlgan_train.data import drawn_characters, load_dataset
    from tlgan_train.evaluation.metrics import kid, precision_recall
    from tlgan_train.evaluation.verdicts import Reader, Verdicts
    from tlgan_train.gan.weights import images_seen, load_encoder, load_generator
    from tlgan_train.models.inference import predict

    config = load_config(preset)
    dataset = load_dataset(config.data, config.seed)
    drawn = drawn_characters(config.data.characters, dataset.characters)
    encoder = load_encoder(run)
    if encoder is None:
        raise typer.BadParameter(f"{run} was trained without an encoder")
    generator, reader = load_generator(run), Reader(load_judge(readers)).eval()
    rng = np.random.default_rng(0)
    train, test = (rng.permutation(dataset.indices(split, drawn))[:PICTURES] for split in ("train", "test"))

    redrawn = draw_faces(generator, predict(encoder, dataset.images, test)[0])
    real, before = (Verdicts.of(predict(reader, dataset.images, indices)) for indices in (train, test))
    after = Verdicts.of(predict(reader, redrawn))
    precision, recall = precision_recall(real.features, after.features)
    error = (redrawn.astype(np.float32) - dataset.images[test]) / 127.5
    agreement = [np.corrcoef(b, a)[0, 1] ** 2 for b, a in zip(before.factors.T, after.factors.T, strict=True)]
    return {
        "preset": preset,
        "images": images_seen(run),
        "squared_error": float(np.square(error).mean()),
        "emotion_kept": float((after.emotion.argmax(axis=1) == dataset.emotion[test]).mean()),
        "kid": kid(real.features, after.features),
        "precision": precision,
        "recall": recall,
        **dict(zip(factor_names(readers), map(float, agreement), strict=True)),
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: one row for each measurement, by preset and number of pictures."""
    forms = {"preset": "`{}`", "images": "{:,}", "squared_error": "{:.4f}", "kid": "{:.3f}"}
    return markdown(COLUMNS, sorted(rows, key=lambda row: (row["preset"], row["images"])), forms)


def main(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    preset: Annotated[str, typer.Option(help="The one that it was started with.")] = "quick",
    readers: Annotated[Path, typer.Option(help="Finished run whose judge reads the pictures.")] = Path("runs/quick"),
) -> None:
    row = measure(run, preset, readers)
    typer.echo(json.dumps(row))
    put_row(RESULTS, row, ("preset", "images"))


if __name__ == "__main__":
    typer.run(main)
