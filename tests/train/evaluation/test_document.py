"""`evaluation.json` is read and written without loss, that of earlier versions too; a damaged one is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import call, refused
from tiny_evaluation import good_evaluation

from tlgan_train.cli.export import export_main
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.document import Evaluation, read_evaluation, write_evaluation
from tlgan_train.evaluation.parts import Estimate

ROOT = Path(__file__).parents[3]
SHIPPED = [ROOT / "exported" / name / "evaluation.json" for name in ("solo", "cast")]


def loaded(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def text(document: dict[str, Any]) -> str:
    """Equal for documents with the same values and the same order of keys."""
    return json.dumps(document)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_shipped_evaluations_are_written_as_they_were_read(path: Path, tmp_path: Path) -> None:
    evaluation = read_evaluation(path)
    write_evaluation(tmp_path / "again.json", evaluation)
    assert text(loaded(tmp_path / "again.json")) == text(loaded(path))
    assert evaluation.readers is not None and evaluation.readers["judge"]["emotion"].accuracy > 0.97
    assert evaluation.methods["path"].emotions["joy"].success.value > 0.9
    assert evaluation.methods["path"].emotions["joy"].curves is None
    assert evaluation.methods["paper"].equal_success is None and evaluation.methods["path"].same_distance is None


def test_evaluations_from_before_readers_were_kept_are_read(tmp_path: Path) -> None:
    document = loaded(SHIPPED[0])
    del document["readers"]
    (tmp_path / "old.json").write_text(json.dumps(document), encoding="utf-8")
    assert read_evaluation(tmp_path / "old.json").readers is None


def test_the_evaluation_of_a_run_is_written_as_it_was_read(run: Path, tmp_path: Path) -> None:
    evaluation = read_evaluation(run / "evaluation.json")
    write_evaluation(tmp_path / "again.json", evaluation)
    assert (tmp_path / "again.json").read_bytes() == (run / "evaluation.json").read_bytes()
    joy = evaluation.methods["path"].emotions["joy"]
    assert len(joy.curves) == len(evaluation.emotions) and len(joy.curves[0]) == evaluation.steps


def test_a_bundle_holds_all_but_the_curves(run: Path) -> None:
    evaluation, shipped = (read_evaluation(folder / "evaluation.json") for folder in (run, run / "bundle"))
    assert shipped == evaluation.without_curves() and shipped != evaluation
    for name, method in shipped.methods.items():
        for emotion, edit in method.emotions.items():
            full = evaluation.methods[name].emotions[emotion]
            assert edit == replace(full, curves=None, curve_quantiles=None)


def test_metrics_in_the_manifest_of_an_early_bundle_are_read() -> None:
    """Those of schema 1 hold less: no reader accuracies, noise, comparisons of methods, characters or weaknesses."""
    document = loaded(SHIPPED[0])
    del document["weaknesses"], document["character_edits"], document["judge"]["factor_noise"]
    for method in document["methods"].values():
        method.pop("equal_success", None), method.pop("same_distance", None)
    evaluation = Evaluation.from_dict({**document, "int8": {"largest": 3.0}})
    assert text(evaluation.to_dict()) == text(document)
    assert evaluation.weaknesses is None and evaluation.judge.factor_noise is None


def test_figures_that_do_not_exist_stay_apart_from_keys_that_do_not(tmp_path: Path) -> None:
    evaluation = good_evaluation(["joy", "calm"])
    evaluation.judge.factor_r2["yaw"] = -math.inf
    sparse = replace(evaluation, generator=replace(evaluation.generator, fid=None), character_edits=None)
    write_evaluation(tmp_path / "evaluation.json", sparse)
    document = loaded(tmp_path / "evaluation.json")
    assert document["generator"]["fid"] is None and "character_edits" not in document
    assert document["judge"]["factor_r2"] == {"yaw": None}
    assert read_evaluation(tmp_path / "evaluation.json").generator.fid is None


def test_the_headlines_of_a_manifest_are_those_of_the_default_method() -> None:
    evaluation = good_evaluation(["joy", "calm"])
    same = {"value": 0.97, "low": 0.97, "high": 0.97, "faces": 100}
    edits = {emotion: {"success": same, "mean_end": same} for emotion in ("joy", "calm")}
    assert evaluation.headlines() == {"methods": {"path": {"emotions": edits}}, "weaknesses": []}


def of_joy(document: dict[str, Any]) -> dict[str, Any]:
    edit: dict[str, Any] = document["methods"]["path"]["emotions"]["joy"]
    return edit


DAMAGE: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda document: document.pop("generator"), "generator is missing"),
    (lambda document: document.update(faces="many"), "faces is not a whole number"),
    (lambda document: document.update(faces=True), "faces is not a whole number"),
    (lambda document: document.update(methods=[]), "methods is not an object"),
    (lambda document: document.update(emotions=["joy", 3]), "emotions[1] is not a text"),
    (lambda document: document["methods"]["path"]["leakage"].update(joy=0.5), "methods.path.leakage.joy is not a list"),
    (lambda document: of_joy(document)["success"].pop("low"), "methods.path.emotions.joy.success.low is missing"),
    (lambda document: of_joy(document).update(distance=None), "methods.path.emotions.joy.distance is not a number"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE, ids=[message for _, message in DAMAGE])
def test_a_damaged_file_is_refused_by_the_key_that_is_wrong(
    damage: Callable[[dict[str, Any]], Any], message: str, tmp_path: Path
) -> None:
    document = good_evaluation(["joy", "calm"]).to_dict()
    damage(document)
    (tmp_path / "evaluation.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(TrainError) as raised:
        read_evaluation(tmp_path / "evaluation.json")
    assert f"is damaged ({message}); delete it and run `tlgan-train evaluate` again" in str(raised.value)


def test_a_file_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text("[]", encoding="utf-8")
    with pytest.raises(TrainError, match=r"is damaged \(the file is not an object\)"):
        read_evaluation(tmp_path / "evaluation.json")


def test_an_export_of_a_damaged_evaluation_says_so_in_one_line(run: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_bytes((run / "config.json").read_bytes())
    (tmp_path / "run" / "evaluation.json").write_text("{}", encoding="utf-8")
    line = refused(call(export_main, tmp_path / "run", "--out", tmp_path / "bundle"))
    assert "evaluation.json is damaged (emotions is missing)" in line and "tlgan-train evaluate" in line


def test_whole_numbers_are_figures_too() -> None:
    document = good_evaluation(["joy", "calm"]).to_dict()
    of_joy(document)["success"] = {"value": 1, "low": 1, "high": 1, "faces": 100}
    assert Evaluation.from_dict(document).methods["path"].emotions["joy"].success == Estimate(1, 1, 1, 100)
