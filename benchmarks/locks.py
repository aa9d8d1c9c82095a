"""What `keep` does: faces that show an emotion are moved to another with the first one kept, by the judge of a run.

    python benchmarks/locks.py exported/cast runs/cast   # adds a row for each method to results/locks.json

`docs/fill.py` puts the table into docs/research/edits.md. The run is the one that the bundle was
exported from, or any on the same pictures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Annotated, Any

import typer
from rows import markdown, put_row

RESULTS = Path(__file__).parent / "results" / "locks.json"
FACES = 256
COLUMNS = {
    "bundle": "bundle", "method": "method", "kept emotion, start": "start", "end": "free", "end, with `keep`": "kept",
    "wanted is next": "next", "other faces: success": "success", "success, with `keep`": "success_kept",
}  # fmt: skip


def measure(bundle: Path, run: Path) -> Iterator[dict[str, Any]]:
    """For each method, means over the pairs of a wanted emotion and one to keep.

    Of the faces that show the latter with p ≥ 0.9: its mean probability at the start and at strength 1, without and
    with `keep`, and the share of them whose likeliest other emotion is the wanted one then. Of the faces that show
    neither: success, without and with.
    """
    import numpy as np

    from tlgan_runtime import CheerMeUp
    from tlgan_train.classifiers.judge import SUCCESS, load_judge
    from tlgan_train.evaluation.metrics import ALREADY_THERE
    from tlgan_train.evaluation.model import finished_bundle
    from tlgan_train.evaluation.verdicts import Reader, latent_judge

    app, model = CheerMeUp(bundle), finished_bundle(bundle)
    judge_latents = latent_judge(model, Reader(load_judge(run)).eval())
    z = model.latents(FACES, "faces that keep something")
    before = judge_latents(z).emotion
    for method in app.methods:
        free = {name: judge_latents(app.move(z, {name: 1.0}, method)).emotion for name in app.emotions}
        found = []
        for wanted, kept in permutations(range(len(app.emotions)), 2):
            name, held = app.emotions[wanted], app.emotions[kept]
            after = judge_latents(app.move(z, {name: 1.0}, method, keep=[held])).emotion
            showing = before[:, kept] >= SUCCESS
            others = (before[:, kept] < ALREADY_THERE) & (before[:, wanted] < ALREADY_THERE)
            beside = np.delete(after[showing], kept, axis=1).argmax(axis=1)
            found.append(
                [
                    before[showing, kept].mean(), free[name][showing, kept].mean(), after[showing, kept].mean(),
                    (beside == wanted - (wanted > kept)).mean(), (free[name][others, wanted] >= SUCCESS).mean(),
                    (after[others, wanted] >= SUCCESS).mean(),
                ]
            )  # fmt: skip
        means = map(float, np.mean(found, axis=0))
        yield {"bundle": bundle.name, "method": method, **dict(zip(list(COLUMNS.values())[2:], means, strict=True))}


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: one row for each bundle and method."""
    return markdown(COLUMNS, rows, {"bundle": "`{}`", "method": "`{}`"})


def main(
    bundle: Annotated[Path, typer.Argument(help="Folder.")],
    run: Annotated[Path, typer.Argument(help="Run folder with a judge.")] = Path("runs/quick"),
) -> None:
    for row in measure(bundle, run):
        typer.echo(json.dumps(row))
        put_row(RESULTS, row, ("bundle", "method"))


if __name__ == "__main__":
    typer.run(main)
