"""The program in C++ draws what the runtime draws, where a compiler and ONNX Runtime for C++ are installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.examples.example import EXAMPLES
from tests.program import PATIENCE, ROOT
from tests.test_bundle_programs import assert_same_picture, with_default
from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp

pytestmark = pytest.mark.slow


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=PATIENCE)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built where CMake finds ONNX Runtime, such as in a folder that the variable CMAKE_PREFIX_PATH names."""
    if shutil.which("cmake") is None or shutil.which("c++") is None:
        pytest.skip("there is no CMake or no C++ compiler")
    build = tmp_path_factory.mktemp("cpp")
    found = run("cmake", "-S", EXAMPLES / "cpp", "-B", build)
    for missing in ("ONNXRUNTIME_INCLUDE", "ONNXRUNTIME_LIBRARY", "nlohmann_json"):
        if f"Could not find {missing}" in found.stderr or f'by "{missing}"' in found.stderr:
            pytest.skip(f"CMake does not find {missing}: see examples/cpp/CMakeLists.txt")
    assert found.returncode == 0, found.stderr
    made = run("cmake", "--build", build)
    assert made.returncode == 0 and "warning" not in made.stderr, made.stdout + made.stderr
    return build / "draw_face"


def draw(program: Path, bundle: Path, emotion: str, out: Path) -> None:
    draws = out.with_suffix(".json")
    dim = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["latent_dim"]
    z = np.random.Generator(np.random.PCG64(0)).standard_normal((1, dim), dtype=np.float32)
    draws.write_text(json.dumps(z[0].tolist()), encoding="utf-8")
    done = run(program, bundle, emotion, out, draws)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["solo", "cast"])
def test_it_draws_what_the_runtime_draws(program: Path, name: str, tmp_path: Path) -> None:
    draw(program, ROOT / "exported" / name, "joy", tmp_path / "joy.pam")
    assert_same_sprite(ROOT / "exported" / name, tmp_path / "joy.pam")


def test_it_knows_every_kind_of_method(program: Path, tmp_path: Path) -> None:
    tiny = make_bundle(tmp_path / "tiny", drawn=2, learned=True, attribute="hat")
    for default in ("path", "local", "logit", "paper"):
        bundle = with_default(tiny, tmp_path / default, default)
        draw(program, bundle, "fear", tmp_path / "fear.ppm")
        assert_same_picture(bundle, "fear", tmp_path / "fear.ppm")


def test_it_keeps_transparency(program: Path, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "clear", sprite=True)
    draw(program, bundle, "joy", tmp_path / "joy.pam")
    assert_same_sprite(bundle, tmp_path / "joy.pam")


def assert_same_sprite(bundle: Path, out: Path) -> None:
    head, pixels = out.read_bytes().split(b"ENDHDR\n", 1)
    app = CheerMeUp(bundle, provider="cpu", threads=1)
    expected = app.render(app.move(app.sample(1, seed=0), {"joy": 1}), background=None)[0].astype(int)
    assert head.startswith(b"P7\nWIDTH %d\nHEIGHT %d\nDEPTH 4\n" % (app.image_size, app.image_size))
    assert np.abs(np.frombuffer(pixels, np.uint8).reshape(expected.shape) - expected).max() <= 1


def test_bad_input_is_refused_in_one_line(program: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ((ROOT / "exported" / "solo", "hunger", tmp_path / "a.ppm"), "no emotion hunger"),
        ((tmp_path, "joy", tmp_path / "a.ppm"), "cannot read"),
    ):
        done = run(program, *arguments)
        assert done.returncode == 1 and words in done.stderr and done.stderr.count("\n") == 1
