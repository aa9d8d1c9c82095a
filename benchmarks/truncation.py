"""How near to the middle draws should stay: precision against recall of finished runs.

    python benchmarks/truncation.py runs/cast --preset cast --at 0.85,0.85 --at 1,1   # adds to results/truncation.json

`docs/fill.py` puts the table into docs/research/training.md.

Each pair is `gan.truncation` and `gan.label_truncation`. The run's own judge and classifier read the draws, or those of
`--readers`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from recipes import COLUMNS, score
from rows import markdown, put_row

RESULTS = Path(__file__).parent / "results" / "truncation.json"
HEADS = {"preset": "preset", "truncation": "truncation", "on labels": "label_truncation", **COLUMNS}


def measure(run: Path, preset: str, readers: Path, pairs: list[tuple[float, float]]) -> Iterator[dict[str, Any]]:
    """What the judge and the classifier of `readers` say of draws with each pair of truncations."""
    from tlgan_train.config import load_config
    from tlgan_train.data import drawn_characters, load_dataset
    from tlgan_train.gan.weights import images_seen, load_generator

    config = load_config(preset)
    dataset = load_dataset(config.data, config.seed)
    drawn, generator = drawn_characters(config.data.characters, dataset.characters), load_generator(run)
    for pair in pairs:
        generator.prior.truncation, generator.prior.label_truncation = pair
        figures = score(generator, readers, dataset, drawn, config.seed)
        yield {
            "preset": preset, "images": images_seen(run), "truncation": pair[0], "label_truncation": pair[1],
            **{key: figures[key] for key in COLUMNS.values()},
        }  # fmt: skip


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: one row for each measurement."""
    forms = {"preset": "`{}`", "truncation": "{:g}", "label_truncation": "{:g}", "kid": "{:.3f}"}
    order = sorted(rows, key=lambda row: (row["preset"] != "cast", row["truncation"], row["label_truncation"]))
    return markdown(HEADS, order, forms)


def main(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    preset: Annotated[str, typer.Option(help="The one that it was started with.")] = "quick",
    readers: Annotated[Path | None, typer.Option(help="Finished run whose networks read; the run itself.")] = None,
    at: Annotated[list[str] | None, typer.Option(help="TRUNCATION,LABEL_TRUNCATION; may be repeated.")] = None,
) -> None:
    pairs = [(float(first), float(second)) for first, second in (pair.split(",") for pair in at or ["1,1"])]
    for row in measure(run, preset, readers or run, pairs):
        typer.echo(json.dumps(row))
        put_row(RESULTS, row, ("preset", "truncation", "label_truncation"))


if __name__ == "__main__":
    typer.run(main)
