"""Finds what makes a finished model hard or impossible to use, and says it in plain words with figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from scipy.stats import binomtest

from tlgan_train.evaluation.document import Evaluation
from tlgan_train.evaluation.metrics import percent
from tlgan_train.evaluation.parts import CharacterEdit, EditQuality, GeneratorQuality, ReaderAccuracy, Weakness

SIGNIFICANCE = 0.05
"""A network counts as guessing if guessing would do as well with a probability above this."""
MIN_SHARE = 0.5
"""A figure below this share of what is possible is weak."""
MAX_FAILING_SUCCESS = 0.05
"""Edits with at most this success hardly ever work."""
COLLAPSED_SHARE = 0.95
"""A generator has collapsed when this share of its samples shows one class."""
MISSING_SHARE = 0.1
"""A generator hardly draws a class whose share of the samples is less than this part of its share of the data."""
MAX_COPYING = 0.9
"""Samples are mere copies if they are nearer to training pictures than new pictures more often."""
MIN_MORPHING = 0.4
"""Below this, frames half-way are nearer to a cross-fade than to a face that moves. Good models have 0.7 to 0.9."""
MIN_RECALL, MIN_PRECISION = 0.05, 0.1
"""Below these, samples hardly vary, or hardly any of them lies among the pictures."""


def weaknesses(evaluation: Evaluation) -> list[Weakness]:
    """All that the figures of an evaluation show to be wrong, the gravest first; none for a good model."""
    return [
        *_undivided(evaluation),
        *_readers(evaluation.readers or {}),
        *_generator(evaluation.generator),
        *_edits("axes", evaluation.methods[evaluation.default].emotions, evaluation.judge.ceiling),
        *_morphing(evaluation.morphing or {}),
        *_edits("characters", evaluation.character_edits or {}, {}),
    ]


def with_weaknesses(evaluation: Evaluation) -> Evaluation:
    """The evaluation with the weaknesses that its figures show."""
    return replace(evaluation, weaknesses=weaknesses(evaluation))


def reader_accuracy(confusion: Iterable[Iterable[int]]) -> ReaderAccuracy:
    """How well a network reads one kind of label, from its confusion matrix on test pictures: rows are true classes."""
    counts = np.array(confusion)
    pictures = int(counts.sum())
    return ReaderAccuracy(
        accuracy=float(counts.trace() / pictures),
        majority=float(counts.sum(axis=1).max() / pictures),
        pictures=pictures,
    )


def _undivided(evaluation: Evaluation) -> list[Weakness]:
    count = evaluation.undivided_classes
    if not count:
        return []
    classes = len(evaluation.drawn_characters) * len(evaluation.emotions)
    says = (
        f"in {count} of {classes} classes the pictures are too few to keep some back, so the figures "
        "compare with pictures that training saw and say little about others"
    )
    return [Weakness("nothing_kept_back", says, {"classes": count})]


def _readers(readers: dict[str, dict[str, ReaderAccuracy]]) -> list[Weakness]:
    found = []
    for network, kinds in readers.items():
        for kind, scores in kinds.items():
            accuracy, majority, pictures = scores.accuracy, scores.majority, scores.pictures
            if majority == 1:
                continue  # one class only: there is nothing to tell apart
            message = f"the {network} reads the {kind} of {percent(accuracy)} of {pictures:,} test pictures correctly"
            guessed = f"always answering the most frequent {kind} is right for {percent(majority)}"
            if binomtest(round(accuracy * pictures), pictures, majority, alternative="greater").pvalue > SIGNIFICANCE:
                means = "its measurements mean nothing" if network == "judge" else "no edit can be fitted to it"
                name, says = "chance", f"{message}, not clearly more than guessing: {guessed}; {means}"
            elif (accuracy - majority) / (1 - majority) < MIN_SHARE:
                name, says = "weak", f"{message} only; {guessed}"
            else:
                continue
            found.append(Weakness(f"{network}_{name}", says, dict(vars(scores))))
    return found


def _generator(generator: GeneratorQuality) -> list[Weakness]:
    found = []
    for kind, drawn, data in (
        ("emotion", generator.emotion_share, generator.emotion_share_of_data),
        ("character", generator.character_share, generator.character_share_of_data),
    ):
        most = max(drawn, key=lambda name: drawn[name])
        if drawn[most] >= COLLAPSED_SHARE > data[most]:
            says = f"the generator collapsed: {percent(drawn[most])} of its samples show one {kind}, {most}"
            found.append(Weakness(f"generator_collapsed_{kind}", says, {most: drawn[most]}))
            continue
        lost = {name: drawn[name] for name, share in data.items() if share > 0 and drawn[name] < MISSING_SHARE * share}
        if lost:
            shares = ", ".join(f"{name} {percent(share)} ({percent(data[name])})" for name, share in lost.items())
            says = f"the generator hardly draws these {kind}s (in brackets the share of the pictures): {shares}"
            found.append(Weakness(f"generator_misses_{kind}", says, lost))
    rules = (
        (
            "confident_share",
            MIN_SHARE,
            "samples show no clear emotion: the judge gives one p ≥ 0.9 in only {} of them",
        ),
        ("classifier_agrees", MIN_SHARE, "classifier and judge agree on the emotion of only {} of the samples"),
        ("recall", MIN_RECALL, "samples hardly vary: they come near to only {} of the training pictures"),
        ("precision", MIN_PRECISION, "samples are unlike the training pictures: only {} lie among them"),
    )
    for name, least, says in rules:
        value = getattr(generator, name)
        if value is not None and value < least:
            found.append(Weakness(f"generator_{name}", says.format(percent(value)), {name: value}))
    if generator.copying is not None and generator.copying > MAX_COPYING:
        says = (
            "samples replay training pictures: they are nearer to one than pictures that training did not see in "
            f"{percent(generator.copying)} of comparisons, where 50% is as new as these"
        )
        found.append(Weakness("generator_copies", says, {"copying": generator.copying}))
    return found


def _edits(
    kind: str, edits: Mapping[str, EditQuality | CharacterEdit], ceiling: Mapping[str, float | None]
) -> list[Weakness]:
    values = {name: edit.success.value for name, edit in edits.items()}
    known = {name: value for name, value in values.items() if value is not None}
    failing = {name: value for name, value in known.items() if value <= MAX_FAILING_SUCCESS}
    weak = {name: value for name, value in known.items() if MAX_FAILING_SUCCESS < value < MIN_SHARE}
    found = []
    for degree, group, words in (("fail", failing, "hardly ever succeed"), ("weak", weak, "often fail")):
        if group:
            shares = ", ".join(f"{name} {percent(value)}" for name, value in group.items())
            says = f"edits to {_listed(group)} {words}; share of faces in which the judge is then sure of it: {shares}"
            blind = [name for name in group if (share := ceiling.get(name)) is not None and share < MIN_SHARE]
            if blind:
                says += f"; it is seldom sure of real pictures of {_listed(blind)} either"
            found.append(Weakness(f"{kind}_{degree}", says, group))
    if unmeasured := [name for name, value in values.items() if value is None]:
        says = f"edits to {_listed(unmeasured)} could not be measured: every face is seen as that before the edit"
        found.append(Weakness(f"{kind}_unmeasured", says, {name: edits[name].already_there for name in unmeasured}))
    return found


def _morphing(morphing: Mapping[str, float]) -> list[Weakness]:
    fading = {name: value for name, value in morphing.items() if value < MIN_MORPHING}
    if not fading:
        return []
    figures = ", ".join(f"{name} {value:.2f}" for name, value in fading.items())
    says = f"edits to {_listed(fading)} fade one face into another instead of moving it; of 1 for movement: {figures}"
    return [Weakness("axes_fade", says, fading)]


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
