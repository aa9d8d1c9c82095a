"""The order of the stages, what is done already, and what each hands to the next."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tlgan_runtime.bundle.find import find_bundle
from tlgan_runtime.latent.axes import Axes
from tlgan_train.axes.fit import fit_axes
from tlgan_train.axes.likeness import Likeness
from tlgan_train.axes.load import bundle_moves, load_moves
from tlgan_train.axes.samples import draw_samples, load_samples
from tlgan_train.checks import check_weights, examine
from tlgan_train.classifiers.classifier import load_classifier, load_coaches, train_classifier
from tlgan_train.classifiers.judge import train_judge
from tlgan_train.compute import distributed
from tlgan_train.compute.device import pick_device, pick_precision
from tlgan_train.compute.memory import PeakMemory
from tlgan_train.config import Config
from tlgan_train.data import SPLITS, Dataset, drawn_characters, load_dataset
from tlgan_train.errors import refuse
from tlgan_train.evaluation.evaluate import check_same_labels, evaluate
from tlgan_train.evaluation.model import FinishedModel, finished_bundle, finished_run
from tlgan_train.evaluation.weaknesses import weaknesses
from tlgan_train.export.bundle import check_out, export_bundle
from tlgan_train.gan.train import train_gan
from tlgan_train.gan.weights import images_seen, load_encoder, load_generator
from tlgan_train.report.model_card import methods_table
from tlgan_train.report.write import write_report
from tlgan_train.run_folder import claimed, open_run, read_json, run_precision, write_json

STAGES = ("gan", "classifier", "judge", "samples", "axes", "evaluate", "report")
"""In the order in which they run; each reads what those before it wrote."""
PRODUCTS = {
    "gan": "gan/generator.safetensors",
    "classifier": "classifier/weights.safetensors",
    "judge": "judge/weights.safetensors",
    "samples": "samples/samples.npz",
    "axes": "axes.json",
    "evaluate": "evaluation.json",
    "report": "report.html",
}
"""The file that later stages read."""
READS = {
    "samples": ("gan", "classifier"),
    "axes": ("samples", "gan", "classifier"),
    "evaluate": ("axes", "gan", "classifier", "judge"),
    "report": ("evaluate", "axes", "gan", "classifier", "judge"),
}
"""Stages whose products a stage is made from; when one of them changes, it is done again."""


@dataclass(frozen=True)
class Pipeline:
    """One run: a config, a folder, and the stages between pictures and report."""

    config: Config
    run: Path
    alexnet_weights: Path | None = None
    log: Callable[[str], None] = print
    progress: bool = True
    given: frozenset[str] = frozenset()
    """Settings that the user asked for by name, as `section.key`; those of the preset are not among them."""

    @cached_property
    def dataset(self) -> Dataset:
        return load_dataset(self.config.data, self.config.seed)

    @cached_property
    def characters(self) -> tuple[str, ...]:
        """Those that the GAN draws; the classifier sees all."""
        return drawn_characters(self.config.data.characters, self.dataset.characters)

    @cached_property
    def settled(self) -> Config:
        """The settings with the precision that the run keeps in place of `auto`; read once the folder is open."""
        precision = run_precision(self.run, self.config.gan.precision)
        if precision == "bf16" and pick_precision("auto", pick_device()) == "fp32":
            self.log("precision: bf16, in which this run began; this machine has no bf16 units, so training is slow")
        return self.config.with_value("gan.precision", precision)

    def all(self) -> Path:
        """Every stage that is not done yet, then the bundle in `RUN/bundle`."""
        bundle = self.run / "bundle"
        check_out(bundle)
        with self._opened():
            for stage in STAGES:
                self._bring_up_to_date(stage)
            return export_bundle(self.run, bundle, self.run.resolve().name, self.log)

    def stage(self, name: str) -> None:
        """Run one stage unless it is done: what it writes is there, and made from what the stages before wrote."""
        with self._opened():
            self._bring_up_to_date(name)

    def evaluate_bundle(self, bundle: str) -> Path:
        """Measure a bundle by the run's judge, which is trained if need be: `RUN/evaluation-NAME.json`."""
        path = find_bundle(bundle)
        model, axes = finished_bundle(path), bundle_moves(path)
        check_same_labels(model, self.dataset)
        with self._opened(draws=False):
            self._bring_up_to_date("judge")
            product = self.run / f"evaluation-{path.stem}.json"
            write_json(product, self._evaluated(model, axes))
        return product

    def help(self) -> None:
        """Train the GAN along with the first process, which does everything else, if it trains at all."""
        if distributed.told():
            train_gan(self.config, self.dataset, self.characters, self.run, log=lambda _: None, progress=False)

    @contextmanager
    def _opened(self, draws: bool = True) -> Iterator[None]:
        """The folder with nobody else at work in it; `draws` says that a generator is trained or used."""
        # Mistakes are refused now, not after hours of training, and before the folder keeps settings that nothing can
        # be done with. A generator that is there already was made with them, and may go on being used.
        if draws and not self._done("gan"):
            refuse(
                examine(self.config, self.given, lambda: self.dataset, lambda: check_weights(self.alexnet_weights))[1]
            )
        else:
            check_weights(self.alexnet_weights)
        with claimed(self.run):
            open_run(self.run, self.config, self.dataset.digest)
            for note in self.dataset.notes:
                self.log(f"note: {note}")
            yield

    def _bring_up_to_date(self, name: str) -> None:
        done = self._done(name)
        if name == "gan":
            distributed.told(not done)
        if done:
            unused = name == "classifier" and self.alexnet_weights is not None
            self.log(f"{name}: done before, kept" + "; --alexnet-weights changes nothing any more" * unused)
            return
        self.log(f"{name}: started")
        start = time.monotonic()
        with PeakMemory() as peak:
            getattr(self, f"_{name}")()
        seconds = time.monotonic() - start
        self._record(name, seconds, peak.mib)
        self.log(f"{name}: done in {seconds / 60:.1f} min")

    def _done(self, name: str) -> bool:
        stage = self._facts().get("stages", {}).get(name)
        return bool(stage) and (self.run / PRODUCTS[name]).is_file() and stage["made_from"] == self._made_from(name)

    def _made_from(self, name: str) -> dict[str, str]:
        paths = {stage: self.run / PRODUCTS[stage] for stage in READS.get(name, ())}
        return {s: hashlib.sha256(p.read_bytes()).hexdigest() for s, p in paths.items() if p.is_file()}

    def _facts(self) -> dict[str, Any]:
        path = self.run / "training.json"
        return read_json(path, made_by="all") if path.exists() else {}

    def _record(self, name: str, seconds: float, peak_mib: int) -> None:
        """Note in `RUN/training.json` that a stage is done, what it took, and what the run is about."""
        dataset, facts = self.dataset, self._facts()
        facts |= {
            "data": self.config.data.spec,
            "data_digest": dataset.digest,
            "pictures": {split: len(dataset.indices(split)) for split in SPLITS},
            "drawn_pictures": len(dataset.indices("train", self.characters)),
            "preset": self.config.preset,
            "seed": self.config.seed,
        }
        if name == "gan":
            facts["images_seen"] = images_seen(self.run)
        if name == "classifier":
            metrics = read_json(self.run / "classifier" / "metrics.json", made_by="classifier")
            facts["classifier_accuracy"] = metrics["test"]["emotion_accuracy"]
        stages = facts.setdefault("stages", {})
        stages[name] = {"seconds": round(seconds, 1), "peak_mib": peak_mib, "made_from": self._made_from(name)}
        write_json(self.run / "training.json", facts)

    def _gan(self) -> None:
        train_gan(self.settled, self.dataset, self.characters, self.run, self.log, self.progress)

    def _classifier(self) -> None:
        train_classifier(self.settled, self.dataset, self.run, self.alexnet_weights, self.log)

    def _judge(self) -> None:
        train_judge(self.settled, self.dataset, self.run, self.log)

    def _samples(self) -> None:
        draw_samples(self.config, load_generator(self.run), load_classifier(self.run), self.run, self.log)

    def _axes(self) -> None:
        generator, classifier = load_generator(self.run), load_classifier(self.run)
        emotions, characters = self.dataset.emotions, self.dataset.characters
        drawn = {name: characters.index(name) for name in self.characters}
        coaches, encoder = load_coaches(self.run, self.config.classifier.coaches), load_encoder(self.run)
        likeness = Likeness.to_pictures(encoder, self.dataset, self.characters, self.config.seed) if encoder else None
        fit_axes(
            self.config, load_samples(self.run), emotions, generator, classifier, self.run, self.log, drawn, coaches,
            likeness,
        )  # fmt: skip

    def _evaluate(self) -> None:
        model = finished_run(self.run)
        axes = load_moves(self.run, model.emotions, load_generator(self.run))
        write_json(self.run / PRODUCTS["evaluate"], self._evaluated(model, axes))

    def _evaluated(self, model: FinishedModel, axes: Axes) -> dict[str, Any]:
        evaluation = evaluate(self.config.evaluate, self.dataset, model, axes, self.run, self.log)
        self.log(methods_table(evaluation))
        for weakness in weaknesses(evaluation):
            self.log(f"weakness: {weakness.says}")
        return evaluation

    def _report(self) -> None:
        write_report(self.config, self.dataset, load_generator(self.run), self.run, self.log)
