"""A bundle of a few kilobytes whose arithmetic is known: for tests of everything that uses a bundle.

The picture is a grid of blocks; channel c of block b has the level round(128 + 40 * z[(b + c) % latent_dim]), clipped
to 0..255. The classifier reads z back from the blocks, and its emotion logits are 2 * directions @ z, its character
logits the first latents times 3. So moving along an axis raises the log-odds of that emotion by a known amount.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tlgan_runtime.bundle.manifest import Fit, Manifest
from tlgan_runtime.bundle.write import write_manifest

EMOTIONS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
CHARACTERS = ("ada", "bo", "cy")
MIDDLE, CONTRAST = 128.0, 40.0
EMOTION_GAIN, CHARACTER_GAIN = 2.0, 3.0
MAX_STRENGTH = 2.5
PATH_LENGTH = 2.0
BEHIND = "#204080"
FIT = (-8.0, 0.5)
"""Mean and deviation of the logarithm of errors."""
OPSET, IR_VERSION = 17, 8


def make_bundle(
    folder: Path,
    emotions: Sequence[str] = EMOTIONS,
    characters: Sequence[str] = CHARACTERS,
    latent_dim: int = 8,
    image_size: int = 16,
    drawn: int = 1,
    learned: bool = False,
    attribute: str | None = None,
    sprite: bool = False,
    reader_size: int | None = None,
    encoder: float | None = None,
) -> Path:
    """Writes the bundle into `folder` (made if need be) and returns it; needs at least as many latents as names.

    With more than one `drawn` character, faces can become any of the first so many: along the latents that tell them.
    `learned` adds the method `path`, whose ends lie `PATH_LENGTH` along the axis, and again for each emotion that is
    kept.
    An `encoder` finds the latents of pictures, times this factor: 1.0 is right.
    An `attribute` lies along the last latent, from -2 to 3. As a `sprite`, the picture has the alpha of `disc`, and
    `BEHIND` is its background.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = latent_index(latent_dim, image_size)
    directions = axis_directions(len(emotions), latent_dim)
    onnx.save(_generator(source, latent_dim, image_size, sprite), folder / "generator.onnx")
    seen = reader_size or image_size
    read = latent_index(latent_dim, seen)
    onnx.save(_classifier(read, directions, len(characters), latent_dim, seen), folder / "classifier.onnx")
    if encoder is not None:
        onnx.save(_encoder(read, latent_dim, seen, encoder), folder / "encoder.onnx")
    axes = _axes(emotions, directions, latent_dim)
    if drawn > 1:
        axes["characters"] = {"names": list(characters[:drawn]), **_characters(drawn, latent_dim)}
    if learned:
        axes["methods"] |= _learned(axes["methods"]["paper"], directions)
        onnx.save(_paths(directions), folder / "paths.onnx")
    if attribute is not None:
        axes["attributes"] = [attribute_entry(attribute, latent_dim)]
    (folder / "axes.json").write_text(json.dumps(axes), encoding="utf-8")
    (folder / "MODEL_CARD.md").write_text("# Tiny\n\nFor tests.\n", encoding="utf-8")
    write_manifest(
        folder,
        name="tiny",
        created_by="tests/tiny_bundle.py",
        latent_dim=latent_dim,
        image_size=image_size,
        emotions=emotions,
        characters=characters,
        drawn_characters=characters[:drawn],
        training={"data": "none", "seed": 0},
        metrics={},
        license="MIT",
        **({"channels": 4, "background": BEHIND} if sprite else {}),
        **({"reader_size": reader_size} if reader_size else {}),
        **({"fit": Fit(*FIT)} if encoder is not None else {}),
    )
    return folder


def rewritten(folder: Path) -> Path:
    """The bundle with a manifest that describes its files as they are now."""
    facts = vars(Manifest.from_dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))))
    write_manifest(folder, **{key: facts[key] for key in facts.keys() - {"schema_version", "files"}})
    return folder


def attribute_entry(name: str, latent_dim: int) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "binary",
        "direction": np.eye(latent_dim)[-1].tolist(),
        "levels": [-2.0, 3.0],
        "fitted": {},
        "measured": {},
    }


def axis_directions(emotions: int, latent_dim: int) -> NDArray[np.float64]:
    """(E, latent_dim) orthonormal rows."""
    square = np.linalg.qr(np.random.default_rng(7).normal(size=(latent_dim, latent_dim)))[0]
    return square[:emotions]


def latent_index(latent_dim: int, image_size: int) -> NDArray[np.int64]:
    """(H, W, 3): which latent each value of the picture shows."""
    rows = -(-latent_dim // 2)
    place = np.arange(image_size)
    block = (place * rows // image_size)[:, None, None] * 2 + (place * 2 // image_size)[None, :, None]
    return (block + np.arange(3)) % latent_dim


def draw(z: NDArray[Any], image_size: int = 16) -> NDArray[np.uint8]:
    """What the generator must draw for `z` (N, latent_dim), by numpy alone."""
    levels = np.round(MIDDLE + CONTRAST * z.astype(np.float32))
    return np.clip(levels, 0, 255).astype(np.uint8)[:, latent_index(z.shape[1], image_size)]


def disc(image_size: int = 16) -> NDArray[np.uint8]:
    """(H, W): solid in the middle, clear in the corners, with a soft edge of two pixels."""
    place = np.arange(image_size) - (image_size - 1) / 2
    edge = 0.4 * image_size - np.hypot(place[:, None], place)
    return np.round(255 * np.clip(edge / 2 + 0.5, 0, 1)).astype(np.uint8)


def _generator(source: NDArray[np.int64], latent_dim: int, image_size: int, sprite: bool) -> onnx.ModelProto:
    middle, channels = np.float32(MIDDLE), 3 + sprite
    if sprite:
        source = np.concatenate([source, np.full((image_size, image_size, 1), -1)], axis=2)
        levels = [np.full((image_size, image_size, 3), MIDDLE), disc(image_size)[..., None]]
        middle = np.concatenate(levels, axis=2, dtype=np.float32).reshape(-1)
    spread = (source.reshape(-1) == np.arange(latent_dim)[:, None]) * CONTRAST
    nodes = [
        helper.make_node("MatMul", ["z", "spread"], ["contrast"]),
        helper.make_node("Add", ["contrast", "middle"], ["level"]),
        helper.make_node("Round", ["level"], ["rounded"]),
        helper.make_node("Clip", ["rounded", "black", "white"], ["clipped"]),
        helper.make_node("Cast", ["clipped"], ["flat"], to=TensorProto.UINT8),
        helper.make_node("Reshape", ["flat", "shape"], ["image"]),
    ]
    constants = {
        "spread": spread.astype(np.float32),
        "middle": middle,
        "black": np.float32(0),
        "white": np.float32(255),
        "shape": np.array([-1, image_size, image_size, channels], np.int64),
    }
    z = helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", latent_dim])
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", image_size, image_size, channels])
    return _model(nodes, constants, [z], [image])


def _classifier(
    source: NDArray[np.int64], directions: NDArray[np.float64], characters: int, latent_dim: int, image_size: int
) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Cast", ["image"], ["level"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["level"], ["flat"]),
        helper.make_node("Sub", ["flat", "middle"], ["contrast"]),
        helper.make_node("MatMul", ["contrast", "read"], ["z"]),
        helper.make_node("MatMul", ["z", "to_emotion"], ["emotion_logit"]),
        helper.make_node("Softmax", ["emotion_logit"], ["emotion"], axis=1),
        helper.make_node("MatMul", ["z", "to_character"], ["character_logit"]),
        helper.make_node("Softmax", ["character_logit"], ["character"], axis=1),
    ]
    constants = {
        "middle": np.float32(MIDDLE),
        "read": _reading(source, latent_dim),
        "to_emotion": (EMOTION_GAIN * directions.T).astype(np.float32),
        "to_character": (CHARACTER_GAIN * np.eye(latent_dim, characters)).astype(np.float32),
    }
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", image_size, image_size, 3])
    emotion = helper.make_tensor_value_info("emotion", TensorProto.FLOAT, ["N", len(directions)])
    character = helper.make_tensor_value_info("character", TensorProto.FLOAT, ["N", characters])
    return _model(nodes, constants, [image], [emotion, character])


def _reading(source: NDArray[np.int64], latent_dim: int) -> NDArray[np.float32]:
    shows = (source.reshape(-1)[:, None] == np.arange(latent_dim)) * 1.0
    return (shows / shows.sum(axis=0) / CONTRAST).astype(np.float32)


def _encoder(source: NDArray[np.int64], latent_dim: int, image_size: int, factor: float) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Cast", ["image"], ["level"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["level"], ["flat"]),
        helper.make_node("Sub", ["flat", "middle"], ["contrast"]),
        helper.make_node("MatMul", ["contrast", "read"], ["z"]),
    ]
    constants = {"middle": np.float32(MIDDLE), "read": _reading(source, latent_dim) * np.float32(factor)}
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", image_size, image_size, 3])
    z = helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", latent_dim])
    return _model(nodes, constants, [image], [z])


def _paths(directions: NDArray[np.float64]) -> onnx.ModelProto:
    count, latent_dim = directions.shape
    nodes = [
        helper.make_node("Unsqueeze", ["z", "axis"], ["each"]),
        helper.make_node("ReduceSum", ["keep"], ["kept"], keepdims=0),
        helper.make_node("Add", ["kept", "one"], ["times"]),
        helper.make_node("Mul", ["way", "times"], ["ways"]),
        helper.make_node("Add", ["each", "ways"], ["ends"]),
    ]
    constants = {
        "axis": np.array([1], np.int64),
        "one": np.float32(1),
        "way": (PATH_LENGTH * directions[None]).astype(np.float32),
    }
    z = helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", latent_dim])
    keep = helper.make_tensor_value_info("keep", TensorProto.FLOAT, [count])
    ends = helper.make_tensor_value_info("ends", TensorProto.FLOAT, ["N", count, latent_dim])
    return _model(nodes, constants, [z, keep], [ends])


def _model(
    nodes: list[onnx.NodeProto],
    constants: dict[str, Any],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
) -> onnx.ModelProto:
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


def _axes(emotions: Sequence[str], directions: NDArray[np.float64], latent_dim: int) -> dict[str, Any]:
    def method(keep_norm: bool) -> dict[str, Any]:
        return {
            "directions": directions.tolist(),
            "max_strength": [MAX_STRENGTH] * len(emotions),
            "keep_norm": keep_norm,
            "fitted": {"how": "by construction", "samples": 0, "held_out_r2": [1.0] * len(emotions)},
        }

    return {
        "schema_version": 2,
        "emotions": list(emotions),
        "latent_dim": latent_dim,
        "default": "logit",
        "methods": {"logit": method(True), "paper": method(False)},
    }


def _learned(base: dict[str, Any], directions: NDArray[np.float64]) -> dict[str, Any]:
    count = len(directions)
    centres = {
        "latents": (PATH_LENGTH * directions).tolist(),
        "targets": (PATH_LENGTH * directions).tolist(),
        "slopes": (EMOTION_GAIN * directions).tolist(),
        "intercepts": [0.0] * count,
        "pace": np.tile([0.0, 1.0], (count, count, 1)).tolist(),
    }
    return {"path": {**base, "centres": centres, "ends": "paths", "keeps": True}}


def _characters(count: int, latent_dim: int) -> dict[str, Any]:
    unit = np.eye(count, latent_dim)
    centres = {
        "latents": (2 * unit).tolist(),
        "targets": (2 * unit).tolist(),
        "slopes": (CHARACTER_GAIN * unit).tolist(),
    }
    return {
        "directions": unit.tolist(),
        "max_strength": [2.0] * count,
        "keep_norm": False,
        "fitted": {},
        "centres": {**centres, "intercepts": [0.0] * count, "pace": np.tile([0.0, 1.0], (count, count, 1)).tolist()},
    }
