"""Run the stages in order. Stages whose products are up to date are not repeated."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tlgan_runtime.bundle.find import find_bundle
from tlgan_train.axes.load import bundle_moves
from tlgan_train.checks import check_weights, examine
from tlgan_train.compute import distributed
from tlgan_train.compute.compute import Compute
from tlgan_train.compute.memory import PeakMemory
from tlgan_train.config import Config
from tlgan_train.data import SPLITS
from tlgan_train.duration import CHOSEN, PICTURES, expected, fitted, in_words, measure, shortened
from tlgan_train.errors import TrainError, refuse
from tlgan_train.evaluation.document import write_evaluation
from tlgan_train.evaluation.evaluate import check_same_labels
from tlgan_train.evaluation.model import finished_bundle
from tlgan_train.export.bundle import check_out, export_bundle
from tlgan_train.gan.train import check_start, train_gan
from tlgan_train.gan.weights import images_seen
from tlgan_train.run_folder import claimed, open_run, read_json, started_with, write_json
from tlgan_train.stages import STAGES, Run, Stage, evaluated, readers

ANNOUNCED = 20_000
"""Length of training, in pictures, from which a run is worth measuring the machine to say how long it takes."""


@dataclass(frozen=True)
class Pipeline(Run):
    """One run from pictures to report. It knows which stages are done, and runs the others in order."""

    given: frozenset[str] = frozenset()
    """Settings that the user chose by name, as `section.key`, without those of the preset."""

    def all(self) -> Path:
        """Run every stage that is not done yet, then export the bundle to `RUN/bundle` and return its path."""
        bundle = self.folder / "bundle"
        check_out(bundle)
        with self._opened():
            for stage in STAGES.values():
                if stage.needed(self):
                    self._bring_up_to_date(stage)
            return export_bundle(self.folder, bundle, self.folder.resolve().name, self.log)

    def stage(self, name: str) -> None:
        """Run one stage, unless its product exists and was made from the current products of earlier stages."""
        if not STAGES[name].needed(self):
            raise TrainError(f"{self.folder} has no stage {name}: {STAGES[name].without}")
        with self._opened():
            # Earlier versions trained the GAN first, so nobody is asked to train the classifier before it.
            if name == "gan" and self.config.gan.perceptual_weight and not self._done(STAGES["gan"]):
                self._bring_up_to_date(STAGES["classifier"])
            self._bring_up_to_date(STAGES[name])

    def evaluate_bundle(self, bundle: str) -> Path:
        """Measure a bundle by the judge of the run, and return the path of `RUN/evaluation-NAME.json`.

        The judge is trained first if necessary.
        """
        path = find_bundle(bundle)
        model, axes = finished_bundle(path), bundle_moves(path)
        check_same_labels(model, self.dataset)
        with self._opened(draws=False):
            self._bring_up_to_date(STAGES["judge"])
            product = self.folder / f"evaluation-{path.stem}.json"
            write_evaluation(product, evaluated(self, model, axes))
        return product

    def assist(self) -> None:
        """Join the training of the GAN if process 0 trains one. Process 0 runs all other stages alone."""
        if distributed.broadcast():
            train_gan(
                self.config, self.dataset, self.characters, self.folder, log=lambda _: None, progress=False,
                readers=readers(self),
            )  # fmt: skip

    def refuse_mistakes(self) -> None:
        """Raise `TrainError` with a line for each mistake in the settings and the pictures."""
        refuse(examine(self.config, self.given, lambda: self.dataset, lambda: check_weights(self.alexnet_weights))[1])
        check_start(self.config, self.dataset, self.characters, self.folder)

    @contextmanager
    def _opened(self, draws: bool = True) -> Iterator[None]:
        """Check the settings and the pictures, and lock the run folder. `draws`: a generator is trained or used."""
        # Mistakes are refused now, not after hours of training, and before the folder records settings that cannot
        # work. A generator that is there already was made with these settings, and remains usable.
        if draws and not self._done(STAGES["gan"]):
            self.refuse_mistakes()
        else:
            check_weights(self.alexnet_weights)
        with claimed(self.folder):
            open_run(self.folder, self.config, self.dataset.digest)
            for note in self.dataset.notes:
                self.log(f"note: {note}")
            yield

    def _bring_up_to_date(self, stage: Stage) -> None:
        done = self._done(stage)
        if stage.name == "gan":
            distributed.broadcast(not done)
        if done:
            unused = stage.name == "classifier" and self.alexnet_weights is not None
            self.log(f"{stage.name}: already done" + "; --alexnet-weights has no effect any more" * unused)
            return
        self.log(f"{stage.name}: started")
        start = time.monotonic()
        with PeakMemory() as peak:
            stage.make(self)
        seconds = time.monotonic() - start
        self._record(stage, seconds, peak.mib)
        self.log(f"{stage.name}: done in {seconds / 60:.1f} min")

    def _done(self, stage: Stage) -> bool:
        facts = self._facts().get("stages", {}).get(stage.name)
        return bool(facts) and (self.folder / stage.product).is_file() and facts["made_from"] == self._made_from(stage)

    def _made_from(self, stage: Stage) -> dict[str, str]:
        """Return the SHA-256 of each product that the stage reads, by stage."""
        paths = {name: self.folder / STAGES[name].product for name in stage.reads}
        return {name: hashlib.sha256(p.read_bytes()).hexdigest() for name, p in paths.items() if p.is_file()}

    def _facts(self) -> dict[str, Any]:
        path = self.folder / "training.json"
        return read_json(path, made_by="all") if path.exists() else {}

    def _record(self, stage: Stage, seconds: float, peak_mib: int) -> None:
        """Record in `RUN/training.json` that a stage is done, its time and memory, and facts about the run."""
        dataset, facts = self.dataset, self._facts()
        facts |= {
            "data": self.config.data.spec,
            "data_digest": dataset.digest,
            "pictures": {split: len(dataset.indices(split)) for split in SPLITS},
            "drawn_pictures": len(dataset.indices("train", self.characters)),
            "background": "#{:02x}{:02x}{:02x}".format(*dataset.background),
            "preset": self.config.preset,
            "seed": self.config.seed,
        }
        if stage.name == "gan":
            facts["images_seen"] = images_seen(self.folder)
        if stage.name == "classifier":
            metrics = read_json(self.folder / "classifier" / "metrics.json", made_by="classifier")
            facts["classifier_accuracy"] = metrics["test"]["emotion_accuracy"]
        stages = facts.setdefault("stages", {})
        stages[stage.name] = {"seconds": round(seconds, 1), "peak_mib": peak_mib, "made_from": self._made_from(stage)}
        write_json(self.folder / "training.json", facts)


def with_lengths(pipeline: Pipeline, announce: bool) -> Pipeline:
    """Return the pipeline with lengths of training that fit `config.minutes` or the number of pictures.

    A run that goes on with the same minutes, or with all the settings that it has, keeps its lengths on any machine.
    `announce`: log how long a run that is not started yet takes on this machine, unless it is short.
    """
    config, given = pipeline.config, pipeline.given
    if clash := sorted(given & set(CHOSEN)) if config.minutes else []:
        raise TrainError(f"--minutes chooses {clash[0]}; leave out one of them")
    # All processes follow the first one, which may write the folder while others still start.
    chosen = distributed.broadcast(_lengths(pipeline, announce) if distributed.rank() == 0 else None)
    for key in CHOSEN:
        config = config if key in given else config.with_value(key, chosen.value(key))
    return replace(pipeline, config=config)


def _lengths(pipeline: Pipeline, announce: bool) -> Config:
    """Return settings with the lengths of training, and log how long a run with them takes."""
    config, started = pipeline.config, pipeline.folder / "config.json"
    before = started_with(started)[0] if started.is_file() else None
    if before is not None and (before == config or (config.minutes and before.minutes == config.minutes)):
        return before
    announce = announce and before is None
    if config.minutes or announce:
        pipeline.refuse_mistakes()
    dataset, characters = pipeline.dataset, pipeline.characters
    drawn = len(dataset.indices("train", characters))
    if not config.minutes:
        config = config if pipeline.given & set(PICTURES) else shortened(config, drawn)
        if not announce or (config.gan.images or config.gan.epochs * drawn) < ANNOUNCED:
            return config
    with distributed.alone():
        seconds = measure(config, dataset, characters, Compute.here(config.gan.precision))
    if config.minutes:
        config = fitted(config, config.minutes, dataset, characters, seconds)
    pipeline.log(in_words(expected(config, dataset, characters, seconds)))
    return config
