"""The tables of docs/bundle-format.md, from the code that reads bundles; `docs/fill.py` puts them there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from functools import partial
from pathlib import Path

from signatures import documented

from tlgan_runtime.bundle import axes_json, manifest
from tlgan_runtime.bundle.archive import MAX_ENTRIES
from tlgan_runtime.bundle.manifest import FileEntry, Fit, Manifest
from tlgan_runtime.graphs.end_finders import FARTHEST_END
from tlgan_runtime.latent.names import LONGEST
from tlgan_runtime.latent.sampling import sample

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
MIB = 2**20
JSON_TYPES = {
    "str": "text",
    "int": "whole number",
    "tuple[str, ...]": "list of text",
    "Mapping[str, Any]": "object",
    "Mapping[str, FileEntry]": "object",
    "Fit": "object",
    "float": "number",
}
FILES = {
    "generator": "graph that draws latents",
    "generator_int8": "the same in 8-bit integers: faster on CPUs, slightly different pictures",
    "classifier": "graph that reads emotion and character in pictures",
    "axes": "where strengths lead latents: [`axes.json`](#axesjson)",
    "evaluation": "what was measured: [`evaluation.json`](#evaluationjson)",
    "encoder": "graph that finds the latent of a picture",
    "mapping": "graph that takes draws from N(0, I) to latents. Without it, draws are latents",
    "paths": "graph that finds the ends of moves, for methods with `ends`",
    "networks": "generator, encoder, discriminator and classifier (without its heads) as float16 safetensors, with "
    "which `tlgan-train --start` begins",
    "card": "the model card: data, licence, limits, intended use",
    "preview": "an animation of a few faces",
}
"""What the file of each role holds."""
_NAMES = f"different names of 1 to {LONGEST} characters"
RANGES = {
    "schema_version": " or ".join(map(str, manifest.READABLE)),
    "name": f"at most {LONGEST} characters",
    "created_by": f"at most {LONGEST} characters",
    "latent_dim": f"1 to {manifest.MAX_LATENT_DIM}",
    "image_size": f"1 to {manifest.MAX_IMAGE_SIZE}",
    "emotions": f"1 to {manifest.MAX_NAMES['emotions']} {_NAMES}",
    "characters": f"1 to {manifest.MAX_NAMES['characters']} {_NAMES}",
    "drawn_characters": "at least 1, all of them in `characters`",
    "files": f"at most {manifest.MAX_FILES}",
    "training": "",
    "metrics": "",
    "license": f"at most {manifest.MAX_LICENSE} characters; tabs and line breaks are allowed",
    "channels": "3 or 4; 3 if it is missing",
    "background": "`#ffffff` if it is missing",
    "reader_size": "a divisor of S",
    "fit": "",
    "mean": "-100 to 0",
    "deviation": "0.001 to 100",
    "sha256": "64 lower-case hexadecimal digits",
    "bytes": "from 0 to what the role allows",
    "role": "see [Files](#files)",
}
"""Of each key of the manifest and of its entries."""

_FAR = f"±{axes_json.MAX_DISTANCE:g}"
_STEEP = f"±{axes_json.MAX_SLOPE:.0f}"
AXES = {
    "axes.json": [
        ("schema_version", "yes", "whole number", " or ".join(map(str, axes_json.READABLE)), "version of this file"),
        ("emotions", "yes", "list of text", "as in the manifest", "the E emotions"),
        ("latent_dim", "yes", "whole number", "as in the manifest", "D"),
        ("default", "yes", "text", "a key of `methods`", "the method to use unless the user names one"),
        ("methods", "yes", "object", f"1 to {axes_json.MAX_METHODS} keys", "a method for each name: see below"),
        ("characters", "no", "object", "", "moves between characters: a method, with `names`"),
        ("attributes", "no", "list of objects", f"at most {axes_json.MAX_ATTRIBUTES}", "see below"),
    ],
    "a method": [
        ("names", "only in `characters`", "list of text", "those of `drawn_characters`, at least 2; none is an emotion",
         "the K names; a method of `methods` has K = E, and its names are the emotions"),
        ("directions", "yes", "K × D numbers", "rows of length 1",
         "direction in which faces change in each name"),
        ("max_strength", "yes", "K numbers", f"above 0, at most {axes_json.MAX_DISTANCE:g}",
         "how far strength 1 leads, in standard deviations of the prior; with `centres`, a mean, which no move uses"),
        ("keep_norm", "yes", "boolean", "", "whether moved latents are rescaled to the norm that they had; only for "
         "methods without `centres`"),
        ("centres", "no", "object", "", "with it, the method moves between centres: see below"),
        ("ends", "no", "text", "a role, such as `paths`; needs `centres`",
         "the graph that finds where strength 1 leads for each face"),
        ("keeps", "no: false", "boolean", "", "whether that graph has the input `keep`"),
        ("fitted", "no", "object", "", "how the method was fitted, for people"),
    ],
    "centres": [
        ("latents", "yes", "K × D numbers", _FAR, "mean latent of the faces that show each name"),
        ("slopes", "yes", "K × D numbers", _STEEP, "what a face shows is softmax(slopes · z + intercepts)"),
        ("intercepts", "yes", "K numbers", _STEEP, "see `slopes`"),
        ("targets", "no: `latents`", "K × D numbers", _FAR, "where strength 1 leads"),
        ("pace", "no: `[0, 1]` for each pair", "K × K × T numbers",
         f"T from 2 to {axes_json.MAX_KNOTS}; each row begins with 0, ends with 1 and never falls",
         "`pace[o][e]`: share of the way from name o to name e at T even strengths from 0 to 1"),
    ],
    "an attribute": [
        ("name", "yes", "text", "a letter, then at most 39 letters, digits, `_` or `-`; not a name of an emotion or a "
         "character, and not `all`, `character`, `random` or `start`", "name in mixes"),
        ("kind", "yes", "text", " or ".join(f"`{kind}`" for kind in axes_json.KINDS),
         "without it or with it, or a quantity"),
        ("direction", "yes", "D numbers", "of length 1", "direction in which faces change in the attribute"),
        ("levels", "yes", "2 numbers", f"{_FAR}, rising", "values of z · direction at strengths −1 and 1"),
        ("fitted", "no", "object", "", "how it was fitted, for people"),
        ("measured", "no", "object", "", "what was measured, for people"),
    ],
}  # fmt: skip
"""Key, whether it is required (and what stands for a missing one), type, range and meaning."""
_LATENTS, _PICTURES = ("float32", "(N, D)"), ("uint8", "(N, S, S, ch)")
GRAPHS = [
    ("mapping", "input", "z", *_LATENTS, "draws from N(0, I)"),
    ("mapping", "output", "latent", *_LATENTS, f"latents, within {_FAR}"),
    ("generator", "input", "z", *_LATENTS, "latents"),
    ("generator", "output", "image", *_PICTURES,
     "pictures: rows from top to bottom, RGB or RGBA with straight alpha, 0 to 255"),
    ("generator_int8", "input", "z", *_LATENTS, "as `generator`"),
    ("generator_int8", "output", "image", *_PICTURES, "as `generator`"),
    ("classifier", "input", "image", "uint8", "(N, R, R, 3)",
     "pictures, RGB: those of the generator, over `background` if they have alpha, averaged over S/R pixels squared"),
    ("classifier", "output", "emotion", "float32", "(N, E)", "probabilities: each row has the sum 1"),
    ("classifier", "output", "character", "float32", "(N, C)", "probabilities: each row has the sum 1"),
    ("encoder", "input", "image", "uint8", "(N, R, R, 3)", "pictures, as for `classifier`"),
    ("encoder", "output", "z", *_LATENTS, f"the latents that draw them, within {_FAR}"),
    ("paths", "input", "z", *_LATENTS, "latents of the faces as they are"),
    ("paths", "input", "keep", "float32", "(E)",
     "1 for each emotion to keep, otherwise 0; the same for all faces. Only where the method has `keeps`"),
    ("paths", "output", "ends", "float32", "(N, E, D)",
     f"the latent of each face at strength 1 of each emotion, within ±{FARTHEST_END:g}"),
]  # fmt: skip
SEEDS, DRAWS = (0, 1), 4


def parts() -> dict[str, Callable[[], str]]:
    """Name of a part -> what makes it."""
    found: dict[str, Callable[[], str]] = {
        "files of a bundle": files,
        "keys of manifest.json": partial(keys, Manifest),
        "keys of a file": partial(keys, FileEntry),
        "keys of fit": partial(keys, Fit),
        "inputs and outputs": graphs,
        "bounds of a bundle": bounds,
        "first draws": first_draws,
    }
    found |= {f"keys of {name}": partial(axes, name) for name in AXES}
    return found | {
        f"program {name}": partial(program, name, language)
        for name, language in (("draw_face.py", "python"), ("draw_face.mjs", "js"))
    }


def files() -> str:
    """Every role of a bundle."""
    rows = []
    for name, role in manifest.ROLES.items():
        required = "yes" if role in manifest.REQUIRED_ROLES else "no"
        most = manifest.MAX_BYTES.get(role, manifest.MAX_OTHER_BYTES) // MIB
        rows.append((f"`{role}`", f"`{name}`", required, f"{most} MiB", FILES[role]))
    return _table(("role", "usual name", "required", "at most", "holds"), rows)


def keys(one: type) -> str:
    """The keys of the object that a dataclass of the manifest stands for."""
    required = {field.name: "yes" if field.default is MISSING else "no" for field in fields(one)}
    rows = [
        (f"`{name}`", required[name], JSON_TYPES[kind.removesuffix(" | None")], RANGES[name], about)
        for name, kind, about in documented(one)
    ]
    return _table(("key", "required", "type", "range", "meaning"), rows)


def axes(name: str) -> str:
    """The keys of an object of `axes.json`."""
    return _table(("key", "required", "type", "range", "meaning"), [(f"`{key}`", *cells) for key, *cells in AXES[name]])


def graphs() -> str:
    """The inputs and outputs of each graph."""
    rows = [(f"`{role}`", way, f"`{name}`", *cells) for role, way, name, *cells in GRAPHS]
    return _table(("role", "", "name", "type", "shape", "holds"), rows)


def bounds() -> str:
    """What files may hold at most, in addition to what the tables of keys say."""
    rows = [
        ("`manifest.json`", f"{manifest.MAX_MANIFEST_BYTES // MIB} MiB"),
        ("a file of another role", f"{manifest.MAX_OTHER_BYTES // MIB} MiB"),
        ("entries of a `.zip`", str(MAX_ENTRIES)),
        ("objects and lists within each other in JSON", str(manifest.MAX_NESTING)),
        ("whole numbers in JSON", "64 bits"),
    ]
    return _table(("what", "at most"), rows)


def first_draws() -> str:
    """What the sampler draws first."""
    rows = [(str(seed), ", ".join(f"{value:.7g}" for value in sample(1, DRAWS, seed)[0])) for seed in SEEDS]
    return _table(("seed", f"first {DRAWS} draws"), rows)


def program(name: str, language: str) -> str:
    """A program of `examples/`."""
    return f"```{language}\n{(EXAMPLES / name).read_text(encoding='utf-8')}```"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join([_row(head), f"|{'---|' * len(head)}", *map(_row, rows)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
