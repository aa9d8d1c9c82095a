"""One page that shows what a run has learned, with all its figures inside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context

from tlgan_train.config import Config
from tlgan_train.data.dataset import Dataset
from tlgan_train.evaluation.metrics import percent
from tlgan_train.evaluation.weaknesses import weaknesses
from tlgan_train.models.dcgan import Generator
from tlgan_train.report import axis_charts, charts
from tlgan_train.report.axis_sections import axes_section, leakage_section, probabilities_section, walks_section
from tlgan_train.report.claim_tables import axis_table, markdown, network_table, tally
from tlgan_train.report.figure import chart
from tlgan_train.report.network_sections import generator_section, readers_section
from tlgan_train.report.page import Page, interval, number
from tlgan_train.report.results import Results, read_results
from tlgan_train.run_folder import written

SCORES = ("success", "mean_end", "rank_correlation", "monotone", "character_kept")


def write_report(
    config: Config,
    dataset: Dataset,
    characters: tuple[str, ...],
    generator: Generator,
    run: Path,
    log: Callable[[str], None] = print,
) -> Path:
    """Write `RUN/report.html`, which needs no other file, its figures as `RUN/figures/*.png`, and
    what became of the paper's claims as `RUN/claims.md`.

    Raises `TrainError` naming the stage when one that the page shows has not run.
    """
    results = read_results(config, dataset, generator, run)
    sheet = Page(f"{', '.join(characters)}: what the run has learned")
    with rc_context(charts.STYLE):
        for section in SECTIONS:
            section(sheet, results)
    for name, data in sheet.pictures.items():
        with written(run / "figures" / f"{name}.png") as temporary:
            temporary.write_bytes(data)
    with written(run / "claims.md") as temporary:
        temporary.write_text(markdown(results.claims, results.evidence), encoding="utf-8")
    path = run / "report.html"
    with written(path) as temporary:
        temporary.write_text(sheet.html(), encoding="utf-8")
    log(f"report: {path}, {len(sheet.pictures)} figures, {path.stat().st_size / 1e6:.1f} MB")
    return path


def _summary(sheet: Page, results: Results) -> None:
    evaluation, dataset, judged = results.evaluation, results.dataset, results.evaluation["judge"]
    target = results.target
    sheet.section("summary", "Summary")
    if found := weaknesses(evaluation):
        sheet.warnings("This model has weaknesses:", [weakness.says for weakness in found])
    means = [f"{interval(r['emotions'][target]['mean_end'])} with {name}" for name, r in evaluation["methods"].items()]
    sheet.text(
        f"A generator that draws {', '.join(evaluation['drawn_characters'])} was trained on "
        f"{len(dataset.indices('train', tuple(evaluation['drawn_characters']))):,} pictures of {dataset.image_size} × "
        f"{dataset.image_size} pixels. Moved to the end of the axis of {target}, its faces have a mean "
        f"probability of {target} of {'; '.join(means)}, by the judge described below."
    )
    sheet.facts(_facts(results))
    sheet.text(
        f"All edits are measured by a judge: a network of another architecture that took no part in fitting axes. It "
        f"reads the emotion of {percent(judged['emotion_accuracy'])} and the character of "
        f"{percent(judged['character_accuracy'])} of real test pictures correctly. {evaluation['faces']:,} faces, none "
        f"used to fit anything, walk along each axis from strength 0 to 1 in {evaluation['steps']} steps. "
        f"“random” are random directions as long as those of {results.default}: the floor."
    )
    heads = ["emotion", "method", "success", "mean end probability", "rank correlation", "monotone", "character kept"]
    rows = []
    for emotion in dataset.emotions:
        for name, result in evaluation["methods"].items():
            found = result["emotions"][emotion]
            rows.append([emotion, name, *(interval(found[key]) for key in SCORES)])
    for name, result in evaluation["methods"].items():
        rows.append(["mean", name, *(number(_mean_over(result, key)) for key in SCORES)])
    sheet.table(
        heads, rows, group=len(evaluation["methods"]),
        caption="Means over faces; brackets hold 95 % bootstrap intervals over faces. Success: share of faces with "
        "p ≥ 0.9 at the end. Rank correlation: mean Spearman ρ between step and p. Monotone: share of faces whose p "
        "never falls more than 0.05 below its highest so far. These three leave out faces that start at p ≥ 0.5. "
        "Character kept: share of faces read as the same character at every step. The last rows are plain means over "
        "emotions.",
    )  # fmt: skip
    default = evaluation["methods"][results.default]["emotions"]
    sheet.table(
        ["emotion", "ceiling", "already there", "distance k at strength 1", "norm at the end"],
        [
            [
                e,
                number(judged["ceiling"][e]),
                percent(f["already_there"]),
                number(f["distance"], 1),
                number(f["end_norm"]),
            ]
            for e, f in default.items()
        ],
        caption=f"Ceiling: share of real test pictures of the emotion that the judge gives p ≥ 0.9; a success above it "
        f"is not to be expected. Already there: share of faces that start at p ≥ 0.5. Norm: mean length of the moved "
        f"latents over that of the unmoved ones. Method {results.default}.",
    )
    chart(
        sheet, results, "scores", axis_charts.scores(evaluation["methods"], judged["ceiling"]), (),
        "The same figures drawn: points are means over faces, lines 95 % intervals; the black mark in “success” is the "
        "ceiling. A missing point means that no face was left to measure.",
    )  # fmt: skip


def _claims(sheet: Page, results: Results) -> None:
    claims, methods = results.claims, results.evidence.compared
    sheet.section("claims", "The paper’s claims")
    sheet.text(
        " ".join(f"With {method}, {tally(claims, method)}." for method in methods)
        + " Each verdict follows from the figure beside it by the rule in “holds where”. A claim that an axis does not "
        "work does not hold where it works here."
    )
    sheet.table(*network_table(claims), caption="What the paper claims of its networks.", prose=True)
    sheet.table(
        *axis_table(claims, methods), prose=True,
        caption="What the paper claims of axes, measured with the default method and with the paper’s own on the same "
        "generator and faces. Before an arrow stands the mean probability of the unmoved faces, after it that at the "
        "end, k standard deviations of the prior away (for local in the mean).",
    )  # fmt: skip


def _facts(results: Results) -> dict[str, str]:
    config, dataset, training = results.config, results.dataset, results.training
    parts = ", ".join(f"{len(dataset.indices(split)):,} {split}" for split in ("train", "validation", "test"))
    facts = {
        "pictures": f"{dataset.spec} ({parts}; {len(dataset.characters)} characters, {len(dataset.emotions)} emotions)",
        "generator": f"DCGAN, {results.generator.latent_dim} latent dimensions, {results.losses[-1]['images']:,} "
        f"training pictures seen, discriminator norm {config.gan.discriminator_norm}",
        "labels in training": "emotion (and character) tied to sectors of the latent space"
        if config.gan.label_sectors
        else "none, as in the paper",
        "axes": f"{', '.join(results.fits)}; the default is {results.default}",
        "preset and seed": f"{config.preset}, {config.seed}",
        "data digest": dataset.digest[:16],
    }
    if training:
        seconds = {name: stage["seconds"] for name, stage in training["stages"].items()}
        facts["time"] = ", ".join(f"{name} {s / 60:.1f} min" for name, s in seconds.items())
        facts["most memory"] = f"{max(stage['peak_mib'] for stage in training['stages'].values()):,} MiB"
    return facts


def _mean_over(result: dict[str, Any], key: str) -> float | None:
    values = [found[key]["value"] for found in result["emotions"].values()]
    return None if None in values else float(np.mean(values))


SECTIONS = (
    _summary,
    _claims,
    generator_section,
    readers_section,
    axes_section,
    probabilities_section,
    walks_section,
    leakage_section,
)
"""In the order of the page."""
