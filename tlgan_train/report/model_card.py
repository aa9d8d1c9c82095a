"""Writes the card that ships with a model: what it is, what it was made from, and where it fails."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tlgan_train.evaluation.document import Evaluation
from tlgan_train.evaluation.weaknesses import weaknesses
from tlgan_train.report.text import interval, markdown_table, number, render

ATTRIBUTES_HEADING = "## Attributes"
ATTRIBUTE_FIGURES = {
    "success": "success",
    "mean_end": "mean end probability",
    "rank_correlation": "rank correlation",
    "monotone": "monotone",
    "emotion_kept": "emotion kept",
    "character_kept": "character kept",
    "random_mean_end": "mean end probability, random direction",
}
"""Figures of an attribute in `axes.json` that the card shows, with the titles of their columns."""


def model_card(facts: dict[str, Any], evaluation: Evaluation) -> str:
    """The text of `MODEL_CARD.md`, from the facts of the manifest and the evaluation."""
    return render(
        "model_card.md.jinja",
        facts=facts,
        evaluation=evaluation,
        weaknesses=[weakness.says for weakness in weaknesses(evaluation)],
        edits=edit_table(evaluation, evaluation.default),
        methods=methods_table(evaluation),
    )


def with_attributes(card: str, entries: list[dict[str, Any]]) -> str:
    """The card with a section on `entries`, the attributes in `axes.json`.

    It replaces the section that the card had, or stands before the last section.
    """
    before, found, rest = card.partition(f"{ATTRIBUTES_HEADING}\n")
    after = f"## {rest.partition('## ')[2]}" if found else None
    if after is None:
        before, heading, rest = card.rpartition("## Use\n")
        before, after = (before, heading + rest) if heading else (f"{card}\n", "")
    return f"{before}{_attributes(entries)}{after}" if entries else before + after


def _attributes(entries: list[dict[str, Any]]) -> str:
    rows = [
        [
            f"{entry['name']}, {side}",
            *(number(entry["measured"][side][key]["value"]) for key in ATTRIBUTE_FIGURES),
            number(entry["measured"]["ceiling"][side]),
        ]
        for entry in entries
        for side in ("without", "with")
    ]
    heads = ["attribute", *ATTRIBUTE_FIGURES.values(), "ceiling"]
    return render("attributes.md.jinja", heading=ATTRIBUTES_HEADING, figures=markdown_table(heads, rows))


def edit_table(evaluation: Evaluation, method: str) -> str:
    """Markdown table of the scores of one method, with a row for each emotion."""
    heads = ["emotion", "success", "mean end probability", "rank correlation", "monotone", "character kept", "ceiling"]
    rows = []
    for emotion, edit in evaluation.methods[method].emotions.items():
        scores = (edit.success, edit.mean_end, edit.rank_correlation, edit.monotone, edit.character_kept)
        rows.append([emotion, *map(interval, scores), number(evaluation.judge.ceiling[emotion])])
    return markdown_table(heads, rows)


def methods_table(evaluation: Evaluation) -> str:
    """Markdown table that sums up every method, the surest first."""
    rows = []
    for name, result in evaluation.methods.items():
        edits = list(result.emotions.values())
        success = _values(edit.success.value for edit in edits)
        ends = _values(edit.mean_end.value for edit in edits)
        steps = _values(edit.smoothness.value for edit in edits)
        ratios = _values(_ratio(edit.kid_end, edit.kid_unmoved) for edit in edits)
        distance = sum(edit.distance for edit in edits) / len(edits)
        cells = [_range(success), _range(ends), _range(ratios), number(max(steps, default=None)), f"{distance:.1f}"]
        rows.append((min(success, default=0.0), [f"`{name}`", *cells]))
    heads = ["method", "success", "mean end probability", "KID ratio", "largest step over mean step", "distance"]
    return markdown_table(heads, [cells for _, cells in sorted(rows, key=lambda row: -row[0])])


def _values(found: Iterable[float | None]) -> list[float]:
    return [value for value in found if value is not None]


def _ratio(value: float | None, of: float | None) -> float | None:
    return value / of if value is not None and of is not None and of > 0 else None


def _range(values: list[float]) -> str:
    return f"{min(values):.2f}–{max(values):.2f}" if values else "–"
