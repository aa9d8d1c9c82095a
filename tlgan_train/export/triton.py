"""Write a model repository for Triton Inference Server, with all graphs of a bundle."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import onnx
from onnx import TensorProto

from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.files import creating
from tlgan_runtime.latent.motions import StraightLines
from tlgan_train.errors import TrainError
from tlgan_train.export.walk_graph import walk_graph

MODELS = ("mapping", "generator", "classifier")
"""Roles whose graphs become models, if the bundle has them."""
MAX_BATCH, MAX_WALKS = 64, 8
"""Largest number of rows in a batch of the server, for models and for walks. A row of a walk is many pictures."""
TYPES = {TensorProto.FLOAT: "TYPE_FP32", TensorProto.UINT8: "TYPE_UINT8"}


def write_triton(bundle: Bundle, out: Path, log: Callable[[str], None] = print) -> Path:
    """Write the model repository of a bundle to the folder `out`, which must be new or empty, and return the folder.

    Each model has `out/<model>/config.pbtxt` and `out/<model>/1/model.onnx` for the backend `onnxruntime`. The models
    are the bundle's generator and classifier, its mapping if it has one, and `walk` (see `walk_graph`). If the axes of
    a method keep the norm, there is `walk_keep_norm` for them.

    For programs without a server, `out/walk.onnx` is a copy of the graph of `walk`, and `out/axes.json` is that of the
    bundle, with the directions. The server ignores both.

    Raises `TrainError` if `out` is in use, `OutputError` if it cannot be written, and a `BundleError` for a damaged
    bundle.
    """
    check_new(out)
    models = {role: onnx.load_from_string(bundle.read(role)) for role in MODELS if role in bundle.roles}
    walks = {"walk": walk_graph(models["generator"])}
    if any(isinstance(lines, StraightLines) and lines.keep_norm for lines in bundle.axes().methods.values()):
        walks["walk_keep_norm"] = walk_graph(models["generator"], keep_norm=True)
    labels = {"emotion": bundle.manifest.emotions, "character": bundle.manifest.characters}
    out.parent.mkdir(parents=True, exist_ok=True)
    with creating(out) as folder:
        for name, model in {**models, **walks}.items():
            _write_model(
                folder / name, model, MAX_WALKS if name in walks else MAX_BATCH, labels if name == "classifier" else {}
            )
        shutil.copyfile(folder / "walk" / "1" / "model.onnx", folder / "walk.onnx")
        (folder / "axes.json").write_bytes(bundle.read("axes"))
    log(f"Triton models in {out}: {', '.join([*models, *walks])}")
    return out


def check_new(out: Path) -> None:
    """Raise `TrainError` if `out` exists and is not an empty folder."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TrainError(f"{out} exists and is not an empty folder; give --triton a new one")


def _write_model(folder: Path, model: onnx.ModelProto, batch: int, labels: Mapping[str, Sequence[str]]) -> None:
    """Write one model of a repository. `labels` has the names of the columns of each labelled output."""
    (folder / "1").mkdir(parents=True)
    onnx.save(model, folder / "1" / "model.onnx")
    for output, names in labels.items():
        (folder / f"{output}.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    (folder / "config.pbtxt").write_text(configuration(folder.name, model, batch, tuple(labels)), encoding="utf-8")


def configuration(name: str, model: onnx.ModelProto, batch: int, labelled: tuple[str, ...] = ()) -> str:
    """Return `config.pbtxt` of a model. All its inputs and outputs must have a free first dimension.

    Triton leaves this dimension out of `dims`, and joins waiting requests into batches of at most `batch` rows.
    `labelled` outputs have the names of their columns in the file `<output>.txt`.
    """
    lines = [f'name: "{name}"', 'backend: "onnxruntime"', f"max_batch_size: {batch}"]
    for kind, values in (("input", model.graph.input), ("output", model.graph.output)):
        for value in values:
            tensor = value.type.tensor_type
            dims = ", ".join(str(dim.dim_value or -1) for dim in tensor.shape.dim[1:])
            fields = [f'name: "{value.name}"', f"data_type: {TYPES[tensor.elem_type]}", f"dims: [ {dims} ]"]
            if value.name in labelled:
                fields.append(f'label_filename: "{value.name}.txt"')
            lines += [f"{kind} {{", *(f"  {field}" for field in fields), "}"]
    return "\n".join([*lines, "dynamic_batching { }", ""])
