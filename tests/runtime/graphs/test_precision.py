"""`precision`: which of a bundle's generators draws, and bundles that have only one."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.tiny_bundle import CONTRAST, MIDDLE, latent_index, make_bundle
from tlgan_runtime import CheerMeUp, run_batch
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.bundle.write import write_manifest
from tlgan_runtime.cli.commands import main
from tlgan_runtime.errors import InputError

SOFTER = 0.75
"""Contrast of the second generator of the bundle below, so that it can be told from the first."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_bundle(tmp_path_factory.mktemp("bundles") / "both")
    facts = Bundle(folder).manifest.to_dict()
    model = onnx.load(folder / "generator.onnx")
    spread = next(tensor for tensor in model.graph.initializer if tensor.name == "spread")
    spread.CopyFrom(numpy_helper.from_array(SOFTER * numpy_helper.to_array(spread), "spread"))
    onnx.save(model, folder / "generator_int8.onnx")
    (folder / "oracle.bin").write_bytes(b"of a later version")
    write_manifest(folder, **{key: facts[key] for key in facts if key not in ("schema_version", "files")})
    return folder


def test_the_role_is_that_of_the_contract(both: Path) -> None:
    assert {"generator", "generator_int8", "oracle"} <= set(Bundle(both).roles)


@pytest.mark.parametrize("count", [1, 3, 20])
def test_it_chooses_the_generator_whatever_the_number_of_faces(both: Path, count: int) -> None:
    exact, quick = CheerMeUp(both, threads=1), CheerMeUp(both, threads=1, precision="int8")
    z = exact.sample(count, seed=1)
    np.testing.assert_array_equal(quick.sample(count, seed=1), z)
    np.testing.assert_array_equal(exact.render(z), CheerMeUp(both, threads=1, precision="auto").render(z))
    expected = np.clip(np.round(MIDDLE + SOFTER * CONTRAST * z), 0, 255).astype(np.uint8)[:, latent_index(8, 16)]
    np.testing.assert_array_equal(quick.render(z), expected)
    assert (exact.render(z) != expected).any()
    assert quick.providers == ["CPUExecutionProvider"]


def test_it_travels_with_a_pickled_editor(both: Path) -> None:
    quick = CheerMeUp(both, threads=1, precision="int8")
    z = quick.sample(2)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(quick)).render(z), quick.render(z))


def test_a_bundle_without_it_says_how_to_get_one(bundle: Path) -> None:
    with pytest.raises(InputError, match=r"no int8 generator.*--int8"):
        CheerMeUp(bundle, precision="int8")


def test_it_draws_on_the_cpu(both: Path) -> None:
    with pytest.raises(InputError, match="CPU"):
        CheerMeUp(both, precision="int8", provider="cuda")


def test_other_names_are_refused(both: Path) -> None:
    with pytest.raises(InputError, match="auto, int8"):
        CheerMeUp(both, precision="fp16")


@pytest.mark.parametrize("command", ["sample", "grid", "edit --set joy=0.5", "gif --steps 3"])
def test_every_command_that_draws_takes_it(
    both: Path, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["--faces", "2", "--size", "32", "--quiet", "--bundle", str(both), "-o"]
    for precision in ("auto", "int8"):
        suffix = "gif" if command.startswith("gif") else "png"
        assert main([*command.split(), *options, f"{precision}.{suffix}", "--precision", precision]) == 0
    assert Path(f"auto.{suffix}").read_bytes() != Path(f"int8.{suffix}").read_bytes()


def test_a_command_refuses_in_one_line(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = shutil.copytree(bundle, tmp_path / "copy")
    assert main(["sample", "--bundle", str(copy), "--precision", "int8", "-o", str(tmp_path / "out.png")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "int8" in error
    assert not (tmp_path / "out.png").exists()


def test_jobs_of_a_batch_are_drawn_with_it_and_again_when_it_changes(both: Path, bundle: Path, tmp_path: Path) -> None:
    jobs, out = tmp_path / "jobs.jsonl", tmp_path / "out"
    jobs.write_text('{"output": "joy.gif", "emotion": "joy", "steps": 3, "faces": 1, "size": 32}\n')
    command = ["batch", str(jobs), "--out", str(out), "-j", "1"]
    for precision in ("auto", "int8"):
        assert main([*command, "--bundle", str(both), "--precision", precision]) == 0
        CheerMeUp(both, precision=precision).gif(tmp_path / "alone.gif", "joy", 3, 1, size=32)
        assert (out / "joy.gif").read_bytes() == (tmp_path / "alone.gif").read_bytes()
    assert [one.status for one in run_batch(jobs.open(), out, bundle=both, precision="int8")] == ["skipped"]
    with pytest.raises(InputError, match="no int8 generator"):
        list(run_batch(jobs.open(), out, bundle=bundle, precision="int8"))
