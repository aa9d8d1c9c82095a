"""How well, and how soon, each kind of classifier reads a data set.

    python benchmarks/classifiers.py DATA [DATA ...]   # results/classifiers.json; DATA as for tlgan-train --data

Each network is trained by the stage of `tlgan-train`, with its own step size, until validation stops improving. Times
are of the processor, and are those of one core with `OMP_NUM_THREADS=1`.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from cpuinfo import get_cpu_info
from rows import markdown, put_row

RESULTS = Path(__file__).parent / "results" / "classifiers.json"
NETWORKS = {"residual": 2e-3, "alexnet": 1e-3}
"""Step sizes; AlexNet's is that of the published code."""
HEADS = {
    "pictures of": "data", "network": "network", "weights": "parameters", "steps": "steps", "minutes": "minutes",
    "emotion": "emotion_accuracy", "character": "character_accuracy",
}  # fmt: skip
FORMS = {
    "data": "{}", "network": "`{}`", "parameters": "{:,}", "steps": "{:,}", "minutes": "{:.1f}",
    "emotion_accuracy": "{:.1%}", "character_accuracy": "{:.1%}",
}  # fmt: skip


def main(data: Annotated[list[str], typer.Argument(metavar="DATA...")]) -> None:
    """Train every network on every data set, and write down what it reads of the test pictures."""
    for spec in data:
        for network in NETWORKS:
            put_row(RESULTS, measure(spec, network), ("data", "network"))


def measure(spec: str, network: str) -> dict[str, Any]:
    """Return the row of one network on one data set."""
    from tlgan_train.classifiers.classifier import train_classifier
    from tlgan_train.config import load_config
    from tlgan_train.data import load_dataset

    settings = [f"data.spec={spec}", "data.characters=all", f"classifier.network={network}", "classifier.floor=0"]
    config = load_config("quick", [*settings, f"classifier.lr={NETWORKS[network]}", "classifier.coaches=0"])
    dataset = load_dataset(config.data, config.seed)
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        metrics = train_classifier(config, dataset, Path(folder), log=typer.echo).metrics
    return {
        "data": Path(spec.partition(":")[2] or spec).name,
        "training_pictures": len(dataset.indices("train")),
        "network": network,
        "parameters": metrics["parameters"],
        "steps": metrics["checks"][-1]["step"],
        "minutes": (time.process_time() - start) / 60,
        "emotion_accuracy": metrics["test"]["emotion_accuracy"],
        "character_accuracy": metrics["test"]["character_accuracy"],
        "processor": get_cpu_info()["brand_raw"],
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    return markdown(HEADS, rows, FORMS)


if __name__ == "__main__":
    typer.run(main)
