"""Opening, verifying and writing bundles, whole and broken in every way that a copy can be."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.tiny_bundle import CHARACTERS, EMOTIONS, make_bundle
from tlgan_runtime import BundleDamagedError, BundleError, BundleNotFoundError, BundleSchemaError, CheerMeUp, InputError
from tlgan_runtime.bundle import write as bundle_write
from tlgan_runtime.bundle.find import embedded_bundles, find_bundle
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.bundle.write import replace_bundle, write_manifest


def edit_json(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def centres(**changed: Any) -> dict[str, Any]:
    """Centres of the tiny bundle's seven emotions as `axes.json` holds them, but for what is changed."""
    rows = np.eye(7, 8).tolist()
    parts = {"latents": rows, "slopes": rows, "targets": rows, "intercepts": [0.0] * 7, "pace": [[[0.0, 1.0]] * 7] * 7}
    return {**parts, **changed}


def rewrite(folder: Path) -> None:
    """A fresh manifest for whatever is in the folder now."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["files"], manifest["schema_version"]
    write_manifest(folder, **manifest)


def zipped(folder: Path, target: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.iterdir():
            archive.write(path, inside + path.name)
    return target


def test_manifest_describes_what_was_written(bundle: Path) -> None:
    opened = Bundle(bundle)
    manifest = opened.manifest
    assert (manifest.name, manifest.latent_dim, manifest.image_size) == ("tiny", 8, 16)
    assert manifest.emotions == EMOTIONS and manifest.characters == CHARACTERS
    assert sorted(manifest.files) == ["MODEL_CARD.md", "axes.json", "classifier.onnx", "generator.onnx"]
    assert opened.read("generator") == (bundle / "generator.onnx").read_bytes()
    assert opened.axes().default == "logit" and set(opened.axes().methods) == {"logit", "paper"}
    document = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    assert manifest.to_dict() == document


@pytest.mark.parametrize("inside", ["", "tiny/"])
def test_a_zip_is_as_good_as_the_folder(bundle: Path, tmp_path: Path, inside: str) -> None:
    editor = CheerMeUp(zipped(bundle, tmp_path / "tiny.zip", inside))
    z = editor.sample(3, seed=1)
    np.testing.assert_array_equal(editor.render(z), CheerMeUp(bundle).render(z))
    assert Bundle(tmp_path / "tiny.zip").verify().keys() == Bundle(bundle).verify().keys()


def test_a_path_may_hold_any_letters(bundle: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle, tmp_path / "вася 日本")
    assert CheerMeUp(copy).render(CheerMeUp(copy).sample(1)).shape == (1, 16, 16, 3)


@pytest.mark.parametrize("name", ["generator.onnx", "classifier.onnx", "axes.json", "MODEL_CARD.md"])
def test_one_flipped_bit_is_found(broken: Path, name: str) -> None:
    content = bytearray((broken / name).read_bytes())
    content[len(content) // 2] ^= 1
    (broken / name).write_bytes(content)
    with pytest.raises(BundleDamagedError, match=rf"{name} .*damaged"):
        Bundle(broken).verify()


def test_a_damaged_generator_never_opens(broken: Path) -> None:
    content = bytearray((broken / "generator.onnx").read_bytes())
    content[100] ^= 1
    (broken / "generator.onnx").write_bytes(content)
    with pytest.raises(BundleDamagedError, match=r"generator\.onnx"):
        CheerMeUp(broken)


def test_a_damaged_zip_is_found(bundle: Path, tmp_path: Path) -> None:
    path = zipped(bundle, tmp_path / "tiny.zip")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleDamagedError):
        Bundle(path).verify()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(BundleDamagedError, match="zip"):
        Bundle(path)


def test_a_truncated_file_is_found_at_once(broken: Path) -> None:
    whole = (broken / "classifier.onnx").read_bytes()
    (broken / "classifier.onnx").write_bytes(whole[:-1])
    with pytest.raises(BundleDamagedError, match=f"{len(whole) - 1} bytes, not {len(whole)}"):
        Bundle(broken)


@pytest.mark.parametrize("name", ["manifest.json", "generator.onnx", "classifier.onnx", "axes.json"])
def test_a_missing_file_is_named(broken: Path, name: str) -> None:
    (broken / name).unlink()
    with pytest.raises(BundleNotFoundError, match=name):
        Bundle(broken)


def test_nothing_at_the_path(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no bundle at"):
        CheerMeUp(tmp_path / "nowhere")
    with pytest.raises(BundleNotFoundError, match=r"manifest\.json"):
        CheerMeUp(tmp_path)
    with pytest.raises(BundleNotFoundError, match="too long"):
        find_bundle("long" * 1000)
    with pytest.raises(InputError, match="path"):
        find_bundle(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("version", [0, 3, "1", None, True])
def test_an_unknown_schema_names_both_versions(broken: Path, version: object) -> None:
    edit_json(broken / "manifest.json", lambda manifest: manifest.update(schema_version=version))
    with pytest.raises(BundleSchemaError, match=rf"schema_version {version!r}; this runtime reads 1, 2"):
        Bundle(broken)


@pytest.mark.parametrize("name", ["../outside.onnx", "/etc/passwd", "a/b.onnx", "a\\b.onnx", "C:x", "..", "", "a\0"])
def test_a_file_name_cannot_leave_the_bundle(broken: Path, name: str) -> None:
    def add(manifest: dict[str, Any]) -> None:
        manifest["files"][name] = {"sha256": "0" * 64, "bytes": 1, "role": "other"}

    (broken.parent / "outside.onnx").write_bytes(b"x")
    edit_json(broken / "manifest.json", add)
    with pytest.raises(BundleDamagedError, match="plain names"):
        Bundle(broken)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html>404</html>", "not readable JSON"),
        (b"\xff\xfe\x00", "not readable JSON"),
        (b"[]", "JSON object"),
        (b'{"schema_version": 1, "schema_version": 1}', "twice"),
        (json.dumps(dict.fromkeys(map(str, range(99_999)))).encode()[:-1] + b', "99998": 0}', "'99998' is there twice"),
        (b'{"schema_version": NaN}', "NaN"),
        (b"[" * 100_000, "not readable JSON"),
        (b" " * (5 * 2**20), "not a manifest"),
    ],
)
def test_a_manifest_that_is_none(broken: Path, content: bytes, says: str) -> None:
    (broken / "manifest.json").write_bytes(content)
    with pytest.raises(BundleDamagedError, match=says):
        Bundle(broken)


@pytest.mark.parametrize(
    "change",
    [
        {"latent_dim": 0},
        {"latent_dim": "8"},
        {"image_size": 10**9},
        {"emotions": []},
        {"emotions": ["joy", "joy"]},
        {"characters": "ada"},
        {"files": {}},
        {"license": None},
    ],
)
def test_a_wrong_field_is_named(broken: Path, change: dict[str, Any]) -> None:
    edit_json(broken / "manifest.json", lambda manifest: manifest.update(change))
    with pytest.raises(BundleDamagedError, match=next(iter(change)) if "files" not in change else "generator"):
        Bundle(broken)


def test_unknown_keys_roles_and_files_are_ignored(broken: Path) -> None:
    (broken / "later.bin").write_bytes(b"of a later version")
    rewrite(broken)
    edit_json(broken / "manifest.json", lambda manifest: manifest.update(from_the_future=[1, 2]))
    (broken / "notes.txt").write_text("not in the manifest", encoding="utf-8")
    editor = CheerMeUp(broken)
    assert editor.manifest.files["later.bin"].role == "later"
    assert editor.render(editor.sample(1)).shape == (1, 16, 16, 3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda axes: axes.update(schema_version=9), "schema_version 9"),
        (lambda axes: axes.update(emotions=["joy"]), "emotions"),
        (lambda axes: axes.update(latent_dim=9), "latent_dim"),
        (lambda axes: axes.update(default="none"), "no method 'none'"),
        (lambda axes: axes["methods"]["paper"].update(keep_norm="no"), "keep_norm"),
        (lambda axes: axes["methods"]["paper"].update(max_strength=[0.0] * 7), "max_strength"),
        (lambda axes: axes["methods"]["paper"]["directions"][0].__setitem__(0, 5.0), "length 1"),
        (lambda axes: axes["methods"]["paper"].update(centres=[1]), "centres is not an object"),
        (lambda axes: axes["methods"]["paper"].update(centres=centres(latents=[[0.0]])), "paper.centres.latents"),
        (lambda axes: axes["methods"]["paper"].update(centres=centres(pace=[[0.0]])), "paper.centres.pace"),
        (lambda axes: axes["methods"]["paper"].update(centres=centres(pace=[[[0, 2, 1]] * 7] * 7)), "grow from 0 to 1"),
        (lambda axes: axes["methods"]["paper"].update(centres=centres(pace=[[[1.0]] * 7] * 7)), "grow from 0 to 1"),
        (lambda axes: axes.update(characters={"names": ["ada", "bo"]}), "the manifest draws"),
        (lambda axes: axes.update(characters=["ada"]), "the manifest draws"),
        (lambda axes: axes.update(characters={"names": 5}), "the manifest draws"),
        (lambda axes: axes.update(characters={"names": "ab"}), "the manifest draws"),
        (lambda axes: axes["methods"]["paper"]["directions"][0].pop(), "directions"),
        (lambda axes: axes["methods"].update(paper=[]), "not an object"),
    ],
)
def test_axes_that_do_not_fit_the_manifest(broken: Path, change: Callable[[dict[str, Any]], Any], says: str) -> None:
    edit_json(broken / "axes.json", change)
    with pytest.raises(BundleDamagedError, match=says):
        rewrite(broken)
    # the writer refuses to finish such a bundle, and a reader does not open it either
    with pytest.raises(BundleDamagedError, match=says):
        CheerMeUp(broken)


def test_weights_in_another_file_are_refused(broken: Path) -> None:
    model = onnx.load(broken / "generator.onnx")
    onnx.save(model, broken / "generator.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)
    with pytest.raises(BundleDamagedError, match="another file"):
        rewrite(broken)


def test_a_failed_write_leaves_no_half_manifest(broken: Path) -> None:
    before = (broken / "manifest.json").read_bytes()
    (broken / "axes.json").unlink()
    with pytest.raises(BundleError):
        rewrite(broken)
    assert (broken / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in broken.iterdir() if path.name.startswith(".")) == []


def test_other_names_and_sizes(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "other", ("calm", "wild"), ("solo",), latent_dim=4, image_size=32)
    editor = CheerMeUp(folder)
    assert editor.emotions == ["calm", "wild"] and editor.drawn_characters == ["solo"]
    assert editor.render(editor.move(editor.sample(2), {"wild": 1})).shape == (2, 32, 32, 3)


def test_an_embedded_bundle_is_found_by_name(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package").mkdir()
    monkeypatch.setattr("tlgan_runtime.bundle.find.__file__", str(tmp_path / "package" / "bundle" / "find.py"))
    with pytest.raises(BundleNotFoundError, match="'solo'"):
        find_bundle()
    shutil.copytree(bundle, tmp_path / "exported" / "solo")
    shutil.copytree(bundle, tmp_path / "exported" / "cast")
    assert list(embedded_bundles()) == ["cast", "solo"]
    assert find_bundle().name == "solo" and find_bundle("cast") == tmp_path / "exported" / "cast"
    # an installed package has its bundles inside
    shutil.copytree(bundle, tmp_path / "package" / "exported" / "solo")
    assert find_bundle("solo") == tmp_path / "package" / "exported" / "solo"
    with pytest.raises(BundleNotFoundError, match="embedded bundles: solo"):
        find_bundle("cast")


@pytest.mark.parametrize("damaged", [False, True])
def test_a_bundle_that_is_replaced_is_the_old_or_the_new_one_wherever_that_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    new = make_bundle(tmp_path / "new", latent_dim=10)
    write, last = bundle_write._write, 0

    def write_or_stop(path: Path, content: bytes) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        write(path, content)

    while True:
        out, left = make_bundle(tmp_path / f"out{last}"), last
        (out / "thesis.txt").write_text("of somebody else")
        if damaged:
            (out / "generator.onnx").unlink()
        with monkeypatch.context() as patch:
            patch.setattr(bundle_write, "_write", write_or_stop)
            try:
                replace_bundle(out, new)
                break
            except KeyboardInterrupt:
                last += 1
        if not damaged:
            Bundle(out).verify()
        replace_bundle(out, new)
        assert {path.name for path in out.iterdir()} == {path.name for path in new.iterdir()} | {"thesis.txt"}
        assert Bundle(out).verify().keys() == Bundle(new).verify().keys()
    assert last >= len(list(new.iterdir()))
