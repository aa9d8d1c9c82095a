"""What each part of learning where ways to an emotion end is worth: trained again on finished runs, by their judges.

    python benchmarks/learned_ends.py runs/cast cast   # adds rows to results/learned_ends.json

`docs/fill.py` puts the table into docs/research/edits.md. The runs stay as they are. `paper` has to be among their
methods, for the changes at equal success.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any
from unittest.mock import patch

import typer
from rows import markdown, put_row

if TYPE_CHECKING:
    from tlgan_train.evaluation.document import Evaluation
    from tlgan_train.evaluation.edits import WalkProgress
    from tlgan_train.evaluation.parts import MethodResult

RESULTS = Path(__file__).parent / "results" / "learned_ends.json"
SHIPS = "ships"
"""The run's own ends, as its evaluation has them."""
VARIANTS = {
    "mirror": "mirror images, nothing is learned",
    "unlike": "nothing is compared with draws (`LIKENESS_WEIGHT` 0)",
    "alike": "draws count three times as much (`LIKENESS_WEIGHT` 3)",
    "near": "staying near the mirror image counts more (`DISTANCE_WEIGHT` 0.15)",
    "labels": "hardly any but the coordinates of labels move (`REST_PRICE` 1,000)",
    "alone": "one classifier has to be convinced",
    SHIPS: "what ships",
}
WEIGHTS = {
    "unlike": {"LIKENESS_WEIGHT": 0.0}, "alike": {"LIKENESS_WEIGHT": 3.0}, "near": {"DISTANCE_WEIGHT": 0.15},
    "labels": {"REST_PRICE": 1000},
}  # fmt: skip
COLUMNS = {
    "bundle": "run", "ends": "about", "success, worst": "success", "success, mean": "mean_success",
    "mean end, worst": "mean_end", "largest step, worst": "smoothness", "KID ratio, worst": "kid_ratio",
    "KID ratio, mean": "mean_kid_ratio", "pose and gaze, of `paper`": "pose_and_gaze",
}  # fmt: skip
POSE_AND_GAZE = ("yaw", "pitch", "roll", "gaze_x", "gaze_y")


def measure(run: Path, name: str, variants: list[str]) -> Iterator[dict[str, Any]]:
    """Train the ends of each variant on a finished run, and walk the faces of its evaluation to them."""
    from tlgan_runtime.bundle.axes_json import parse_axes
    from tlgan_train.axes import end_training, learned_ends
    from tlgan_train.axes.load import load_axes
    from tlgan_train.axes.samples import load_samples, read_faces
    from tlgan_train.classifiers.classifier import load_classifier, load_coaches
    from tlgan_train.classifiers.judge import factor_names, load_judge
    from tlgan_train.compute.compute import Compute
    from tlgan_train.data import load_dataset
    from tlgan_train.evaluation.document import read_evaluation
    from tlgan_train.evaluation.edits import ENDS_PER_WALK, evaluate_axes
    from tlgan_train.evaluation.equal_success import at_equal_success
    from tlgan_train.evaluation.model import finished_run
    from tlgan_train.evaluation.verdicts import Reader, Verdicts, latent_judge
    from tlgan_train.gan.weights import load_generator
    from tlgan_train.models.ends import PathNetwork
    from tlgan_train.models.inference import predict
    from tlgan_train.run_folder import started_with

    evaluation = read_evaluation(run / "evaluation.json")
    if SHIPS in variants:
        yield {"run": name, "variant": SHIPS, **summary(evaluation, evaluation.methods["path"])}
    trained = [variant for variant in variants if variant != SHIPS]
    if not trained:
        return
    config, _ = started_with(run / "config.json")
    dataset, model = load_dataset(config.data, config.seed), finished_run(run)
    train, generator = dataset.indices("train", model.drawn), load_generator(run)
    compute = Compute.here(config.gan.precision)
    classifiers = [load_classifier(run), *load_coaches(run, config.classifier.coaches)]
    samples, document = load_samples(run), load_axes(run)
    held_out, fitting = samples.split(config.axes.held_out_share)
    faces, latent_dim = held_out.z[: config.axes.calibration_faces], samples.z.shape[1]
    local = parse_axes({**document, "default": "local"}, model.emotions, latent_dim).methods["local"]

    reader, factors = Reader(load_judge(run)).eval(), factor_names(run)
    judge_latents, real = latent_judge(model, reader), Verdicts.of(predict(reader, dataset.images, train))
    drawn = judge_latents(model.latents(config.evaluate.samples, "evaluation samples"))
    walks, steps = config.evaluate.faces, config.evaluate.steps
    started = model.latents(ENDS_PER_WALK * walks, "evaluation faces")

    def walked(axes: Any) -> tuple[MethodResult, dict[str, WalkProgress]]:
        return evaluate_axes(axes, started, walks, steps, judge_latents, real, dataset.emotion[train], drawn, factors)

    _, paper = walked(parse_axes({**document, "default": "paper"}, model.emotions, latent_dim).methods["paper"])
    for variant in trained:
        with patch.multiple(end_training, **{"BATCH_SIZE": end_training.BATCH_SIZE, **WEIGHTS.get(variant, {})}):
            if variant == "mirror":
                network = PathNetwork.around(learned_ends.at_centres(local), fitting.z)
            else:
                network = learned_ends.train_paths(
                    local, fitting, generator, classifiers[:1] if variant == "alone" else classifiers,
                    config.axes.path_moves, config.seed, typer.echo, compute,
                )  # fmt: skip
        path, _ = learned_ends.learned_motion(
            local, network, faces, lambda w: read_faces(generator, classifiers[0], w)[0]
        )
        result, progress = walked(path)
        result = replace(result, equal_success=at_equal_success(progress, paper, factors))
        yield {"run": name, "variant": variant, **summary(evaluation, result)}


def summary(evaluation: Evaluation, result: MethodResult) -> dict[str, float | None]:
    """The figures of a row: those of a method, by the judge of an evaluation."""
    from tlgan_train.evaluation.equal_success import changes_at_equal_success, without_noise

    edits = result.emotions.values()
    success = [edit.success.value for edit in edits]
    ratios = [edit.kid_end / edit.kid_unmoved for edit in edits]
    changes = changes_at_equal_success(replace(evaluation, methods={"path": result}), "path")
    changes = [change for change in changes if change.factor in POSE_AND_GAZE]
    own = sum(without_noise(change.own, change.noise) for change in changes)
    paper = sum(without_noise(change.paper, change.noise) for change in changes)
    return {
        "success": min(success),
        "mean_success": fmean(success),
        "mean_end": min(edit.mean_end.value for edit in edits),
        "smoothness": max(edit.smoothness.value for edit in edits),
        "kid_ratio": max(ratios),
        "mean_kid_ratio": fmean(ratios),
        "pose_and_gaze": own / paper if paper else None,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: one row for each measurement."""
    order, forms = list(VARIANTS), {"run": "`{}`", "about": "{}", "success": "{:.3f}", "mean_success": "{:.3f}"}
    rows = [{**row, "about": VARIANTS[row["variant"]]} for row in rows]
    return markdown(COLUMNS, sorted(rows, key=lambda row: (row["run"] != "solo", order.index(row["variant"]))), forms)


def main(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    name: Annotated[str, typer.Argument(help="What rows are to call it.")] = "solo",
    variant: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(VARIANTS)}; all.")] = None,
) -> None:
    for row in measure(run, name, variant or list(VARIANTS)):
        typer.echo(json.dumps(row))
        put_row(RESULTS, row, ("run", "variant"))


if __name__ == "__main__":
    typer.run(main)
