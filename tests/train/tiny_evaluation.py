"""Evaluations made on the spot, of models that are as good or as bad as a test needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tlgan_train.evaluation.document import Evaluation
from tlgan_train.evaluation.parts import (
    EmotionEdit,
    Estimate,
    GeneratorQuality,
    JudgeReliability,
    MethodResult,
    Quartiles,
    ReaderAccuracy,
)


def estimate(value: float | None) -> Estimate:
    """The mean of 100 faces that are all alike, or of none."""
    return Estimate(value, value, value, 100 if value is not None else 0)


def edit(score: float = 0.97, **changes: Any) -> EmotionEdit:
    """Walks with the same score in everything, but for `changes`."""
    same = estimate(score)
    values: dict[str, Any] = {
        "already_there": 0.25, "success": same, "mean_end": same, "monotone": same, "rank_correlation": same,
        "character_kept": estimate(1.0), "smoothness": estimate(2.0), "kid_end": 0.2, "kid_unmoved": 0.1,
        "kid_middle": 0.3, "distance": 5.0, "end_norm": 1.0,
    }  # fmt: skip
    return EmotionEdit(**(values | changes))


def method(emotions: Sequence[str], score: float = 0.97, yaw: float = 0.1) -> MethodResult:
    """Axes whose faces start at 0.1, and that change the direction of the head by `yaw`."""
    count = len(emotions)
    return MethodResult(
        emotions={emotion: edit(score) for emotion in emotions},
        leakage={
            emotion: [score - 0.1 if row == column else -0.1 for column in range(count)]
            for row, emotion in enumerate(emotions)
        },
        factor_leakage={emotion: {"intensity": 9.0, "yaw": yaw} for emotion in emotions},
    )


def accuracy(emotion: float, pictures: int = 400) -> dict[str, ReaderAccuracy]:
    """Of a network on four emotions, equally frequent, and one character."""
    return {
        "emotion": ReaderAccuracy(emotion, 0.25, pictures),
        "character": ReaderAccuracy(1.0, 1.0, pictures),
    }


def good_evaluation(emotions: Sequence[str], default: str = "path") -> Evaluation:
    """Of a generator that draws the first of two characters, without any weakness."""
    even = dict.fromkeys(emotions, 1 / len(emotions))
    return Evaluation(
        emotions=tuple(emotions),
        characters=("ann", "ben"),
        drawn_characters=("ann",),
        readers={"classifier": accuracy(0.98), "judge": accuracy(0.99)},
        faces=100,
        steps=30,
        default=default,
        judge=JudgeReliability(0.99, 1.0, dict.fromkeys(emotions, 1.0), {"yaw": 0.9}, {"yaw": 0.05}),
        generator=GeneratorQuality(
            fid=2.0, kid=0.01, kid_between_real=0.0, precision=0.9, recall=0.5, confident_share=0.98,
            emotion_share=even, emotion_share_of_data=dict(even),
            character_share={"ann": 1.0, "ben": 0.0}, character_share_of_data={"ann": 1.0, "ben": 0.0},
            nearest_training_pictures=[3], nearest_distances=[2.5],
            nearest_distance_between_real=Quartiles(1.0, 2.0, 3.0), classifier_agrees=0.97,
        ),
        methods={default: method(emotions), "random": method(emotions, 0.1, yaw=0.4)},
        character_edits={},
    )  # fmt: skip
