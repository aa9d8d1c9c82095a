"""The faces of a sheet: one character, or several variants of it, with each label."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.animation.layout import Pixels
from tlgan_runtime.errors import InputError
from tlgan_runtime.messages import listed, shown
from tlgan_runtime.sheets.names import plain_names
from tlgan_runtime.sheets.recipes import Label
from tlgan_runtime.transparency import AUTO, Background
from tlgan_runtime.validation import one_of

if TYPE_CHECKING:
    from tlgan_runtime.editor import CheerMeUp


@dataclass(frozen=True, eq=False)
class Cast:
    """Seeded faces that wait for a label, drawn by a bundle."""

    editor: CheerMeUp
    name: str
    """Name of the character."""
    labels: Sequence[Label]
    start: NDArray[np.float32]
    """(V, latent_dim), the variants before any label: with a neutral face, if the bundle has one."""
    background: Background
    matte: str
    plain: dict[str, str] = field(default_factory=dict)
    """The name of each label and of the character, as files can hold it."""

    def pictures(self, label: Label) -> Pixels:
        """Return all variants with a label, uint8 (V, H, W, C). Warns if the classifier reads another emotion."""
        moved = self.editor.move(self.start, label.mix)
        drawn = self.editor.render(moved, self.background)
        if label.name in self.editor.emotions:
            plain = drawn if self.background == AUTO else self.editor.render(moved)
            read = self.editor.classify(plain).emotion.argmax(axis=1)
            seen = [self.editor.emotions[index] for index in read]
            if wrong := [name for name in seen if name != label.name]:
                warnings.warn(
                    f"the classifier reads {listed(dict.fromkeys(wrong))} in a face with {label.name}; another --seed "
                    "may show it better",
                    UserWarning,
                    stacklevel=2,
                )
        return drawn

    def walk(self, label: Label, steps: int) -> Iterator[Pixels]:
        """Yield the frames of the first variant on its way to a label, uint8 (1, H, W, C) each."""
        return self.editor.walk(self.start[:1], label.mix, steps, background=self.background)


def seeded_cast(
    editor: CheerMeUp,
    labels: Sequence[Label],
    *,
    character: str | None,
    seed: int,
    variants: int,
    background: Background,
    matte: str,
) -> Cast:
    """Return `variants` seeded faces of a character. Raises `InputError` for one that the bundle does not draw."""
    start = editor.sample(variants, seed)
    drawn = editor.drawn_characters
    if character is not None:
        name = one_of("character", character, drawn)
        start = editor.move(start, {name: 1.0}) if len(drawn) > 1 else start
    elif len(drawn) == 1 or variants == 1:
        read = editor.classify(editor.render(start)).character[0]
        name = drawn[int(np.argmax([read[editor.characters.index(one)] for one in drawn]))]
    else:
        raise InputError(
            f"variants are of one character, and this bundle draws {listed(drawn)}; choose one with character"
        )
    if "neutral" in editor.emotions:
        start = editor.move(start, {"neutral": 1.0})
    names = plain_names([name, *(label.name for label in labels if label.name != name)])
    return Cast(editor, name, labels, start, background, matte, names)


def chosen(labels: Sequence[Label], names: str | None) -> list[Label]:
    """Return the labels that a text such as `joy,fear` names; all of them for None."""
    if names is None:
        return list(labels)
    known = {label.name: label for label in labels}
    wanted = [name.strip() for name in names.split(",")]
    if not all(wanted):
        raise InputError(f"cannot read emotions {shown(names)}; name one, or several such as joy,fear")
    return [known[one_of("emotion", name, list(known))] for name in dict.fromkeys(wanted)]
