"""Jobs of `cheermeup batch` on the machines of a Ray cluster: each actor opens the bundle once and draws what it gets.

    pip install "ray[data]" ".[cpu]"
    python examples/ray_batch.py JOBS.jsonl FOLDER [ACTORS]

FOLDER is one that all machines see. Prints a JSON object for each job, in their order.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import ray

from tlgan_runtime import CheerMeUp, CheerMeUpError
from tlgan_runtime.batch.job import Job


class Artist:
    """One process of the cluster, with one CPU."""

    def __init__(self, folder: str, bundle: str | None) -> None:
        self.folder = Path(folder)
        self.editor = CheerMeUp(bundle, threads=1)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """`line` and `job` (a line of JSON each) -> `line` and `error`, empty where the picture was drawn."""
        errors = [self.draw(str(text)) for text in batch["job"]]
        return {"line": batch["line"], "error": np.array(errors, dtype=object)}

    def draw(self, text: str) -> str:
        try:
            Job.parse(text).draw(self.editor, self.folder)
        except CheerMeUpError as error:
            return str(error)
        return ""


def draw_all(lines: list[str], folder: Path, actors: int = 2, bundle: str | None = None) -> list[dict[str, Any]]:
    """What became of each line that is not blank: `line` (from 1) and `error`."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [{"line": number, "job": text} for number, text in enumerate(lines, start=1) if text.strip()]
    drawn = ray.data.from_items(jobs, override_num_blocks=max(1, min(len(jobs), 4 * actors))).map_batches(
        Artist,
        batch_size=8,
        concurrency=actors,
        num_cpus=1,
        fn_constructor_args=(str(folder.resolve()), bundle),
    )
    return sorted(({"line": int(row["line"]), "error": row["error"]} for row in drawn.iter_rows()), key=_line)


def _line(row: dict[str, Any]) -> int:
    return int(row["line"])


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    for row in draw_all(lines, Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 2):
        print(json.dumps(row))
