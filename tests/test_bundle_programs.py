"""Functions and programs of docs/bundle-format.md do what the runtime does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from tests.program import PATIENCE, ROOT
from tests.tiny_bundle import EMOTIONS, make_bundle, rewritten
from tlgan_runtime import CheerMeUp
from tlgan_runtime.latent.sampling import sample

EXAMPLES = ROOT / "examples"
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
PAGE = (ROOT / "docs" / "bundle-format.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("tiny") / "bundle", drawn=2, learned=True, attribute="hat")


@pytest.fixture(scope="module")
def functions() -> dict[str, Any]:
    """Those of the page."""
    found: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        if block.startswith(("def ", "import numpy as np\n\n\ndef ")):
            exec(block, found)
    return found


MIXES = (
    {"joy": 0.5},
    {"joy": 1.0, "fear": -0.6},
    {"anger": 0.9, "joy": 0.7},
    {"sadness": 1.6, "joy": 0.2},
    dict.fromkeys(EMOTIONS, -1.0),
)


def moved_by_hand(
    functions: dict[str, Any], app: CheerMeUp, z: np.ndarray, mix: dict[str, float], method: str
) -> np.ndarray:
    """Latents (N, D), moved as the page says."""
    axes = json.loads((app.path / "axes.json").read_text(encoding="utf-8"))

    def along(z: np.ndarray, names: list[str], entry: dict[str, Any]) -> np.ndarray:
        s = np.array([mix.get(name, 0.0) for name in names])
        if "centres" not in entry:
            return np.array(functions["straight"](z, s, entry))
        ends = None
        if "ends" in entry:
            graph = onnxruntime.InferenceSession(app.path / "paths.onnx", providers=["CPUExecutionProvider"])
            feeds = {"z": np.float32([z]), "keep": np.zeros(len(names), np.float32)}
            ends = graph.run(None, feeds)[0][0]
        return np.array(functions["between_centres"](z, s, entry, ends))

    moved = []
    for latent in z.astype(np.float64):
        if "characters" in axes:
            latent = along(latent, axes["characters"]["names"], axes["characters"])
        for entry in axes.get("attributes", []):
            latent = functions["attribute"](latent, mix.get(entry["name"], 0.0), entry)
        moved.append(along(latent, axes["emotions"], axes["methods"][method]))
    return np.array(moved)


@pytest.mark.parametrize("method", ["path", "local", "logit", "paper"])
def test_the_functions_of_the_page_move_a_shipped_bundle(functions: dict[str, Any], method: str) -> None:
    app = CheerMeUp(ROOT / "exported" / "cast", provider="cpu", threads=1)
    z = app.sample(2, seed=3)
    mixes = [*MIXES, {app.drawn_characters[1]: 0.7, "joy": 0.5}, {app.drawn_characters[2]: 1, "joy": -0.5}]
    for mix in mixes:
        moved = app.move(z, mix, method)
        assert np.abs(moved - z).max() > 0.1
        np.testing.assert_allclose(moved_by_hand(functions, app, z, mix, method), moved, atol=1e-4)


def test_the_functions_of_the_page_move_attributes(functions: dict[str, Any], tiny: Path) -> None:
    app = CheerMeUp(tiny, provider="cpu", threads=1)
    z = app.sample(3, seed=3)
    z[0, -1], z[1, -1] = 4, -3  # beyond a level
    for mix in ({"hat": 0.6}, {"hat": -0.8}, {"bo": 0.5, "hat": 1.2, "joy": 0.4}):
        moved = app.move(z, mix, "path")
        np.testing.assert_allclose(moved_by_hand(functions, app, z, mix, "path"), moved, atol=1e-5)


WITHOUT = "import runpy, sys; sys.modules |= dict.fromkeys(('tlgan_runtime', 'tlgan_train')); "
"""Makes both packages impossible to import."""


def run_python(bundle: Path, emotion: str, out: Path) -> None:
    program = "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    run(sys.executable, "-c", WITHOUT + program, EXAMPLES / "draw_face.py", bundle, emotion, out)


def run_javascript(bundle: Path, emotion: str, out: Path) -> None:
    draws = out.with_suffix(".json")
    dim = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["latent_dim"]
    z = np.random.Generator(np.random.PCG64(0)).standard_normal((1, dim), dtype=np.float32)
    draws.write_text(json.dumps(z[0].tolist()), encoding="utf-8")
    run("node", EXAMPLES / "draw_face.mjs", bundle, emotion, out, draws)


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=cwd, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def javascript_lacks() -> str | None:
    """Why the program that draws in JavaScript cannot run here; None where it can."""
    if shutil.which("node") is None:
        return "node is not installed"
    program = "await import('onnxruntime-node'); await import('pngjs')"
    found = subprocess.run(
        ["node", "--input-type=module", "-"], input=program, cwd=EXAMPLES, capture_output=True, text=True
    )
    return None if found.returncode == 0 else "onnxruntime-node or pngjs is not installed (CONTRIBUTING.md)"


@pytest.fixture
def javascript() -> None:
    if (lacking := javascript_lacks()) is not None:
        pytest.skip(lacking)


def with_default(tiny: Path, folder: Path, default: str) -> Path:
    """A bundle with one method, or with `path` without its ends, which then is `local`."""
    shutil.copytree(tiny, folder)
    axes = json.loads((folder / "axes.json").read_text(encoding="utf-8"))
    axes["default"] = default
    if default == "local":
        axes["methods"]["local"] = {
            key: value for key, value in axes["methods"]["path"].items() if key not in ("ends", "keeps")
        }
    (folder / "axes.json").write_text(json.dumps(axes), encoding="utf-8")
    return rewritten(folder)


def assert_same_picture(bundle: Path, emotion: str, out: Path) -> None:
    app = CheerMeUp(bundle, provider="cpu", threads=1)
    z, clear = app.sample(1, seed=0), app.manifest.channels == 4
    before, expected = (
        app.render(latents, background=None if clear else "auto")[0].astype(int)
        for latents in (z, app.move(z, {emotion: 1.0}))
    )
    with Image.open(out) as picture:
        assert picture.mode == ("RGBA" if clear else "RGB")
        assert np.abs(np.asarray(picture).astype(int) - expected).max() <= 1
    assert np.abs(expected - before).max() > 10  # or a program that moves nothing would pass


def test_the_python_program_cannot_import_this_package() -> None:
    for name in ("tlgan_runtime", "tlgan_train"):
        done = subprocess.run(
            [sys.executable, "-c", f"{WITHOUT}import {name}"], capture_output=True, text=True, cwd=ROOT
        )
        assert done.returncode == 1 and f"import of {name} halted" in done.stderr


@pytest.mark.parametrize("name", ["solo", "cast"])
def test_the_python_program_draws_what_the_runtime_draws(name: str, tmp_path: Path) -> None:
    out = tmp_path / "joy.png"
    run_python(ROOT / "exported" / name, "joy", out)
    assert_same_picture(ROOT / "exported" / name, "joy", out)


@pytest.mark.parametrize("default", ["path", "local", "logit", "paper"])
def test_the_python_program_knows_every_kind_of_method(tiny: Path, tmp_path: Path, default: str) -> None:
    bundle = with_default(tiny, tmp_path / "bundle", default)
    run_python(bundle, "fear", tmp_path / "fear.png")
    assert_same_picture(bundle, "fear", tmp_path / "fear.png")


@pytest.mark.usefixtures("javascript")
@pytest.mark.parametrize("name", ["solo", "cast"])
def test_the_javascript_program_draws_what_the_runtime_draws(name: str, tmp_path: Path) -> None:
    out = tmp_path / "joy.png"
    run_javascript(ROOT / "exported" / name, "joy", out)
    assert_same_picture(ROOT / "exported" / name, "joy", out)


@pytest.mark.usefixtures("javascript")
@pytest.mark.parametrize("default", ["path", "local", "logit", "paper"])
def test_the_javascript_program_knows_every_kind_of_method(tiny: Path, tmp_path: Path, default: str) -> None:
    bundle = with_default(tiny, tmp_path / "bundle", default)
    run_javascript(bundle, "fear", tmp_path / "fear.png")
    assert_same_picture(bundle, "fear", tmp_path / "fear.png")


@needs_node
@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**64 - 1])
def test_the_sampler_in_javascript_draws_as_the_runtime_does(seed: int) -> None:
    rows, dim = 200, 64
    drawn = np.float32(json.loads(run("node", EXAMPLES / "normals.mjs", str(seed), str(rows * dim))))
    expected = sample(rows, dim, seed).reshape(-1)
    np.testing.assert_allclose(drawn, expected, rtol=1e-6)
    assert (drawn != expected).mean() < 1e-3  # logarithms of the tail may differ in the last bit


@pytest.mark.usefixtures("javascript")
def test_both_programs_in_javascript_draw_the_first_face(tmp_path: Path) -> None:
    bundle, draws, out = ROOT / "exported" / "solo", tmp_path / "draws.json", tmp_path / "joy.png"
    draws.write_text(run("node", EXAMPLES / "normals.mjs", "0", "64"), encoding="utf-8")
    run("node", EXAMPLES / "draw_face.mjs", bundle, "joy", out, draws)
    assert_same_picture(bundle, "joy", out)


@pytest.mark.usefixtures("javascript")
def test_the_javascript_program_draws_faces_of_its_own(tiny: Path, tmp_path: Path) -> None:
    outs = [tmp_path / f"{index}.png" for index in range(2)]
    for out in outs:
        run("node", EXAMPLES / "draw_face.mjs", tiny, "joy", out)
    assert outs[0].read_bytes() != outs[1].read_bytes()


def refusal(*command: str | Path) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE)
    assert done.returncode == 1
    return done.stderr


def test_the_python_program_names_the_emotions_of_the_bundle(tiny: Path, tmp_path: Path) -> None:
    message = refusal(sys.executable, EXAMPLES / "draw_face.py", tiny, "hunger", tmp_path / "hunger.png")
    assert message == f"no emotion hunger: this bundle has {', '.join(EMOTIONS)}\n"


@pytest.mark.usefixtures("javascript")
def test_the_javascript_program_names_the_emotions_of_the_bundle(tiny: Path, tmp_path: Path) -> None:
    message = refusal("node", EXAMPLES / "draw_face.mjs", tiny, "hunger", tmp_path / "hunger.png")
    assert message == f"no emotion hunger: this bundle has {', '.join(EMOTIONS)}\n"


def test_the_python_command_of_the_page_runs_in_the_root(tmp_path: Path) -> None:
    command, out = "python examples/draw_face.py exported/solo joy", tmp_path / "joy.png"
    assert f"\n{command} {out.name}" in PAGE
    run(sys.executable, *command.split()[1:], out)
    assert_same_picture(ROOT / "exported" / "solo", "joy", out)


@pytest.mark.usefixtures("javascript")
def test_the_javascript_command_of_the_page_runs_in_the_root(tmp_path: Path) -> None:
    command, out = "node examples/draw_face.mjs exported/solo joy", tmp_path / "joy.png"
    assert f"\n{command} {out.name}" in PAGE
    run(*command.split(), out)
    with Image.open(out) as picture:
        assert picture.size == (256, 256) and picture.mode == "RGBA"


def test_programs_read_a_bundle_of_schema_1(tmp_path: Path) -> None:
    bundle = ROOT / "tests" / "runtime" / "bundle" / "schema_1"
    runs = [run_python] if javascript_lacks() else [run_python, run_javascript]
    for index, program in enumerate(runs):
        out = tmp_path / f"{index}.png"
        program(bundle, "joy", out)
        assert_same_picture(bundle, "joy", out)
