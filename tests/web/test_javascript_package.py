"""The JavaScript package in `web/`: its own tests, and tiny bundles with what the shipped ones do not have."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from importlib import util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.tiny_bundle import make_bundle
from tests.web.conftest import ROOT, WEB

PATIENCE = 300


def module_of_tests(name: str) -> ModuleType:
    spec = util.spec_from_file_location(name, WEB / "tests" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def golden() -> ModuleType:
    return module_of_tests("golden")


@pytest.fixture(scope="module")
def golden_pictures() -> ModuleType:
    return module_of_tests("golden_pictures")


def node_test(test: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", "--test", str(WEB / "tests" / test)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.usefixtures("node")
def test_parts_of_the_page_do_what_they_should() -> None:
    done = node_test("page.test.mjs")
    assert done.returncode == 0, done.stdout


@pytest.mark.usefixtures("onnxruntime_web")
@pytest.mark.parametrize("test", ["golden.test.mjs", "errors.test.mjs", "pictures.test.mjs"])
def test_it_passes_its_own_tests(test: str) -> None:
    done = node_test(test)
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"^# pass (\d+)$", done.stdout, re.M)[0]) >= 9


@pytest.mark.usefixtures("onnxruntime_web")
def test_it_moves_attributes_and_sprites_as_python_does(golden: ModuleType, tmp_path: Path) -> None:
    bundles = [
        make_bundle(tmp_path / "attribute", drawn=2, learned=True, attribute="hat"),
        make_bundle(tmp_path / "sprite", sprite=True, image_size=32, reader_size=16),
    ]
    golden.write(tmp_path / "golden.json", bundles)
    done = node_test("golden.test.mjs", GOLDEN=str(tmp_path / "golden.json"))
    assert done.returncode == 0, done.stdout


@pytest.mark.usefixtures("onnxruntime_web")
def test_it_edits_pictures_as_python_does(golden_pictures: ModuleType, tmp_path: Path) -> None:
    bundles = [
        make_bundle(tmp_path / "plain", encoder=0.9),
        make_bundle(tmp_path / "sprite", sprite=True, image_size=32, reader_size=16, encoder=1.0),
    ]
    golden_pictures.write(tmp_path / "golden.json", bundles)
    done = node_test("pictures.test.mjs", GOLDEN=str(tmp_path / "golden.json"))
    assert done.returncode == 0, done.stdout


@pytest.mark.usefixtures("onnxruntime_web")
def test_its_tests_notice_another_move(golden: ModuleType, tmp_path: Path) -> None:
    golden.write(tmp_path / "golden.json", [make_bundle(tmp_path / "tiny")])
    document = json.loads((tmp_path / "golden.json").read_text(encoding="utf-8"))
    (bundle,) = document.values()
    bundle["moves"][3]["moved"][0][2] += 0.001
    (tmp_path / "golden.json").write_text(json.dumps(document), encoding="utf-8")
    done = node_test("golden.test.mjs", GOLDEN=str(tmp_path / "golden.json"))
    assert done.returncode == 1 and "moves them to the same places" in done.stdout


def test_the_golden_file_is_what_python_says(golden: ModuleType) -> None:
    document = json.loads((WEB / "tests" / "golden.json").read_text(encoding="utf-8"))
    for name, kept in document.items():
        said = golden.golden(ROOT / name)
        assert len(said["moves"]) == len(kept["moves"]) > 40
        for now, then in zip(said["moves"], kept["moves"], strict=True):
            assert (now["mix"], now["options"]) == (then["mix"], then["options"])
            for row, expected in zip(now["moved"], then["moved"], strict=True):
                assert row == pytest.approx(expected, abs=1e-4)


def test_the_golden_file_of_pictures_is_what_python_says(golden_pictures: ModuleType) -> None:
    document = json.loads((WEB / "tests" / "golden_pictures.json").read_text(encoding="utf-8"))
    for name, kept in document.items():
        said = golden_pictures.golden(ROOT / name)
        for now, then in zip(said["pictures"], kept["pictures"], strict=True):
            assert (now["name"], now["drawing"], now["mix"]) == (then["name"], then["drawing"], then["mix"])
            # Where a search goes depends on differences in the last digits, which other processors round otherwise.
            assert now["box"] == pytest.approx(then["box"], abs=0.03 * then["box"][2])
            assert now["changed"] == pytest.approx(then["changed"], rel=0.1)


def test_it_has_the_version_of_the_python_package() -> None:
    package = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (package["name"], package["version"]) == (project["name"], project["version"])
    assert list(package["dependencies"]) == ["onnxruntime-web"]


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("clear", ["0", "1"])
def test_pillow_reads_its_animations(tmp_path: Path, clear: str) -> None:
    dots = tmp_path / "dots"
    write_stills(dots, clear == "1")
    done = node_test("animation.test.mjs", DOTS=str(dots), CLEAR=clear)
    assert done.returncode == 0, done.stdout
    for suffix, durations, tolerance in ((".gif", {500, 30, 40}, 12), (".png", {500, 33}, 0)):
        with Image.open(dots.with_suffix(suffix)) as image:
            frames = [np.asarray(frame.convert("RGBA")).astype(int) for frame in ImageSequence.Iterator(image)]
            shown = [round(frame.info["duration"]) for frame in ImageSequence.Iterator(image)]
            assert image.info["loop"] == 0
        raw = np.fromfile(dots.with_suffix(".raw"), np.uint8).reshape(len(frames), *frames[0].shape).astype(int)
        assert len(frames) == 6 and abs(sum(shown) - 1132) <= 2 and set(shown) == durations
        for frame, expected in zip(frames, raw, strict=True):
            solid = expected[..., 3] >= 128
            np.testing.assert_array_equal(frame[..., 3] > 0, solid)
            assert np.abs(frame - expected)[solid, :3].max() <= tolerance
    with Image.open(dots.with_suffix(".webp")) as image:
        assert image.info["loop"] == 0 and getattr(image, "n_frames", 1) == 6
        for index, frame in enumerate(ImageSequence.Iterator(image)):
            with Image.open(f"{dots}-{index}.webp") as still:
                np.testing.assert_array_equal(frame.convert("RGBA"), still.convert("RGBA"))
            assert frame.info["duration"] == (500 if index in (0, 5) else 33)


def write_stills(dots: Path, clear: bool) -> None:
    """Write six WebP pictures, lossless and lossy ones in turn."""
    y, x = np.mgrid[0:50, 0:71]
    for index in range(6):
        inside = np.hypot(x - 10 - 9 * index, y - 25) < 9
        levels = np.stack([3 * x, 4 * y, np.where(inside, 220, 40), np.where(inside | (not clear), 255, 0)], axis=-1)
        picture = Image.fromarray(levels.astype(np.uint8)).convert("RGBA" if clear else "RGB")
        picture.save(f"{dots}-{index}.webp", lossless=index % 2 == 0)


@pytest.mark.usefixtures("typescript")
def test_its_types_accept_typical_calls_and_refuse_wrong_ones(tmp_path: Path) -> None:
    def check(project: Path) -> subprocess.CompletedProcess[str]:
        command = ["npx", "--no-install", "tsc", "-p", str(project)]
        return subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=PATIENCE)

    done = check(WEB / "tests" / "tsconfig.json")
    assert done.returncode == 0, done.stdout
    # Each expected error is one: without them, TypeScript refuses every call after it.
    calls = (WEB / "tests" / "typing_calls.ts").read_text(encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "typing_calls.ts").write_text(calls.replace("@ts-expect-error", "wrong"), encoding="utf-8")
    for path in (WEB / "tests" / "tsconfig.json", WEB / "cheermeup.d.ts"):
        copy = tmp_path / path.relative_to(WEB)
        copy.write_bytes(path.read_bytes())
    refused = check(tmp_path / "tests" / "tsconfig.json")
    assert refused.stdout.count("error TS") == calls.count("@ts-expect-error")
