"""Tables of pages about the shipped bundles: how well they work, and how they were trained; see `docs/fill.py`."""

from __future__ import annotations

import json
import math
from operator import attrgetter
from pathlib import Path
from typing import Any

from tables import read

from tlgan_train.config import load_config
from tlgan_train.evaluation.document import Evaluation, read_evaluation
from tlgan_train.evaluation.equal_success import changes_at_equal_success
from tlgan_train.evaluation.learning_curve import LearningCurve, Quality
from tlgan_train.report.claim_tables import markdown
from tlgan_train.report.claims import paper_claims
from tlgan_train.report.evidence import Evidence
from tlgan_train.report.model_card import methods_table
from tlgan_train.report.text import markdown_table, number

BUNDLES = Path(__file__).resolve().parents[1] / "exported"
EDITS = {
    "reach the emotion surely (p ≥ 0.9)": "success",
    "probability of the emotion at the end": "mean_end",
    "never fall back on the way": "monotone",
    "keep their character at every step": "character_kept",
}
"""Rows of the table of quality, with their fields of `EmotionEdit`."""
COMPARED = {"success": "success", "mean_end": "mean end probability", "rank_correlation": "rank correlation"}
"""Fields of `EmotionEdit` in the table by emotion, with the titles of their columns."""


def manifest(bundle: str) -> dict[str, Any]:
    """What a shipped bundle says about itself."""
    found: dict[str, Any] = json.loads((BUNDLES / bundle / "manifest.json").read_text(encoding="utf-8"))
    return found


def evaluation(bundle: str) -> Evaluation:
    """What the judge measured of a shipped bundle."""
    return read_evaluation(BUNDLES / bundle / "evaluation.json")


def quality() -> str:
    """How well the shipped bundles work, by the emotion that works worst."""
    columns = [(name, evaluation(name), method) for name in ("solo", "cast") for method in ("path", "paper")]
    heads = [f"`{name}`" if method == "path" else f"the paper's method on `{name}`" for name, _, method in columns]
    lines = ["| faces that …, worst of the emotions | " + " | ".join(heads) + " |", "|" + "---|" * (len(heads) + 1)]
    for words, score in EDITS.items():
        worst = [
            min(getattr(edit, score).value for edit in measured.methods[method].emotions.values())
            for _, measured, method in columns
        ]
        lines.append(f"| {words} | " + " | ".join(f"{value:.2f}" for value in worst) + " |")
    shares = [f"{measured.generator.confident_share:.2f}" for _, measured, _ in columns]
    lines.append("| show one emotion clearly before any edit | " + " | ".join(shares) + " |")
    return "\n".join(lines)


def by_emotion(bundle: str) -> str:
    """Return the default method and the paper's side by side, with a row for each emotion."""
    measured = evaluation(bundle)
    pair = (measured.default, "paper")
    rows = []
    for emotion in measured.emotions:
        edits = [measured.methods[method].emotions[emotion] for method in pair]
        cells = [number(getattr(edit, score).value) for score in COMPARED for edit in edits]
        rows.append([emotion, *cells, number(measured.judge.ceiling[emotion])])
    heads = [f"{title}, `{method}`" for title in COMPARED.values() for method in pair]
    return markdown_table(["emotion", *heads, "ceiling"], rows)


def methods(bundle: str) -> str:
    """Return a row for each method."""
    return methods_table(evaluation(bundle))


def leakage(bundle: str) -> str:
    """Return what else the default method and the paper's change at equal success, with a row for each factor."""
    measured = evaluation(bundle)
    rows = [
        [change.factor, *map(number, (change.noise, change.own, change.paper, change.share))]
        for change in changes_at_equal_success(measured, measured.default)
    ]
    return markdown_table(["factor", "noise", f"`{measured.default}`", "`paper`", "share"], rows)


def claims(bundle: str) -> str:
    """What became of the paper's claims. A bundle does not hold its sample grids, so these are recorded."""
    axes = json.loads((BUNDLES / bundle / "axes.json").read_text(encoding="utf-8"))["methods"]
    grids = [  # no claim is about the coverage
        Quality(grid["confident_share"], math.nan, grid["kid"]) for grid in read("sample_grids")[bundle]["grids"]
    ]
    learning = LearningCurve([0, manifest(bundle)["training"]["images_seen"]], grids, real=None)
    evidence = Evidence(evaluation(bundle), axes, manifest(bundle)["training"], learning)
    return markdown(paper_claims(evidence), evidence)


def times() -> str:
    """Minutes and memory of each stage of the shipped bundles."""
    stages = {name: manifest(name)["training"]["stages"] for name in ("solo", "cast")}
    lines = ["| stage | " + " | ".join(f"`{name}`" for name in stages) + " | most memory |", "|---|---|---|---|"]
    for stage in stages["cast"]:
        spent = [f"{found[stage]['seconds'] / 60:.1f} min" for found in stages.values()]
        memory = max(found[stage]["peak_mib"] for found in stages.values()) / 1024
        lines.append(f"| {stage} | {' | '.join(spent)} | {memory:.1f} GiB |")
    total = [f"{sum(one['seconds'] for one in found.values()) / 60:.0f} min" for found in stages.values()]
    return "\n".join([*lines, f"| all | {' | '.join(total)} | |"])


def sharpness() -> str:
    """How sharp test pictures are that the shipped bundles draw again."""
    heads = ("bundle", "PSNR", "enlarged", "fine detail", "enlarged", "error of alpha", "from small faces")
    rows = []
    for name in ("solo", "cast"):
        found = manifest(name)["metrics"]["head"]
        cells = (
            *(f"{found[key]:.1f} dB" for key in ("psnr", "psnr_enlarged")),
            *(f"{found[key]:.2f}" for key in ("detail", "detail_enlarged")),
            *(f"{found[key]:.1f} levels" for key in ("alpha_error", "small_difference")),
        )
        rows.append([f"`{name}`", *cells])
    return markdown_table(heads, rows)


def presets() -> str:
    """The settings that matter most, in the presets that draw clean faces."""
    configs = {name: load_config(name) for name in ("quick", "best", "cast")}
    lines = ["| setting | " + " | ".join(f"`{name}`" for name in configs) + " |", "|---|---|---|---|"]
    for key in ("data.image_size", "gan.warmup_images", "gan.images", "gan.perceptual_weight", "gan.augment"):
        values = [f"{attrgetter(key)(config):,}" for config in configs.values()]
        lines.append(f"| `{key}` | {' | '.join(values)} |")
    return "\n".join(lines)
