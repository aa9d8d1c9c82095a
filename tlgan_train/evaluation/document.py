"""`evaluation.json`: everything that an evaluation measures, read and written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tlgan_train.dataclass_json import from_json, to_json
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.parts import (
    CharacterEdit,
    GeneratorQuality,
    JudgeReliability,
    MethodResult,
    ReaderAccuracy,
    Redrawing,
    Weakness,
)
from tlgan_train.run_folder import read_json, write_json


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """`evaluation.json` of a run or a bundle, or `metrics` in the manifest of a bundle of schema 1."""

    emotions: tuple[str, ...]
    """In the order of every (E,) array."""
    characters: tuple[str, ...]
    drawn_characters: tuple[str, ...]
    """Characters that the generator was trained on."""
    readers: dict[str, dict[str, ReaderAccuracy]] | None = None
    """`classifier` and `judge`; for each of them `emotion` and `character`."""
    faces: int
    """Faces that walk along the axes of the default method."""
    steps: int
    """Frames of each walk."""
    default: str
    """The default method."""
    judge: JudgeReliability
    generator: GeneratorQuality
    methods: dict[str, MethodResult]
    """The methods of the bundle, and `random`: random directions of the same lengths."""
    character_edits: dict[str, CharacterEdit] | None = None
    """By drawn character; empty where only one is drawn."""
    morphing: dict[str, float] | None = None
    """For each emotion, how far frames half-way are from a cross-fade of the first and the last one, with the default
    method: 0 is a cross-fade, and near 1 features move."""
    redrawing: Redrawing | None = None
    """None for a model without an encoder."""
    undivided_classes: int | None = None
    """Number of drawn classes whose few pictures are training, validation and test pictures at once."""
    weaknesses: list[Weakness] | None = None
    """The gravest first."""

    @classmethod
    def from_dict(cls, document: Any) -> Evaluation:
        """Inverse of `to_dict`. Ignores unknown keys; `ValueError` says which value is missing or of another type."""
        evaluation: Evaluation = from_json(cls, document)
        return evaluation

    def to_dict(self) -> dict[str, Any]:
        """The object that `evaluation.json` holds."""
        document: dict[str, Any] = to_json(self)
        return document

    @property
    def fewest_faces(self) -> int:
        """Faces that walk along the axes of a method that is not the default."""
        return min(edit.mean_end.faces for of in self.methods.values() for edit in of.emotions.values())

    def headlines(self) -> dict[str, Any]:
        """The few figures that a manifest repeats under the same keys: the default method, and what is weak."""
        emotions = {
            emotion: {"success": to_json(edit.success), "mean_end": to_json(edit.mean_end)}
            for emotion, edit in self.methods[self.default].emotions.items()
        }
        return {"methods": {self.default: {"emotions": emotions}}, "weaknesses": to_json(self.weaknesses or [])}

    def without_curves(self) -> Evaluation:
        """The evaluation as a bundle holds it: without the curves of each walk, which only the report draws."""
        methods = {
            name: replace(
                method,
                emotions={
                    emotion: replace(edit, curves=None, curve_quantiles=None)
                    for emotion, edit in method.emotions.items()
                },
            )
            for name, method in self.methods.items()
        }
        return replace(self, methods=methods)


def read_evaluation(path: Path) -> Evaluation:
    """The evaluation in a file; `TrainError` says what is wrong with it, or that the stage `evaluate` has not run."""
    document = read_json(path, made_by="evaluate")
    try:
        return Evaluation.from_dict(document)
    except ValueError as error:
        raise TrainError(f"{path} is damaged ({error}); delete it and run `tlgan-train evaluate` again") from None


def write_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Write the evaluation as JSON; numbers that are not finite become null."""
    write_json(path, evaluation.to_dict())
