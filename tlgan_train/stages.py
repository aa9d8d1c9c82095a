"""The stages of a run. Each has a product, reads the products of earlier stages, and has a function that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tlgan_runtime.latent.axes import Axes
from tlgan_runtime.transparency import Colour
from tlgan_train.axes.fit import fit_axes
from tlgan_train.axes.load import load_moves
from tlgan_train.axes.samples import draw_samples, load_samples
from tlgan_train.classifiers.classifier import Classifier, load_classifier, load_coaches, train_classifier
from tlgan_train.classifiers.judge import train_judge
from tlgan_train.compute.compute import Compute
from tlgan_train.config import Config
from tlgan_train.data import Dataset, drawn_characters, load_dataset
from tlgan_train.data.bar import PictureBar
from tlgan_train.evaluation.document import Evaluation, write_evaluation
from tlgan_train.evaluation.evaluate import evaluate
from tlgan_train.evaluation.model import FinishedModel, finished_run
from tlgan_train.gan.train import train_gan
from tlgan_train.gan.weights import load_generator
from tlgan_train.head.train import has_head, train_head
from tlgan_train.report.model_card import methods_table
from tlgan_train.report.write import write_report
from tlgan_train.run_folder import run_precision


@dataclass(frozen=True)
class Run:
    """The inputs of every stage: settings, pictures and a folder."""

    config: Config
    folder: Path
    alexnet_weights: Path | None = None
    log: Callable[[str], None] = print
    progress: bool = True
    background: Colour | None = None
    """What shows where pictures of one's own are transparent; None is a colour that they hardly show."""

    @cached_property
    def dataset(self) -> Dataset:
        """All pictures, with their labels."""
        bar = PictureBar() if self.progress else None
        return load_dataset(self.config.data, self.config.seed, progress=bar, background=self.background)

    @cached_property
    def characters(self) -> tuple[str, ...]:
        """The characters that the GAN draws. The classifier sees all characters."""
        return drawn_characters(self.config.data.characters, self.dataset.characters)

    @cached_property
    def settled(self) -> Config:
        """The settings, with the recorded precision of the run instead of `auto`. The folder must be open."""
        precision = run_precision(self.folder, self.config.gan.precision)
        if precision == "bf16" and Compute.here("auto").precision == "fp32":
            self.log("precision: bf16, in which this run began; this machine has no bf16 units, so training is slow")
        return self.config.with_value("gan.precision", precision)

    @cached_property
    def compute(self) -> Compute:
        """Device and precision of every stage. The folder must be open."""
        return Compute.here(self.settled.gan.precision)


@dataclass(frozen=True)
class Stage:
    """One step of a run."""

    name: str
    product: str
    """Path in the run folder of the file that later stages read."""
    reads: tuple[str, ...]
    """Stages whose products this one reads. If a product changes, this stage runs again."""
    make: Callable[[Run], None]
    """Runs the stage."""
    needed: Callable[[Run], bool] = lambda _: True
    """Whether a run has this stage."""
    without: str = ""
    """Why a run may have no such stage."""


def _classifier(run: Run) -> None:
    train_classifier(run.settled, run.dataset, run.folder, run.alexnet_weights, run.log, run.compute)


def _judge(run: Run) -> None:
    train_judge(run.settled, run.dataset, run.folder, run.log, run.compute)


def _gan(run: Run) -> None:
    train_gan(run.settled, run.dataset, run.characters, run.folder, run.log, run.progress, run.compute, readers(run))


def readers(run: Run) -> tuple[Classifier, ...]:
    """Return the networks that the perceptual loss of the GAN needs, and none if it has no weight."""
    if not run.config.gan.perceptual_weight:
        return ()
    coaches = load_coaches(run.folder, run.config.classifier.coaches, run.compute)
    return tuple(reader.requires_grad_(False) for reader in (load_classifier(run.folder, run.compute), *coaches))


def _head(run: Run) -> None:
    train_head(run.settled, run.dataset, run.characters, run.folder, run.compute, run.log)


NO_HEAD = (
    "it draws pictures that are transparent or larger than 64 pixels; give such pictures, and set data.image_size, "
    "head.images and gan.reconstruction_weight"
)


def _samples(run: Run) -> None:
    generator, classifier = load_generator(run.folder, run.compute), load_classifier(run.folder, run.compute)
    draw_samples(run.config, generator, classifier, run.folder, run.log)


def _axes(run: Run) -> None:
    generator, classifier = load_generator(run.folder, run.compute), load_classifier(run.folder, run.compute)
    emotions, characters = run.dataset.emotions, run.dataset.characters
    drawn = {name: characters.index(name) for name in run.characters}
    coaches = load_coaches(run.folder, run.config.classifier.coaches, run.compute)
    fit_axes(
        run.config, load_samples(run.folder), emotions, generator, classifier, run.folder, run.log, drawn, coaches,
        run.compute,
    )  # fmt: skip


def _evaluate(run: Run) -> None:
    model = finished_run(run.folder, run.compute)
    axes = load_moves(run.folder, model.emotions, model.latent_dim, run.compute)
    write_evaluation(run.folder / STAGES["evaluate"].product, evaluated(run, model, axes))


def evaluated(run: Run, model: FinishedModel, axes: Axes) -> Evaluation:
    """Measure a model by the judge of the run, and log the results and weaknesses."""
    evaluation = evaluate(run.config.evaluate, run.dataset, model, axes, run.folder, run.log, run.compute)
    run.log(methods_table(evaluation))
    for weakness in evaluation.weaknesses or []:
        run.log(f"weakness: {weakness.says}")
    return evaluation


def _report(run: Run) -> None:
    write_report(run.config, run.dataset, load_generator(run.folder, run.compute), run.folder, run.log, run.compute)


STAGES = {
    stage.name: stage
    for stage in (
        Stage("classifier", "classifier/weights.safetensors", (), _classifier),
        Stage("judge", "judge/weights.safetensors", (), _judge),
        Stage("gan", "gan/generator.safetensors", (), _gan),  # a classifier that teaches it may be trained again later
        Stage(
            "head", "head/weights.safetensors", ("gan",), _head, lambda run: has_head(run.config, run.dataset), NO_HEAD
        ),
        Stage("samples", "samples/samples.npz", ("gan", "classifier"), _samples),
        Stage("axes", "axes.json", ("samples", "gan", "classifier"), _axes),
        Stage("evaluate", "evaluation.json", ("axes", "gan", "classifier", "judge"), _evaluate),
        Stage("report", "report.html", ("evaluate", "axes", "gan", "classifier", "judge"), _report),
    )
}
"""All stages by name, in order."""
