"""What makes the look of a character, and what light does to its colours."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

_BRIGHT, _DIM = "#fff6e0", "#5a2a20"


@dataclass(frozen=True)
class Hair:
    """Layers of hair: `back` behind the head, `front` over the forehead, `shine` a lighter band on the front."""

    colour: str
    shade: str
    back: str
    front: str
    shine: str


@dataclass(frozen=True)
class Glasses:
    colour: str
    squareness: float
    """0 = round lenses, 1 = nearly rectangular."""


@dataclass(frozen=True)
class Look:
    """Everything about a character that no expression changes. Colours are #rrggbb, lengths units of 1/256 picture."""

    skin: str
    skin_shade: str
    """Skin turned away from the light, also nose, folds and eyelids."""
    blush: str
    lips: str
    hair: Hair
    brow: str
    brow_thickness: float
    iris: str
    iris_shade: str
    cheek_width: float
    """Half the width of the face at the cheekbones."""
    jaw_width: float
    """Half the width at the jaw; how square it is."""
    chin: float
    """Height of the chin below the middle of the face."""
    lip_thickness: float
    lashes: float
    """Length of the outer lashes; 0 = none."""
    top: str
    top_shade: str
    collar: str
    eye_size: float = 1.0
    ear: float = 15.0
    """Radius of the ears; 0 = hidden by hair."""
    glasses: Glasses | None = None
    beard: str = ""
    """Colour of a full beard; empty = none."""
    freckles: str = ""
    """Colour of freckles; empty = none."""
    jewel: str = ""
    """Colour of earrings; empty = none."""
    flower: str = ""
    """Colour of a flower in the hair; empty = none."""


def mix(colour: str, goal: str, share: float) -> str:
    """The colour at `share` (0 to 1) of the way to `goal`, both #rrggbb."""
    share = min(share, 1.0)
    pairs = ((int(colour[i : i + 2], 16), int(goal[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def lit(look: Look, light: float) -> Look:
    """The look under dimmer (-1) to brighter (1) light: colours go a little towards warm shadow or warm white."""
    goal, share = (_BRIGHT, 0.1 * light) if light > 0 else (_DIM, -0.12 * light)

    def recoloured(owner: Any) -> Any:
        values = {f.name: getattr(owner, f.name) for f in fields(owner)}
        colours = {k: v for k, v in values.items() if isinstance(v, str) and v.startswith("#")}
        return replace(owner, **{k: mix(v, goal, share) for k, v in colours.items()})

    result: Look = recoloured(look)
    return replace(result, hair=recoloured(look.hair), glasses=look.glasses and recoloured(look.glasses))
