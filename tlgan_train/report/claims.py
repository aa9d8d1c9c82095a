"""Compares what the paper claims with what a run measures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tlgan_train.axes.fit import moved_cosines
from tlgan_train.evaluation.metrics import percent
from tlgan_train.report.evidence import Evidence
from tlgan_train.report.rule import NOT_MEASURED, Claim, Finding, Rule
from tlgan_train.report.text import interval, number

REACHED_PROBABILITY = 0.95
"""A mean end probability of at least this counts as 1."""
DRAWN_SHARE = 0.01
"""A character counts as drawn with at least this share of the samples."""
PAPER_SAYS_RAISED = {
    "anger": (False, "section 6.1; its own plot ends near 0.005"),
    "disgust": (True, "sections 6 and 6.1; its own plot ends above 0.95"),
    "fear": (True, "sections 6 and 6.1; its own plot ends above 0.95"),
    "joy": (True, "sections 6 and 6.1; its own plot ends above 0.95"),
    "neutral": (True, "sections 6 and 6.1; its own plot ends near 0.75"),
    "sadness": (True, "section 6.1, but left out in section 6; its own plot ends near 0.2"),
    "surprise": (False, "section 6.1, though section 6 says that it does; its own plot ends near 0.47"),
}
"""Whether the paper says that an axis raises its emotion, and where. The ends are from the plots in its repository."""


JUDGE_GUESSES = "judge_chance"
"""Kind of the weakness of a judge that reads no better than guessing."""

Measure = Callable[[str], tuple[float | None, str]]
"""Name of a method → the value that a rule decides on, and what was measured in words."""


def paper_claims(evidence: Evidence) -> list[Claim]:
    """Return every claim of the paper about networks, then about axes, each in the order of its figures.

    A judge that guesses measures nothing.
    """
    claims = [*_networks(evidence), *_separation(evidence), *_emotions(evidence), *_identity(evidence)]
    if not any(weakness.kind == JUDGE_GUESSES for weakness in evidence.evaluation.weaknesses or ()):
        return claims
    return [claim.unmeasured("the judge only guesses") if claim.judged else claim for claim in claims]


def _networks(evidence: Evidence) -> list[Claim]:
    training, generator = evidence.training, evidence.evaluation.generator
    accuracy = training["classifier_accuracy"]
    shares = {
        name: drawn[name] / share
        for drawn, data in (
            (generator.emotion_share, generator.emotion_share_of_data),
            (generator.character_share, generator.character_share_of_data),
        )
        for name, share in data.items()
        if share
    }
    rarest = min(shares, key=lambda name: shares[name])
    change, progress = None, "needs the sample grids of a run"
    if evidence.learning:
        first, last = evidence.learning.grids[0], evidence.learning.grids[-1]
        change = last.kid / first.kid if first.kid and last.kid is not None and first.kid > 0 else None
        progress = (
            f"KID {_short(first.kid)} → {_short(last.kid)}, confident {percent(first.confident_share)} → "
            f"{percent(last.confident_share)}, over {training['images_seen'] / training['drawn_pictures']:.0f} epochs"
        )
    decent, recall, precision = generator.confident_share, generator.recall, generator.precision
    return [
        _claim("section 4.1", (), "The classifier reads the emotion of every test picture correctly (100 %).",
               accuracy, f"{percent(accuracy)} of {training['pictures']['test']:,} pictures, split off by contiguous "
               "blocks of frames", Rule("share of test pictures read correctly", 0.995, 0.95), judged=False),
        Claim("section 4.1", (), "Least squares losses give better results than cross-entropy.", "–",
              {"": Finding("trained with least squares only", NOT_MEASURED)}, judged=False),
        _claim("figures 4 and 6; section 5.2", (4, 6),
               "Pictures become better the longer the GAN trains, and are good after about 250 epochs.",
               change, progress, Rule("KID of the last sample grid over that of the first", 0.5, 1)),
        _claim("figure 7; section 5.3", (7,), "Samples show all characters, with their emotions.",
               shares[rarest], f"{number(shares[rarest])} ({rarest})",
               Rule("share of the rarest emotion or character among samples, over that in the data", 0.5, 0.1)),
        _claim("figure 7; section 5.3", (7,), "Samples vary well.",
               recall, f"recall {number(recall)}, precision {number(precision)}",
               Rule("recall in the judge’s features", 0.5, 0.1)),
        _claim("figure 10; section 6", (10,), "Most points of the latent space give decent pictures.",
               decent, percent(decent), Rule("share of samples with p ≥ 0.9 for one emotion", 0.9, 0.5)),
    ]  # fmt: skip


def _separation(evidence: Evidence) -> list[Claim]:
    apart = ~np.eye(len(evidence.evaluation.emotions), dtype=bool)

    def linear(method: str) -> tuple[float | None, str]:
        known = [value for value in evidence.axes[method]["fitted"]["held_out_r2"] if value is not None]
        r2 = float(np.mean(known)) if known else None
        return r2, number(r2)

    def orthogonal(method: str) -> tuple[float | None, str]:
        before, after = (
            float(np.abs(np.array(values)[apart]).max(initial=0))
            for values in (evidence.axes[method]["fitted"]["cosine_before"], moved_cosines(evidence.axes[method]))
        )
        return after, f"{number(before)} before, {number(after)} after"

    def only(method: str) -> tuple[float | None, str]:
        rise = float(evidence.leakage(method)[apart].max(initial=-1))
        return rise, _signed(rise)

    def rest(method: str) -> tuple[float | None, str]:
        results = evidence.evaluation.methods
        means = {
            name: [value for axis in results[name].factor_leakage.values() for factor, value in axis.items()
                   if factor != "intensity"]
            for name in (method, "random")
        }  # fmt: skip
        if not means[method]:
            return None, "no known factors"
        changes = {name: float(np.mean(values)) for name, values in means.items()}
        return changes[method] / changes["random"] if changes["random"] > 0 else None, (
            f"{number(changes[method])} standard deviations; random directions {number(changes['random'])}"
        )

    return [
        _axis_claim(evidence, "section 4.1", (), "A linear map leads from latents to emotions.", linear,
                    Rule("mean held-out R² in the fitted space", 0.8, 0.5), judged=False),
        _axis_claim(evidence, "figure 5; section 5.2", (5,),
                    "After orthogonalisation no axis correlates with another.", orthogonal,
                    Rule("largest |cosine| of two axes", 0.01, 0.2), judged=False),
        _axis_claim(evidence, "sections 4.1 and 5.2", (), "An orthogonal axis changes its own emotion only.", only,
                    Rule("largest mean rise of another emotion on any axis", 0.05, 0.2)),
        _axis_claim(evidence, "section 4.1", (), "Everything else in the picture stays the same.", rest,
                    Rule("mean change of the known factors but intensity, over that along random directions", 0.5, 1)),
    ]  # fmt: skip


def _emotions(evidence: Evidence) -> list[Claim]:
    emotions = evidence.evaluation.emotions

    def reached(method: str) -> tuple[float | None, str]:
        ends = [edit.mean_end.value for edit in evidence.edits(method).values()]
        count = sum(end >= REACHED_PROBABILITY for end in ends)
        return count / len(ends), f"{count} of {len(ends)}; mean of the ends {number(float(np.mean(ends)))}"

    def constant(method: str) -> tuple[float | None, str]:
        found = {emotion: edit.rank_correlation.value for emotion, edit in evidence.edits(method).items()}
        known = {e: value for e, value in found.items() if value is not None}
        if not known:
            return None, "no face is left to measure"
        least = min(known, key=lambda e: known[e])
        return known[least], f"{number(known[least])} ({least})"

    def raised_by(emotion: str) -> Measure:
        def measure(method: str) -> tuple[float | None, str]:
            if emotion not in emotions:
                return None, "no such emotion in the data"
            edit, place = evidence.edits(method)[emotion], emotions.index(emotion)
            end = edit.mean_end
            start = end.value - evidence.leakage(method)[place, place]
            return end.value, f"{number(start)} → {interval(end)} at k = {edit.distance:.1f}"

        return measure

    def monotone(method: str) -> tuple[float | None, str]:
        joy = evidence.edits(method).get("joy")
        return (joy.monotone.value, interval(joy.monotone)) if joy else (None, "–")

    def success(method: str) -> tuple[float | None, str]:
        joy, ceiling = evidence.edits(method).get("joy"), evidence.evaluation.judge.ceiling.get("joy")
        if joy is None or joy.success.value is None or not ceiling:
            return None, "–"
        return joy.success.value / ceiling, f"{interval(joy.success)}; ceiling {number(ceiling)}"

    def others(method: str) -> tuple[float | None, str]:
        if "joy" not in emotions:
            return None, "no such emotion in the data"
        along = {e: change for e, change in zip(emotions, evidence.leakage(method)[emotions.index("joy")], strict=True)
                 if e != "joy"}  # fmt: skip
        if not along:
            return None, "no other emotion"
        most = max(along, key=lambda e: along[e])
        return float(along[most]), f"{_signed(along[most])} ({most})"

    rises = Rule("mean end probability", 0.9, 0.5)
    stays = Rule("mean end probability", 0.5, 0.9)
    return [
        _axis_claim(evidence, "figure 11; section 5.5", (11,),
                    "Along every axis the probability of its emotion reaches 1 (the paper’s own plots: 3 of 7, "
                    "mean of the ends 0.63).", reached,
                    Rule(f"share of axes with a mean end probability ≥ {REACHED_PROBABILITY:g}", 1, 0.5)),
        _axis_claim(evidence, "figure 11; section 6", (11,), "Probabilities increase constantly.", constant,
                    Rule("least rank correlation of any axis", 0.9, 0.7)),
        *(_axis_claim(evidence, "figure 11", (11,),
                      f"The axis of {emotion} {'raises' if raised else 'does not raise'} {emotion} ({where}).",
                      raised_by(emotion), rises if raised else stays)
          for emotion, (raised, where) in PAPER_SAYS_RAISED.items()),
        _axis_claim(evidence, "figure 12; section 5.5", (12,), "Joy rises all the way along its axis.", monotone,
                    Rule("share of faces whose joy never falls by more than 0.05", 0.9, 0.5)),
        _axis_claim(evidence, "figures 13 to 15; section 6.1", (13, 14, 15),
                    "Random faces become visibly joyful (8 faces there).", success,
                    Rule("success over the ceiling of the judge", 0.9, 0.5)),
        _axis_claim(evidence, "figure 16; section 6.1", (16,), "Along joy, joy grows and no other emotion does.",
                    others, Rule("largest mean rise of another emotion along joy", 0.05, 0.2)),
    ]  # fmt: skip


def _identity(evidence: Evidence) -> list[Claim]:
    def kept(method: str) -> tuple[float | None, str]:
        found = {emotion: edit.character_kept.value for emotion, edit in evidence.edits(method).items()}
        least = min(found, key=lambda e: found[e])
        return found[least], f"kept by {percent(found[least])} ({least}, the axis with the fewest)"

    def lost(method: str) -> tuple[float | None, str]:
        value, words = kept(method)
        return None if value is None else 1 - value, words

    def jump(method: str) -> tuple[float | None, str]:
        mean = float(np.mean([edit.smoothness.value for edit in evidence.edits(method).values()]))
        return mean, number(mean)

    shares = evidence.evaluation.generator.character_share.values()
    drawn = sum(share >= DRAWN_SHARE for share in shares)

    def where(several: bool, measure: Measure) -> Measure:
        words = "several characters are drawn" if evidence.several_characters else "one character is drawn"
        if several and evidence.several_characters and drawn < 2:
            words = "nearly all samples are read as one character"  # that can then only stay
        elif several == evidence.several_characters:
            return measure
        return lambda method: (None, words)

    largest = "largest step over the mean step of a walk, in the judge’s features"
    return [
        _axis_claim(evidence, "figures 8 and 9; sections 5.2 and 5.3", (8, 9),
                    "With several characters, some faces turn into another character.", where(True, lost),
                    Rule("share of faces that change character on the worst axis", 0.05, 0.01)),
        _axis_claim(evidence, "sections 5.3 and 7", (8, 9), "With several characters, faces do not change smoothly.",
                    where(True, jump), Rule(largest, 6, 3)),
        _axis_claim(evidence, "section 6", (13, 14, 15), "With one character, the character is kept.",
                    where(False, kept), Rule("share of faces that keep their character on the worst axis", 0.99, 0.9)),
        _axis_claim(evidence, "sections 4.1 and 7", (13, 14, 15), "With one character, faces change smoothly.",
                    where(False, jump), Rule(largest, 3, 6)),
    ]  # fmt: skip


def _claim(
    source: str,
    figures: tuple[int, ...],
    says: str,
    value: float | None,
    measured: str,
    rule: Rule,
    judged: bool = True,
) -> Claim:
    return Claim(source, figures, says, str(rule), {"": Finding(measured, rule.verdict(value))}, judged)


def _axis_claim(
    evidence: Evidence,
    source: str,
    figures: tuple[int, ...],
    says: str,
    measure: Measure,
    rule: Rule,
    judged: bool = True,
) -> Claim:
    findings = {}
    for method in evidence.methods:
        value, words = measure(method)
        findings[method] = Finding(words, rule.verdict(value))
    return Claim(source, figures, says, str(rule), findings, judged)


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + number(value)
