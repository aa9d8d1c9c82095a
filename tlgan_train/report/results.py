"""Gathers for the report what the stages of a run wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tlgan_runtime.latent.centres import FittedMotion
from tlgan_train.axes.load import load_moves
from tlgan_train.axes.samples import draw_latents
from tlgan_train.classifiers.judge import load_judge
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.document import Evaluation, read_evaluation
from tlgan_train.evaluation.learning_curve import LearningCurve, learning_curve
from tlgan_train.evaluation.parts import MethodResult
from tlgan_train.evaluation.verdicts import Reader
from tlgan_train.models.dcgan import Generator
from tlgan_train.report.claims import paper_claims
from tlgan_train.report.evidence import Evidence
from tlgan_train.report.rule import Claim
from tlgan_train.run_folder import read_json


@dataclass(frozen=True)
class Results:
    """Everything that the report shows."""

    config: Config
    dataset: Dataset
    generator: Generator
    run: Path
    evaluation: Evaluation
    """With its methods in the order in which they are shown: the default, others, `random`."""
    fits: dict[str, Any]
    """Methods of `axes.json`, the default first."""
    axes: dict[str, FittedMotion]
    """The same methods, to move latents with."""
    losses: list[dict[str, float]]
    grids: list[tuple[int, Path]]
    """Number of pictures seen and file of each sample grid, in order."""
    classifier: dict[str, Any]
    judge: dict[str, Any]
    training: dict[str, Any]
    """`training.json`; empty if the stages ran outside the pipeline."""
    code_revision: str
    """Revision of the code that started the run."""
    reader: Reader
    """The judge."""
    learning: LearningCurve

    @property
    def default(self) -> str:
        return self.evaluation.default

    @property
    def fitted(self) -> dict[str, MethodResult]:
        """Results of the methods that were fitted: all but `random`."""
        return {name: result for name, result in self.evaluation.methods.items() if name in self.fits}

    @property
    def target(self) -> str:
        """The emotion that is shown in detail: joy, as in the paper, or the first if there is no joy."""
        return "joy" if "joy" in self.dataset.emotions else self.dataset.emotions[0]

    @property
    def drawn(self) -> tuple[str, ...]:
        """Characters that the generator was trained on."""
        return self.evaluation.drawn_characters

    @cached_property
    def evidence(self) -> Evidence:
        """What the run measured about the paper's claims."""
        training = {
            "data": self.config.data.spec,
            "data_digest": self.dataset.digest,
            "pictures": {"test": self.classifier["test"]["pictures"]},
            "drawn_pictures": len(self.dataset.indices("train", self.drawn)),
            "preset": self.config.preset,
            "seed": self.config.seed,
            "images_seen": self.losses[-1]["images"],
            "classifier_accuracy": self.classifier["test"]["emotion_accuracy"],
            "code_revision": self.code_revision,
        }
        return Evidence(self.evaluation, self.fits, training, self.learning)

    @cached_property
    def claims(self) -> list[Claim]:
        return paper_claims(self.evidence)

    def latents(self, count: int, stream: str) -> np.ndarray:
        """The first latents (count, latent_dim) that the evaluation drew from the stream of this name."""
        return draw_latents(self.generator, count, self.config.seed, stream)


def read_results(
    config: Config, dataset: Dataset, generator: Generator, run: Path, compute: Compute = ON_CPU
) -> Results:
    """What the stages wrote; `TrainError` names the first that is missing."""
    losses, grids = run / "gan" / "metrics.jsonl", sorted((run / "gan" / "samples").glob("*.png"))
    if not losses.is_file() or not grids:
        missing = losses if grids else run / "gan" / "samples"
        raise TrainError(f"{missing} is missing; run `tlgan-train gan` with the same --run first")
    classifier = read_json(run / "classifier" / "metrics.json", made_by="classifier")
    judge = read_json(run / "judge" / "metrics.json", made_by="judge")
    document = read_json(run / "axes.json", made_by="axes")
    evaluation = read_evaluation(run / "evaluation.json")
    shown = sorted(evaluation.methods, key=lambda name: (name != evaluation.default, name == "random"))
    evaluation = replace(evaluation, methods={name: evaluation.methods[name] for name in shown})
    training, settings = run / "training.json", run / "config.json"
    reader, drawn = Reader(load_judge(run, compute)).eval(), evaluation.drawn_characters
    shown_grids = [(int(path.stem), path) for path in grids]
    return Results(
        config, dataset, generator, run, evaluation,
        fits={name: document["methods"][name] for name in shown if name in document["methods"]},
        axes=dict(load_moves(run, dataset.emotions, generator.latent_dim, compute).methods),
        losses=[json.loads(line) for line in losses.read_text(encoding="utf-8").splitlines()],
        grids=shown_grids,
        classifier=classifier, judge=judge,
        training=read_json(training, made_by="all") if training.exists() else {},
        code_revision=read_json(settings, made_by="all")["code_revision"] if settings.exists() else "unknown",
        reader=reader,
        learning=learning_curve(
            shown_grids, reader, dataset.images, dataset.indices("train", drawn), len(drawn) * len(dataset.emotions)
        ),
    )  # fmt: skip
