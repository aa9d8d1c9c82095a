"""Verdicts on the paper's claims: they follow from the numbers, for every kind of run."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from tiny_evaluation import edit, estimate, good_evaluation, method

from tlgan_train.evaluation.learning_curve import LearningCurve, Quality
from tlgan_train.evaluation.parts import Weakness
from tlgan_train.report.claim_tables import axis_table, markdown, network_table, remarks, tally
from tlgan_train.report.claims import paper_claims
from tlgan_train.report.evidence import Evidence
from tlgan_train.report.rule import FAILS, HOLDS, IN_PART, NOT_MEASURED, Rule

EMOTIONS = ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"]
COUNT = len(EMOTIONS)


@pytest.fixture
def evidence() -> Evidence:
    """One character; all axes of `local` work, none of `paper` does."""
    same = [[float(row == column) for column in range(COUNT)] for row in range(COUNT)]
    near = [[1.0 if row == column else 0.5 for column in range(COUNT)] for row in range(COUNT)]
    fit = {"fitted": {"held_out_r2": [0.9] * COUNT, "cosine_before": near}, "directions": same}
    good = good_evaluation(EMOTIONS, default="local")
    evaluation = replace(
        good,
        generator=replace(
            good.generator,
            emotion_share={**dict.fromkeys(EMOTIONS, 0.1), "fear": 0.02},
            emotion_share_of_data=dict.fromkeys(EMOTIONS, 0.1),
            confident_share=0.95,
            recall=0.05,
        ),
        methods={"paper": method(EMOTIONS, 0.2), **good.methods},
    )
    training = {
        "data": "toon", "data_digest": "0" * 64, "pictures": {"test": 4200}, "drawn_pictures": 1000, "preset": "quick",
        "seed": 0, "images_seen": 50_000, "classifier_accuracy": 0.96, "code_revision": "1",
    }  # fmt: skip
    return Evidence(evaluation, {"paper": fit, "local": fit}, training)


def verdict(evidence: Evidence, words: str, name: str = "") -> str:
    (found,) = [claim for claim in paper_claims(evidence) if words in claim.says]
    return found.findings[name].verdict


def test_figures_that_do_not_exist_are_not_measured(evidence: Evidence) -> None:
    known = evidence.evaluation
    generator = replace(known.generator, recall=None, precision=None, confident_share=None)
    evaluation = replace(known, generator=generator, methods={**known.methods, "random": method(EMOTIONS, 0.1, yaw=0)})
    axes = copy.deepcopy(evidence.axes)
    axes["local"]["fitted"]["held_out_r2"] = [None] * COUNT
    grids = [Quality(0.1, 0.1, None), Quality(0.9, 0.9, None)]
    lacking = Evidence(evaluation, axes, evidence.training, LearningCurve([8, 16], grids, None))
    for words, name in (
        ("vary well", ""), ("decent pictures", ""), ("become better", ""),
        ("linear map", "local"), ("Everything else", "local"),
    ):  # fmt: skip
        assert verdict(lacking, words, name) == NOT_MEASURED, words
    assert "nan" not in markdown(paper_claims(lacking), lacking).lower()


def test_a_judge_that_guesses_measures_nothing(evidence: Evidence) -> None:
    guesses = Weakness("judge_chance", "the judge reads no better than guessing", {})
    blind = replace(evidence, evaluation=replace(evidence.evaluation, weaknesses=[guesses]))
    assert verdict(evidence, "increase constantly", "local") != NOT_MEASURED
    for claim in paper_claims(blind):
        known = "every test picture" in claim.says or "linear map" in claim.says or "correlates" in claim.says
        assert known or {finding.verdict for finding in claim.findings.values()} == {NOT_MEASURED}, claim.says
    assert verdict(blind, "linear map", "local") == verdict(evidence, "linear map", "local") != NOT_MEASURED


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        (Rule("higher", 0.9, 0.5), 0.9, HOLDS),
        (Rule("higher", 0.9, 0.5), 0.89, IN_PART),
        (Rule("higher", 0.9, 0.5), 0.49, FAILS),
        (Rule("lower", 0.1, 0.2), 0.1, HOLDS),
        (Rule("lower", 0.1, 0.2), 0.2, IN_PART),
        (Rule("lower", 0.1, 0.2), 0.21, FAILS),
        (Rule("any", 1, 0), None, NOT_MEASURED),
        (Rule("any", 1, 0), float("nan"), NOT_MEASURED),
    ],
)
def test_a_rule_decides_on_its_quantity_from_either_side(rule: Rule, value: float | None, expected: str) -> None:
    assert rule.verdict(value) == expected
    assert ("≥" in str(rule)) == (rule.holds >= rule.part)


def test_networks_are_held_to_what_was_measured(evidence: Evidence) -> None:
    assert verdict(evidence, "every test picture") == IN_PART
    assert verdict(evidence, "all characters") == IN_PART  # fear has a fifth of its share; ben is not in the data
    assert verdict(evidence, "vary well") == FAILS
    assert verdict(evidence, "decent pictures") == HOLDS
    assert verdict(evidence, "cross-entropy") == NOT_MEASURED


def test_the_course_of_training_is_judged_where_the_grids_are(evidence: Evidence) -> None:
    assert verdict(evidence, "the longer the GAN trains") == NOT_MEASURED
    real = Quality(1, 1, 0)
    for last, expected in ((0.2, HOLDS), (0.8, IN_PART), (1.2, FAILS)):
        curve = LearningCurve([1, 2], [Quality(0.1, 1, 1.0), Quality(0.9, 1, last)], real)
        known = Evidence(evidence.evaluation, evidence.axes, evidence.training, curve)
        assert verdict(known, "the longer the GAN trains") == expected


def test_axes_that_work_are_told_from_axes_that_do_not(evidence: Evidence) -> None:
    for emotion in ("disgust", "fear", "joy", "neutral", "sadness"):
        assert verdict(evidence, f"raises {emotion}", "local") == HOLDS
        assert verdict(evidence, f"raises {emotion}", "paper") == FAILS
    for emotion in ("anger", "surprise"):  # of these the paper says that they fail
        assert verdict(evidence, f"does not raise {emotion}", "local") == FAILS
        assert verdict(evidence, f"does not raise {emotion}", "paper") == HOLDS
    assert verdict(evidence, "reaches 1", "local") == HOLDS and verdict(evidence, "reaches 1", "paper") == FAILS
    assert verdict(evidence, "Everything else", "local") == HOLDS


def test_one_axis_that_leaks_is_found(evidence: Evidence) -> None:
    evidence.evaluation.methods["local"].leakage["joy"][EMOTIONS.index("surprise")] = 0.3
    assert verdict(evidence, "its own emotion only", "local") == FAILS
    assert verdict(evidence, "no other emotion does", "local") == FAILS
    assert verdict(evidence, "its own emotion only", "paper") == HOLDS


def test_centres_are_what_has_to_be_apart_where_faces_move_between_them(evidence: Evidence) -> None:
    assert verdict(evidence, "no axis correlates", "local") == HOLDS
    rows = [[1.0, 0.1 * place] for place in range(COUNT)]  # on one line: all cosines are ±1
    moved = {**evidence.axes["local"], "centres": {"latents": rows}}
    between = Evidence(evidence.evaluation, {**evidence.axes, "local": moved}, evidence.training)
    assert verdict(between, "no axis correlates", "local") == FAILS


def test_identity_is_judged_by_how_many_characters_are_drawn(evidence: Evidence) -> None:
    assert verdict(evidence, "the character is kept", "local") == HOLDS
    assert verdict(evidence, "turn into another", "local") == NOT_MEASURED
    evidence = replace(evidence, evaluation=replace(evidence.evaluation, drawn_characters=("ann", "ben")))
    assert verdict(evidence, "turn into another", "local") == NOT_MEASURED  # all samples show ann
    evidence.evaluation.generator.character_share.update(ann=0.7, ben=0.3)
    evidence.evaluation.methods["paper"].emotions["fear"] = edit(character_kept=estimate(0.6))
    assert verdict(evidence, "the character is kept", "local") == NOT_MEASURED
    assert verdict(evidence, "turn into another", "local") == FAILS
    assert verdict(evidence, "turn into another", "paper") == HOLDS


def test_an_emotion_without_pictures_or_faces_to_measure_gets_no_verdict(evidence: Evidence) -> None:
    for result in evidence.evaluation.methods.values():
        result.emotions["joy"] = edit(success=estimate(None))
    assert verdict(evidence, "visibly joyful", "local") == NOT_MEASURED
    other = good_evaluation(["glee", "calm"], default="local")
    other = replace(other, methods={"paper": method(other.emotions), **other.methods})
    small = {
        "fitted": {"held_out_r2": [0.9] * 2, "cosine_before": [[1.0, 0.5], [0.5, 1.0]]},
        "directions": [[1, 0], [0, 1]],
    }
    without = replace(evidence, evaluation=other, axes={"paper": small, "local": small})
    for words in ("raise surprise", "visibly joyful", "Joy rises", "no other emotion does"):
        assert verdict(without, words, "local") == NOT_MEASURED, words


def test_tables_and_tally_hold_every_claim(evidence: Evidence) -> None:
    claims = paper_claims(evidence)
    assert evidence.compared == ["local", "paper"]
    heads, rows = axis_table(claims, evidence.compared)
    assert heads[3:] == ["local", "verdict, local", "paper", "verdict, paper"]
    assert len(rows) + len(network_table(claims)[1]) == len(claims)
    assert sum(int(part.split()[0]) for part in tally(claims, "local").split(", ")) == len(claims)
    text = markdown(claims, evidence)
    assert all(claim.says in text for claim in claims)
    assert "50,000 pictures" in text and "largest \\|cosine\\|" in text
    assert [line.replace("\\|", "").count("|") for line in text.splitlines() if line.startswith("| figure 5")] == [8]


def test_remarks_below_a_figure_are_those_about_it(evidence: Evidence) -> None:
    told = remarks(paper_claims(evidence), (12,), ["local", "paper"])
    assert [decided for _, decided in told] == [HOLDS, FAILS]
    assert "with local" in told[0][0] and "with paper" in told[1][0]
