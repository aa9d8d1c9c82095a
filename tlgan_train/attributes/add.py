"""Add attributes to a finished model: to `attributes.json` of a run, or to `axes.json` of a bundle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlgan_runtime.bundle.find import find_bundle
from tlgan_runtime.bundle.manifest import parse_json
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.bundle.write import amend_bundle, changeable
from tlgan_runtime.errors import CheerMeUpError
from tlgan_train.attributes.fit import check_name, fit_attribute
from tlgan_train.compute.compute import Compute
from tlgan_train.data.cache import Progress
from tlgan_train.data.labels import load_labels
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.model import FinishedModel, finished_bundle, finished_run
from tlgan_train.report.model_card import with_attributes
from tlgan_train.run_folder import claimed, plain, read_json, started_with, write_json

ATTRIBUTES = "attributes.json"
MADE_FROM = {"gan": "gan/generator.safetensors", "classifier": "classifier/weights.safetensors"}
"""Files of a run from which attributes are made. If one changes, they are out of date. They do not depend on axes."""


def add_to_run(
    name: str, labels: Path, run: Path, log: Callable[[str], None] = print, progress: Progress | None = None
) -> Path:
    """Fit an attribute, write it to `RUN/attributes.json`, and return that path. `tlgan-export` reads it from there.

    It replaces an attribute of the same name. Attributes from another generator or classifier are dropped. Raises
    `TrainError` without a finished run, and in the cases of `fit_attribute`.
    """
    if not run.is_dir():
        raise TrainError(f"there is no run folder {run}; give --run that of a finished `tlgan-train all`, or --bundle")
    with claimed(run):
        compute = Compute.here("fp32")
        model = finished_run(run, compute)
        fit = started_with(run / "config.json")[0].data.fit
        entry = _fitted(name, labels, model, compute, log, progress, fit)
        entry["fitted"]["made_from"] = made_from(run)
        others = [other for other in current_attributes(run, log) if other["name"] != name]
        write_json(run / ATTRIBUTES, {"attributes": [*others, entry]})
    return run / ATTRIBUTES


def add_to_bundle(
    name: str, labels: Path, bundle: str, log: Callable[[str], None] = print, progress: Progress | None = None
) -> Path:
    """Fit an attribute, write it into a bundle, and return the path of the bundle.

    It replaces an attribute of the same name. After an interrupt, the bundle is complete, with or without it. Raises
    `TrainError` if the bundle cannot be changed, and in the cases of `fit_attribute`.
    """
    try:
        path = changeable(find_bundle(bundle))
        entry = _fitted(name, labels, finished_bundle(path), Compute.here("fp32"), log, progress)
        opened = Bundle(path)
        document = parse_json(opened.read("axes"), "axes.json")
        entries = [other for other in document.get("attributes", []) if other["name"] != name] + [entry]
        files = {"axes.json": (json.dumps({**document, "attributes": entries}, indent=1) + "\n").encode()}
        if "card" in opened.roles:
            files["MODEL_CARD.md"] = with_attributes(opened.read("card").decode(), entries).encode()
        amend_bundle(path, files, {"attributes": measured(entries)})
    except CheerMeUpError as error:
        raise TrainError(str(error)) from error
    return path


def current_attributes(run: Path, log: Callable[[str], None] = print) -> list[dict[str, Any]]:
    """Return the attributes of a run that were made from its present generator and classifier.

    The names of the others are logged.
    """
    path = run / ATTRIBUTES
    entries = read_json(path, made_by="attribute")["attributes"] if path.exists() else []
    now = made_from(run)
    for entry in entries:
        if entry["fitted"]["made_from"] != now:
            log(
                f"attribute {entry['name']} is left out: it was made from another generator or classifier; run "
                f"`tlgan-train attribute {entry['name']}` again"
            )
    return [entry for entry in entries if entry["fitted"]["made_from"] == now]


def measured(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of attributes for a manifest, by name."""
    return {entry["name"]: {"kind": entry["kind"], **entry["measured"]} for entry in entries}


def _fitted(
    name: str,
    labels: Path,
    model: FinishedModel,
    compute: Compute,
    log: Callable[[str], None],
    progress: Progress | None,
    fit: str = "auto",
) -> dict[str, Any]:
    check_name(name, model)
    pictures = load_labels(labels, name, model.image_size, progress=progress, fit=fit, background=model.background)
    for note in pictures.notes:
        log(f"note: {note}")
    return plain(fit_attribute(name, pictures, model, log, compute))


def made_from(run: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a run from which attributes are made, by stage."""
    return {stage: hashlib.sha256((run / file).read_bytes()).hexdigest() for stage, file in MADE_FROM.items()}
