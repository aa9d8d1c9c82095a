"""docs/bundle-format.md says what the code reads and writes."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from tests.program import ROOT
from tests.tiny_bundle import EMOTIONS, make_bundle, rewritten
from tlgan_runtime import BundleError, CheerMeUp
from tlgan_runtime.bundle.axes_json import attribute_entry, axes_document, parse_axes
from tlgan_runtime.bundle.manifest import REQUIRED_ROLES, ROLES, FileEntry, Fit, Manifest
from tlgan_runtime.latent.axes import Axes
from tlgan_runtime.latent.centres import ToEnds

PAGE = (ROOT / "docs" / "bundle-format.md").read_text(encoding="utf-8")
DIM = 8
CHARACTERS = ("ada", "bo")
ONNX_TYPES = {"float32": "tensor(float)", "uint8": "tensor(uint8)"}


def table(part: str) -> list[dict[str, str]]:
    """The rows of a table of the page by the heads of its columns, without the marks of code."""
    text = re.search(rf"<!-- begin: {part} -->\n(.*?)\n<!-- end: {part} -->", PAGE, re.DOTALL)
    assert text, part
    head, _, *rows = ([cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in text[1].splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


def keys(part: str) -> list[str]:
    return [row["key"] for row in table(part)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("tiny") / "bundle", drawn=2, learned=True, attribute="hat", encoder=1.0)


def finder(name: str, role: str, keeps: bool) -> Callable[..., Any]:
    return lambda z, wanted, kept: np.zeros((len(z), len(EMOTIONS), DIM))


def parsed(document: dict[str, Any]) -> Axes:
    return parse_axes(document, EMOTIONS, DIM, CHARACTERS, finder)


@pytest.fixture(scope="module")
def document(tiny: Path) -> dict[str, Any]:
    """`axes.json` with everything that there can be, as the code writes it."""
    axes = parsed(json.loads((tiny / "axes.json").read_text(encoding="utf-8")))
    facts = {name: {"how": "by hand"} for name in (*axes.methods, "characters")}
    (hat,) = axes.attributes
    return axes_document(axes, DIM, facts) | {
        "attributes": [attribute_entry(hat, "binary", fitted={"samples": 1}, measured={"with": {}})]
    }


def objects(document: dict[str, Any], part: str) -> list[dict[str, Any]]:
    """The objects of `axes.json` whose keys a table of the page lists."""
    methods = [*document["methods"].values(), document["characters"]]
    return {
        "keys of axes.json": [document],
        "keys of a method": methods,
        "keys of centres": [method["centres"] for method in methods if "centres" in method],
        "keys of an attribute": document["attributes"],
    }[part]


OF_AXES = ("keys of axes.json", "keys of a method", "keys of centres", "keys of an attribute")


def test_the_page_has_every_file_and_role() -> None:
    rows = table("files of a bundle")
    assert {row["usual name"]: row["role"] for row in rows} == ROLES
    assert {row["role"] for row in rows if row["required"] == "yes"} == set(REQUIRED_ROLES)


def test_the_page_has_every_key_of_the_manifest_and_which_are_required(tiny: Path) -> None:
    assert keys("keys of manifest.json") == [field.name for field in fields(Manifest)]
    assert keys("keys of a file") == [field.name for field in fields(FileEntry)]
    assert keys("keys of fit") == [field.name for field in fields(Fit)]
    manifest = json.loads((tiny / "manifest.json").read_text(encoding="utf-8"))
    Manifest.from_dict(manifest)
    for row in table("keys of manifest.json"):
        lacking = {name: value for name, value in manifest.items() if name != row["key"].strip("`")}
        with pytest.raises(BundleError) if row["required"] == "yes" else nullcontext():
            Manifest.from_dict(lacking)
    for row in table("keys of fit"):
        low, high = map(float, row["range"].split(" to "))
        for value in (None, "1", True, low - 1, high + 1):
            with pytest.raises(BundleError, match=f"{row['key']} of fit must be a number from"):
                Manifest.from_dict(manifest | {"fit": {**manifest["fit"], row["key"]: value}})
    for key in keys("keys of a file"):
        lacking = copy.deepcopy(manifest)
        del lacking["files"]["axes.json"][key]
        with pytest.raises(BundleError):
            Manifest.from_dict(lacking)


@pytest.mark.parametrize("part", OF_AXES)
def test_the_page_has_every_key_of_the_axes(document: dict[str, Any], part: str) -> None:
    assert {key for one in objects(document, part) for key in one} == set(keys(part))


@pytest.mark.parametrize("part", OF_AXES)
def test_the_keys_that_the_page_calls_required_are(document: dict[str, Any], part: str) -> None:
    parsed(document)
    for row in table(part):
        for index, one in enumerate(objects(document, part)):
            if row["key"] not in one or (row["key"] == "centres" and "ends" in one):
                continue
            lacking = copy.deepcopy(document)
            del objects(lacking, part)[index][row["key"]]
            if row["required"].startswith("no"):
                parsed(lacking)
            else:
                with pytest.raises(BundleError):
                    parsed(lacking)


def test_missing_keys_count_as_the_page_says(document: dict[str, Any]) -> None:
    lacking = copy.deepcopy(document)
    del lacking["methods"]["path"]["keeps"]
    for key in ("targets", "pace"):
        del lacking["methods"]["path"]["centres"][key]
    found = parsed(lacking).methods["path"]
    assert isinstance(found, ToEnds) and not found.keeps
    np.testing.assert_array_equal(found.centres.targets, found.centres.latents)
    np.testing.assert_array_equal(found.centres.pace, np.tile([0, 1], (7, 7, 1)))


@pytest.mark.parametrize("name", ["solo", "cast"])
def test_graphs_have_the_inputs_and_outputs_of_the_page(name: str) -> None:
    folder = ROOT / "exported" / name
    manifest = Manifest.from_dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    sizes = {
        "D": manifest.latent_dim, "S": manifest.image_size, "R": manifest.reader_size or manifest.image_size,
        "ch": manifest.channels, "E": len(manifest.emotions), "C": len(manifest.characters)
    }  # fmt: skip
    described: dict[str, set[tuple[Any, ...]]] = {}
    for row in table("inputs and outputs"):
        shape = tuple(
            sizes.get(size, size if size == "N" else None) or int(size) for size in row["shape"][1:-1].split(", ")
        )
        described.setdefault(row["role"], set()).add((row[""], row["name"], ONNX_TYPES[row["type"]], shape))
    found = {}
    for path in folder.glob("*.onnx"):
        graph = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        sides = (("input", graph.get_inputs()), ("output", graph.get_outputs()))
        found[manifest.files[path.name].role] = {
            (side, node.name, node.type, tuple(node.shape)) for side, nodes in sides for node in nodes
        }
    assert found == described


def test_unknown_keys_and_roles_are_ignored(tiny: Path, document: dict[str, Any], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny, tmp_path / "bundle"))
    for part in OF_AXES:
        for one in objects(document := copy.deepcopy(document), part):
            one["of a later version"] = {"any": "thing"}
    (folder / "axes.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "later.bin").write_bytes(b"?")
    rewritten(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8")) | {"of a later version": 1}
    assert manifest["files"]["later.bin"]["role"] == "later"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    apps = [CheerMeUp(path, provider="cpu", threads=1) for path in (tiny, folder)]
    moved = [app.move(app.sample(2), {"joy": 0.7, "bo": 0.4, "hat": 1}, "path") for app in apps]
    np.testing.assert_array_equal(*moved)
