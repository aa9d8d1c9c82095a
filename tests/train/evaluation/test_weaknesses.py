"""What is wrong with a model is said in plain words, wherever somebody looks who might use it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_evaluation
from commands import Outcome, call
from tiny_evaluation import edit, estimate, good_evaluation

from tlgan_train.cli.commands import main
from tlgan_train.cli.export import export_main
from tlgan_train.evaluation.document import Evaluation, read_evaluation, write_evaluation
from tlgan_train.evaluation.parts import CharacterEdit, ReaderAccuracy
from tlgan_train.evaluation.weaknesses import reader_accuracy, weaknesses, with_weaknesses
from tlgan_train.report.model_card import model_card

ROOT = Path(__file__).parents[3]
EMOTIONS = ("Freude", "{sad}", "喜び", "calm")


@pytest.fixture
def good() -> Evaluation:
    """An evaluation of one character without anything to complain of."""
    return good_evaluation(EMOTIONS)


def kinds(evaluation: Evaluation) -> list[str]:
    return [weakness.kind for weakness in weaknesses(evaluation)]


def test_a_good_model_has_none(good: Evaluation) -> None:
    assert weaknesses(good) == [] and with_weaknesses(good).weaknesses == []


@pytest.mark.parametrize("name", ["solo", "cast"])
def test_the_shipped_bundles_have_none(name: str) -> None:
    assert weaknesses(read_evaluation(ROOT / "exported" / name / "evaluation.json")) == []


@pytest.mark.parametrize("network", ["classifier", "judge"])
@pytest.mark.parametrize(
    ("accuracy", "pictures", "kind"),
    [
        (0.25, 400, "chance"),
        (0.28, 400, "chance"),  # as far above as luck goes with so many pictures
        (0.28, 40_000, "weak"),  # but not with so many
        (0.50, 400, "weak"),
        (0.75, 4, "chance"),  # three of four
        (0.75, 400, None),
    ],
)
def test_readers_are_held_against_guessing_with_a_margin_for_few_pictures(
    good: Evaluation, network: str, accuracy: float, pictures: int, kind: str | None
) -> None:
    good.readers[network] = tiny_evaluation.accuracy(accuracy, pictures)
    assert kinds(good) == ([f"{network}_{kind}"] if kind else [])
    for weakness in weaknesses(good):
        assert f"{accuracy:.1%}" in weakness.says and "25.0%" in weakness.says and f"{pictures:,}" in weakness.says
        assert weakness.figures == {"accuracy": accuracy, "majority": 0.25, "pictures": pictures}


def test_what_guessing_gets_right_is_the_share_of_the_most_frequent_class() -> None:
    assert reader_accuracy([[8, 2], [5, 15]]) == ReaderAccuracy(accuracy=23 / 30, majority=20 / 30, pictures=30)


@pytest.mark.parametrize(
    ("change", "kind", "named"),
    [
        ({"emotion_share": {"Freude": 0.97, "{sad}": 0.03, "喜び": 0.0, "calm": 0.0}}, "collapsed_emotion", "Freude"),
        ({"emotion_share": {"Freude": 0.33, "{sad}": 0.33, "喜び": 0.01, "calm": 0.33}}, "misses_emotion", "喜び"),
        ({"character_share": {"ann": 0.0, "ben": 1.0}}, "collapsed_character", "ben"),
        ({"confident_share": 0.2}, "confident_share", "20.0%"),
        ({"classifier_agrees": 0.3}, "classifier_agrees", "30.0%"),
        ({"recall": 0.01}, "recall", "1.0%"),
        ({"precision": 0.05}, "precision", "5.0%"),
        ({"copying": 0.97}, "copies", "97.0%"),
    ],
)
def test_a_generator_that_draws_the_wrong_things(
    good: Evaluation, change: dict[str, Any], kind: str, named: str
) -> None:
    (weakness,) = weaknesses(replace(good, generator=replace(good.generator, **change)))
    assert weakness.kind == f"generator_{kind}" and named in weakness.says


def test_figures_that_do_not_exist_are_no_weakness(good: Evaluation) -> None:
    sparse = replace(good, generator=replace(good.generator, recall=None, precision=None))
    assert weaknesses(sparse) == []
    assert weaknesses(replace(sparse, readers=None, character_edits=None)) == []  # as in those of earlier versions


def test_pictures_that_are_in_every_split_are_a_weakness(good: Evaluation) -> None:
    weakness, *others = weaknesses(replace(good, undivided_classes=3))
    assert (weakness.kind, weakness.figures, others) == ("nothing_kept_back", {"classes": 3}, [])
    assert weakness.says.startswith("in 3 of ")


def test_edits_that_fade_instead_of_moving_are_a_weakness(good: Evaluation) -> None:
    assert weaknesses(replace(good, morphing={"Freude": 0.7, "calm": 0.5})) == []
    (weakness,) = weaknesses(replace(good, morphing={"Freude": 0.7, "calm": 0.2}))
    assert (weakness.kind, weakness.figures) == ("axes_fade", {"calm": 0.2})
    assert "calm 0.20" in weakness.says and "Freude" not in weakness.says


def test_edits_that_fail_are_named_with_their_success(good: Evaluation) -> None:
    edits = good.methods["path"].emotions
    edits["{sad}"], edits["喜び"] = edit(success=estimate(0.0)), edit(success=estimate(0.3))
    edits["calm"] = edit(success=estimate(None), already_there=1.0)
    good.judge.ceiling["{sad}"] = 0.1
    fail, weak, unmeasured = weaknesses(good)
    assert fail.kind == "axes_fail" and fail.figures == {"{sad}": 0.0}
    assert "{sad} 0.0%" in fail.says and "real pictures of {sad}" in fail.says
    assert weak.kind == "axes_weak" and weak.figures == {"喜び": 0.3} and "real pictures" not in weak.says
    assert unmeasured.kind == "axes_unmeasured" and "calm" in unmeasured.says


def test_faces_that_do_not_become_other_characters(good: Evaluation) -> None:
    good.character_edits["ann"] = CharacterEdit(estimate(0.0), estimate(1.0), already_there=0.5, distance=3.0)
    assert kinds(good) == ["characters_fail"]


@pytest.fixture(scope="module")
def useless(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run whose classifier guesses and whose edits do nothing."""
    folder = Path(shutil.copytree(run, tmp_path_factory.mktemp("useless") / "run"))
    evaluation = read_evaluation(folder / "evaluation.json")
    evaluation.readers["classifier"] = tiny_evaluation.accuracy(0.25)
    edits = evaluation.methods[evaluation.default].emotions
    edits |= {emotion: replace(found, success=estimate(0.0)) for emotion, found in edits.items()}
    write_evaluation(folder / "evaluation.json", with_weaknesses(evaluation))
    return folder


def says(folder: Path) -> list[str]:
    return [one["says"] for one in json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))["weaknesses"]]


def test_a_run_keeps_what_it_found_where_programs_read_it(finished: tuple[Path, Outcome]) -> None:
    run, outcome = finished
    evaluation = read_evaluation(run / "evaluation.json")
    assert evaluation.weaknesses == weaknesses(evaluation)
    counts = evaluation.readers["classifier"]["emotion"]
    trained = json.loads((run / "classifier" / "metrics.json").read_text())["test"]
    assert counts.pictures == trained["pictures"] == 6
    assert counts.accuracy == pytest.approx(trained["emotion_accuracy"])
    assert counts.majority == pytest.approx(np.sum(trained["emotion_confusion"], axis=1).max() / 6)
    manifest = json.loads((run / "bundle" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["metrics"]["weaknesses"] == [vars(weakness) for weakness in evaluation.weaknesses]
    ends = [f"  {line}" for line in says(run)]
    assert outcome.err.splitlines()[len(outcome.err.splitlines()) - len(ends) :] == ends


@pytest.mark.slow
def test_an_export_of_a_useless_model_says_so_even_if_quiet(useless: Path, tmp_path: Path) -> None:
    outcome = call(export_main, useless, "--out", tmp_path / "bundle", "--quiet")
    assert outcome.code == 0 and outcome.out == f"{tmp_path / 'bundle'}\n"
    assert outcome.err.splitlines()[1:] == [f"  {line}" for line in says(useless)]
    assert "not clearly more than guessing" in outcome.err and "hardly ever succeed" in outcome.err
    card = (tmp_path / "bundle" / "MODEL_CARD.md").read_text(encoding="utf-8")
    section = card.partition("## Weaknesses\n\n")[2].partition("\n\n## Measured")[0]
    assert section.splitlines() == [f"- {line}" for line in says(useless)]


@pytest.mark.slow
def test_all_and_the_report_end_with_what_is_wrong(useless: Path) -> None:
    outcome = call(main, "all", "--run", useless)
    assert outcome.code == 0 and outcome.stages("started") == ["report"], outcome.err
    assert outcome.err.splitlines()[-len(says(useless)) :] == [f"  {line}" for line in says(useless)]
    page = (useless / "report.html").read_text(encoding="utf-8")
    assert page.index("This model has weaknesses") < page.index("<table")
    assert all(line.split(";")[0] in page for line in says(useless) if "<" not in line)


def test_the_card_of_a_good_model_has_no_such_section(run: Path) -> None:
    manifest = json.loads((run / "bundle" / "manifest.json").read_text(encoding="utf-8"))
    facts = {key: manifest[key] for key in ("name", "drawn_characters", "image_size", "emotions", "latent_dim")}
    facts |= {"training": manifest["training"], "license": "MIT"}
    good = good_evaluation(EMOTIONS)
    assert "Weaknesses" not in model_card(facts, good)
    good.methods["path"].emotions["calm"] = edit(success=estimate(0.0))
    assert "Weaknesses" in model_card(facts, good)
