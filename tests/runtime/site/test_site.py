"""`cheermeup site`: what is in the folder that it writes, and what it refuses. Browsers run it in `tests/web`."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.program import ROOT
from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.cli.commands import main
from tlgan_runtime.site.assets import ONNXRUNTIME_FILES

WASM = b"\0asm rest"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """The folder of an npm package that only looks like onnxruntime-web."""
    folder = tmp_path / "onnxruntime-web" / "dist"
    folder.mkdir(parents=True)
    for name in ONNXRUNTIME_FILES:
        (folder / name).write_bytes(WASM if name.endswith(".wasm") else f"// {name}".encode())
    (folder / "ort.webgpu.min.js").write_text("// not needed", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "tiny", drawn=2, learned=True)


def write(bundle: Path, folder: Path, dist: Path, *options: str) -> int:
    return main(["site", str(folder), "--bundle", str(bundle), "--onnxruntime-web", str(dist), *options])


def top(folder: Path, start: str) -> Path:
    (found,) = folder.glob(f"{start}-*")
    return found


def stored(folder: Path) -> dict[str, object]:
    """What the service worker stores: `version` and `files`."""
    worker = (folder / "service-worker.js").read_text(encoding="utf-8")
    match = re.search(r"const SITE = (\{.*?\});", worker, re.DOTALL)
    assert match is not None
    document: dict[str, object] = json.loads(match[1])
    return document


def test_it_holds_the_page_the_package_the_runtime_and_the_bundle(
    tiny: Path, dist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site"
    assert write(tiny, site, dist) == 0
    assert capsys.readouterr().out == f"{site}\n"
    assert {path.name for path in top(site, "onnxruntime").iterdir()} == set(ONNXRUNTIME_FILES)
    for part in ("page/main.js", "page/worker.js", "src/index.js"):
        assert (top(site, "app") / part).read_bytes() == (ROOT / "web" / part).read_bytes()
    copy, original = Bundle(top(site, "bundle")), Bundle(tiny)
    copy.verify()
    assert set(copy.roles) == {"generator", "classifier", "axes", "paths", "card"}
    for role in copy.roles:
        assert copy.read(role) == original.read(role)
    assert copy.manifest.emotions == original.manifest.emotions


def test_its_page_finds_everything_below_its_own_folder(tiny: Path, dist: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(tiny, site, dist)
    index = (site / "index.html").read_text(encoding="utf-8")
    for path in re.findall(r'(?:href|src)="([^"]+)"', index):
        assert (site / path).is_file(), path
    facts = re.search(r'id="site">(.*?)</script>', index)
    assert facts is not None
    names = json.loads(facts[1])
    assert (site / names["bundle"]).is_dir() and (site / names["onnxruntime"]).is_dir() and names["precision"] == "auto"
    files = [path.read_text(encoding="utf-8") for path in site.rglob("*") if path.suffix in (".html", ".js", ".css")]
    assert not any(re.search(r"""["'(]https?://""", text) for text in files)


def test_it_can_be_installed_with_an_icon_that_the_bundle_draws(tiny: Path, dist: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(tiny, site, dist)
    manifest = json.loads((site / "manifest.webmanifest").read_bytes())
    assert manifest["display"] == "standalone" and manifest["start_url"] == manifest["scope"] == "./"
    app = CheerMeUp(tiny, provider="cpu", threads=1)
    face = app.render(app.move(app.sample(1, seed=0), {"joy": 1.0}))[0]
    for icon in manifest["icons"]:
        with Image.open(site / icon["src"]) as image:
            assert icon["sizes"] == f"{image.width}x{image.height}"
            small = np.asarray(image.convert("RGB").resize(face.shape[:2], Image.Resampling.BOX)).astype(int)
        assert np.abs(small - face).mean() < 12


def test_it_stores_all_that_the_page_needs_offline(tiny: Path, dist: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(tiny, site, dist)
    files = stored(site)["files"]
    assert isinstance(files, list)
    on_disk = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    left = {"service-worker.js", f"{top(site, 'bundle').name}/MODEL_CARD.md"}
    assert set(files) - {"./"} == on_disk - left and "./" in files


def test_names_and_version_change_with_the_content_only(tiny: Path, dist: Path, tmp_path: Path) -> None:
    for name in ("one", "same"):
        write(tiny, tmp_path / name, dist)
    assert contents(tmp_path / "one") == contents(tmp_path / "same")
    (dist / ONNXRUNTIME_FILES[-1]).write_bytes(WASM + b" of another version")
    write(tiny, tmp_path / "other", dist)
    one, other = tmp_path / "one", tmp_path / "other"
    assert top(one, "onnxruntime").name != top(other, "onnxruntime").name
    assert top(one, "app").name == top(other, "app").name and top(one, "bundle").name == top(other, "bundle").name
    assert stored(one)["version"] != stored(other)["version"]


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(("precision", "unused"), [("auto", "generator_int8.onnx"), ("int8", "generator.onnx")])
def test_visitors_load_one_generator(dist: Path, tmp_path: Path, precision: str, unused: str) -> None:
    site = tmp_path / "site"
    assert write(ROOT / "exported" / "solo", site, dist, "--precision", precision) == 0
    files = stored(site)["files"]
    assert isinstance(files, list)
    generators = [name for name in files if "generator" in name]
    assert len(generators) == 1 and not generators[0].endswith(f"/{unused}")
    assert f'"precision": "{precision}"' in (site / "index.html").read_text(encoding="utf-8")


def test_it_reports_files_and_bytes(tiny: Path, dist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write(tiny, tmp_path / "site", dist, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    sizes = {name: (tmp_path / "site" / name).stat().st_size for name in document["files"]}
    assert "index.html" in sizes and document["bytes"] == sum(sizes.values())


def test_it_finds_onnxruntime_web_in_node_modules(
    tiny: Path, dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "node_modules").mkdir()
    dist.parent.rename(tmp_path / "node_modules" / "onnxruntime-web")
    monkeypatch.chdir(tmp_path)
    assert main(["site", "site", "--bundle", str(tiny)]) == 0
    assert (top(tmp_path / "site", "onnxruntime") / ONNXRUNTIME_FILES[-1]).read_bytes() == WASM


def refusal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> str:
    assert not list(tmp_path.rglob("index.html")) and not list(tmp_path.rglob("*.part"))
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_without_onnxruntime_web_it_says_what_to_run(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["site", "site", "--bundle", str(tiny)]) == 4
    assert "npm install --no-save onnxruntime-web" in refusal(capsys, tmp_path)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda dist: (dist / ONNXRUNTIME_FILES[1]).unlink(), ONNXRUNTIME_FILES[1]),
        (lambda dist: (dist / ONNXRUNTIME_FILES[2]).write_text("<!doctype html>"), "is not WebAssembly"),
    ],
)
def test_it_refuses_another_folder(
    tiny: Path, dist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: object, said: str
) -> None:
    assert callable(damage)
    damage(dist)
    assert write(tiny, tmp_path / "site", dist) == 2
    assert said in refusal(capsys, tmp_path)


def test_it_does_not_touch_a_folder_with_files(
    tiny: Path, dist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "mine.txt").write_text("mine", encoding="utf-8")
    assert write(tiny, tmp_path / "site", dist) == 2
    assert "not an empty folder" in refusal(capsys, tmp_path)
    assert [path.name for path in (tmp_path / "site").iterdir()] == ["mine.txt"]


def test_a_missing_bundle_leaves_nothing(dist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write(tmp_path / "nowhere", tmp_path / "site", dist) == 3
    assert "no bundle at" in refusal(capsys, tmp_path) and not (tmp_path / "site").exists()


def test_the_header_of_a_hugging_face_space_fits_a_site(tiny: Path, dist: Path, tmp_path: Path) -> None:
    """Fields and colours are those of the reference of Spaces (huggingface.co/docs/hub/spaces-config-reference)."""
    readme = (ROOT / "examples" / "huggingface-space" / "README.md").read_text(encoding="utf-8")
    lines = readme.removeprefix("---\n").partition("\n---\n")[0].splitlines()
    fields = dict(line.split(": ", 1) for line in lines)
    assert set(fields) == {
        "title", "emoji", "colorFrom", "colorTo", "sdk", "app_file", "pinned", "license", "short_description",
    }  # fmt: skip
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {fields["colorFrom"], fields["colorTo"]} <= colours
    assert fields["sdk"] == "static" and fields["license"] == "mit"
    assert write(tiny, tmp_path / "site", dist) == 0
    assert (tmp_path / "site" / fields["app_file"]).is_file() and not (tmp_path / "site" / "README.md").exists()
    assert list((tmp_path / "site").glob("*/MODEL_CARD.md")), "the README speaks of it"
