"""The page about a model that ships with it: what it is, what it was made from, and where it fails."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tlgan_train.evaluation.equal_success import changes_at_equal_success
from tlgan_train.evaluation.weaknesses import weaknesses

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
"""Of those in `axes.json`, with the titles of their columns."""


def model_card(facts: dict[str, Any], evaluation: dict[str, Any]) -> str:
    """Markdown of `MODEL_CARD.md` from the manifest's facts and the evaluation."""
    default = evaluation["default"]
    judge, figures = evaluation["judge"], evaluation["generator"]
    return f"""# {facts["name"]}

Draws {", ".join(facts["drawn_characters"])} at {facts["image_size"]} × {facts["image_size"]} pixels and changes the
emotion: {", ".join(facts["emotions"])}.

![Faces as they are, and with each emotion](emotions.png)

## Made from

Pictures: `{facts["training"]["data"]}`. Licence: {facts["license"]}.
Generator: a DCGAN with {facts["latent_dim"]} latent dimensions, {facts["training"]["images_seen"]:,} pictures seen,
preset `{facts["training"]["preset"]}`, seed {facts["training"]["seed"]}.
Labels of (Z, Y): a fine-tuned AlexNet, {facts["training"]["classifier_accuracy"]:.1%} right on test pictures.

{_weaknesses(evaluation)}## Measured

By a judge of another architecture that took no part in the fitting ({judge["emotion_accuracy"]:.1%} right on test
pictures), on {evaluation["faces"]} latents that nothing was fitted to. Success: p ≥ 0.9 at strength 1, of the faces
that start below 0.5; the ceiling is the share of real test pictures with p ≥ 0.9. Brackets: 95 % intervals.

{edit_table(evaluation, default)}

All methods, worst and best emotion. KID is that of end frames against real pictures of the emotion, over that of
samples which show it anyway; distance is in standard deviations of the prior.

{methods_table(evaluation)}

{_becoming(evaluation.get("character_edits", {}))}
Samples: FID {_number(figures["fid"], 1)} and KID {_number(figures["kid"], 4)} in the judge's features (two halves of
the training pictures: {_number(figures["kid_between_real"], 4)}), precision {_number(figures["precision"])}, recall
{_number(figures["recall"])};
{figures["confident_share"]:.0%} get p ≥ 0.9 for one emotion; classifier and judge agree on
{figures["classifier_agrees"]:.0%}.

## Use

For drawing and animating these characters. It knows nothing of photographs or of real people, and its reading of
emotions is that of the drawings it was trained on: do not use it to judge anybody's feelings. Strengths above 1 leave
what was measured here.
"""


def _weaknesses(evaluation: dict[str, Any]) -> str:
    found = weaknesses(evaluation)
    return "## Weaknesses\n\n" + "".join(f"- {one.says}\n" for one in found) + "\n" if found else ""


def with_attributes(card: str, entries: list[dict[str, Any]]) -> str:
    """The card with a section on attributes (as in `axes.json`) in place of the one that it had, or before its last."""
    before, found, rest = card.partition(f"{ATTRIBUTES_HEADING}\n")
    after = f"## {rest.partition('## ')[2]}" if found else None
    if after is None:
        before, heading, rest = card.rpartition("## Use\n")
        before, after = (before, heading + rest) if heading else (f"{card}\n", "")
    return f"{before}{_attributes(entries)}{after}" if entries else before + after


def _attributes(entries: list[dict[str, Any]]) -> str:
    rows = [
        f"| {entry['name']}, {side} | {' | '.join(_cell(entry, side, key) for key in ATTRIBUTE_FIGURES)} "
        f"| {_number(entry['measured']['ceiling'][side])} |"
        for entry in entries
        for side in ("without", "with")
    ]
    return f"""{ATTRIBUTES_HEADING}

Added to the finished model from labelled pictures: `with` is strength 1, `without` strength -1, for numbers much and
little of it. By a reader that learned from other pictures than the one that the axis was fitted with.

| attribute | {" | ".join(ATTRIBUTE_FIGURES.values())} | ceiling |
|---|{"---|" * (len(ATTRIBUTE_FIGURES) + 1)}
{chr(10).join(rows)}

"""


def _cell(entry: dict[str, Any], side: str, key: str) -> str:
    return _number(entry["measured"][side][key]["value"])


def edit_table(evaluation: dict[str, Any], method: str) -> str:
    """Markdown table of the figures of one method, a row an emotion."""
    rows = [
        "| emotion | success | mean end probability | rank correlation | monotone | character kept | ceiling |",
        "|---|---|---|---|---|---|---|",
    ]
    for emotion, figures in evaluation["methods"][method]["emotions"].items():
        cells = [
            _interval(figures[key]) for key in ("success", "mean_end", "rank_correlation", "monotone", "character_kept")
        ]
        rows.append(f"| {emotion} | {' | '.join(cells)} | {_number(evaluation['judge']['ceiling'][emotion])} |")
    return "\n".join(rows)


def comparison_table(evaluation: dict[str, Any], method: str, other: str) -> str:
    """Markdown table of two methods side by side, a row an emotion."""
    names = {"success": "success", "mean_end": "mean end probability", "rank_correlation": "rank correlation"}
    rows = [
        f"| emotion | {' | '.join(f'{title}, `{m}`' for title in names.values() for m in (method, other))} | ceiling |",
        f"|---|{'---|' * 2 * len(names)}---|",
    ]
    for emotion in evaluation["emotions"]:
        figures = [evaluation["methods"][m]["emotions"][emotion] for m in (method, other)]
        cells = [_number(f[key]["value"]) for key in names for f in figures]
        rows.append(f"| {emotion} | {' | '.join(cells)} | {_number(evaluation['judge']['ceiling'][emotion])} |")
    return "\n".join(rows)


def _becoming(edits: dict[str, Any]) -> str:
    """What is measured of faces that are turned into each drawn character; nothing where only one is drawn."""
    if not edits:
        return ""
    told = "; ".join(
        f"{name} {_number(found['success']['value'])}, {_number(found['emotion_kept']['value'])}"
        for name, found in edits.items()
    )
    return f"""
Faces turned into another character: share that reaches p ≥ 0.9 for it, and share that keeps its emotion: {told}.
"""


def methods_table(evaluation: dict[str, Any]) -> str:
    """Markdown table that sums every method up, the surest first."""
    heads = ("method", "success", "mean end probability", "KID ratio", "largest step over mean step", "distance")
    rows = []
    for name, result in evaluation["methods"].items():
        found = list(result["emotions"].values())
        success, ends, steps = (
            _values(f[key]["value"] for f in found) for key in ("success", "mean_end", "smoothness")
        )
        ratios = _values(_ratio(f["kid_end"], f["kid_unmoved"]) for f in found)
        distance = sum(f["distance"] for f in found) / len(found)
        cells = (
            f"`{name}`",
            _range(success),
            _range(ends),
            _range(ratios),
            _number(max(steps, default=None)),
            f"{distance:.1f}",
        )
        rows.append((min(success, default=0.0), f"| {' | '.join(cells)} |"))
    lines = [line for _, line in sorted(rows, key=lambda row: -row[0])]
    return "\n".join([f"| {' | '.join(heads)} |", "|---|---|---|---|---|---|", *lines])


def leakage_table(evaluation: dict[str, Any], method: str) -> str:
    """Markdown table of what else a method and `paper` change where both succeed equally often, a row a factor."""
    rows = [f"| factor | noise | `{method}` | `paper` | share |", "|---|---|---|---|---|"]
    for factor, *figures in changes_at_equal_success(evaluation, method):
        rows.append(f"| {' | '.join((factor, *map(_number, figures)))} |")
    return "\n".join(rows)


def _values(found: Iterable[float | None]) -> list[float]:
    return [value for value in found if value is not None]


def _ratio(value: float | None, of: float | None) -> float | None:
    return value / of if value is not None and of is not None and of > 0 else None


def _range(values: list[float]) -> str:
    return f"{min(values):.2f}–{max(values):.2f}" if values else "–"


def _interval(figure: dict[str, float | None]) -> str:
    return f"{_number(figure['value'])} [{_number(figure['low'])}, {_number(figure['high'])}]"


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
