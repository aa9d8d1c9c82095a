"""Bundles whose graphs loop, crash or take all memory, run once in a process of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.program import program
from tests.tiny_bundle import make_bundle
from tlgan_runtime import BundleDamagedError, MissingLibraryError
from tlgan_runtime.bundle.write import write_manifest
from tlgan_runtime.cli.commands import main
from tlgan_runtime.graphs import trial
from tlgan_runtime.graphs.trial import try_graphs

MIB = 2**20


def change(folder: Path, alter: Callable[[onnx.GraphProto], None]) -> Path:
    """The bundle with another graph for its generator."""
    model = onnx.load(folder / "generator.onnx")
    alter(model.graph)
    onnx.save(model, folder / "generator.onnx")
    facts = json.loads((folder / "manifest.json").read_text())
    del facts["files"], facts["schema_version"]
    write_manifest(folder, **facts)
    return folder


def loops(graph: onnx.GraphProto) -> None:
    """Counts to 2**62 before it draws."""

    def info(name: str, kind: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, [])

    inputs = [info("i", TensorProto.INT64), info("go", TensorProto.BOOL), info("sum", TensorProto.FLOAT)]
    outputs = [info("go_on", TensorProto.BOOL), info("more", TensorProto.FLOAT)]
    nodes = [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Add", ["sum", "middle"], ["more"])]
    body = helper.make_graph(nodes, "body", inputs, outputs)
    for name, value in (("times", np.array(2**62)), ("yes", np.array(True)), ("none", np.float32(0))):
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    loop = helper.make_node("Loop", ["times", "yes", "none"], ["counted"], body=body)
    graph.node.insert(0, loop)
    graph.node.insert(1, helper.make_node("Mul", ["counted", "none"], ["nothing"]))
    graph.node[2].input[0] = "shifted"
    graph.node.insert(2, helper.make_node("Add", ["z", "nothing"], ["shifted"]))


def swells(graph: onnx.GraphProto) -> None:
    """Takes 16 GiB before it draws."""
    graph.initializer.append(numpy_helper.from_array(np.array([2**29, 1, 8]), "many"))
    graph.initializer.append(numpy_helper.from_array(np.array([0]), "first"))
    graph.node.insert(0, helper.make_node("Expand", ["z", "many"], ["swollen"]))
    graph.node.insert(1, helper.make_node("ReduceMax", ["swollen"], ["shrunk"], axes=[0], keepdims=0))
    graph.node[2].input[0] = "shrunk"


def test_a_bundle_that_works_says_what_ran(tmp_path: Path) -> None:
    assert try_graphs(make_bundle(tmp_path / "learned", learned=True)) == [
        "samples", "generator", "classifier", "method logit", "method paper", "method path",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_graph_that_never_ends_is_ended(broken: Path) -> None:
    change(broken, loops)
    with pytest.raises(BundleDamagedError, match=r"did not finish with 3 seconds"):
        try_graphs(broken, seconds=3)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system limits no memory")
def test_a_graph_that_takes_all_memory_is_ended(broken: Path) -> None:
    change(broken, swells)
    with pytest.raises(BundleDamagedError, match=r"(cannot run|ends ONNX Runtime at) .*generator.* 2 GiB of memory"):
        try_graphs(broken, memory=2048 * MIB)


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_a_crash_is_the_bundles_fault(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash = "import json, os; print(json.dumps({'now': 'generator'}), flush=True); os.kill(os.getpid(), 11)"
    monkeypatch.setattr(trial, "_CHILD", crash)
    with pytest.raises(BundleDamagedError, match=r"ends ONNX Runtime at generator \(SIGSEGV\)"):
        try_graphs(bundle)


def test_verify_uses_its_options_or_refuses_them(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engines = (
        "import json, sys; from tlgan_runtime.graphs import trial; import tlgan_runtime.faces as faces\n"
        "class Said(faces.Engine):\n"
        "    def __init__(self, *options): super().__init__(*options); trial._say(now=f'{self.threads} threads')\n"
        "faces.Engine = Said; trial.main()"
    )
    monkeypatch.setattr(trial, "_CHILD", "import json, sys; sys.path[:] = json.loads(sys.argv[1]); " + engines)
    for options, threads in ([], 1), (["--threads", "2"], 2), (["--provider", "cpu"], 1):
        assert main(["verify", "--bundle", str(bundle), "--json", *options]) == 0
        assert json.loads(capsys.readouterr().out)["ran"][0] == f"{threads} threads"
    for options, says in (["--threads", "0"], "threads must be"), (["--provider", "cuda"], "doctor --provider cuda"):
        assert main(["verify", "--bundle", str(bundle), *options]) == 2
        out, err = capsys.readouterr()
        assert out == "" and says in err and err.count("\n") == 1


def test_without_onnxruntime_it_says_what_was_not_done(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('not here')")
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["verify", "--bundle", str(bundle)]) == 4
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert "are intact, but its graphs were not run" in err and "cheermeup[cpu]" in err


def test_a_program_without_a_python_says_so(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(MissingLibraryError, match="intact, but this program cannot start"):
        try_graphs(bundle)


def test_modules_in_the_folder_that_it_is_used_in_are_not_imported(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "numpy", "onnxruntime"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    assert try_graphs(bundle)
    assert not (tmp_path / "imported").exists()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are looked for in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_child_ends_with_its_parent(broken: Path, number: int) -> None:
    change(broken, loops)
    command = program("verify", "--bundle", str(broken), interruptible=True)
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    tasks = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    while parent.poll() is None and not tasks.read_text():
        time.sleep(0.05)
    (child,) = map(int, tasks.read_text().split())
    libraries, deadline = Path(f"/proc/{child}/maps"), time.monotonic() + 60
    while "onnxruntime" not in libraries.read_text():  # soon afterwards it is in the loop
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(2)
    parent.send_signal(number)
    assert parent.wait(60) == (130 if number != signal.SIGKILL else -number)
    status, deadline = Path(f"/proc/{child}/status"), time.monotonic() + 60
    while status.exists() and "State:\tZ" not in status.read_text():  # a zombie has ended, whoever is to bury it
        assert time.monotonic() < deadline
        time.sleep(0.05)
