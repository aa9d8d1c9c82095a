"""Precision: chosen from what the processor has, the same for every network of a run, kept in its folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from commands import call
from safetensors.torch import load_file
from torch.utils._python_dispatch import TorchDispatchMode

from tlgan_train.cli.commands import main
from tlgan_train.compute.device import pick_precision
from tlgan_train.errors import TrainError
from tlgan_train.stages import STAGES

CPUINFO = Path("/proc/cpuinfo")
LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")


def picked(**limits: str) -> str:
    """What `auto` is in a process of its own: oneDNN reads its limits once."""
    code = "import torch; from tlgan_train.compute.device import *; print(pick_precision('auto', torch.device('cpu')))"
    rest = {name: value for name, value in os.environ.items() if name not in LIMITS}
    done = subprocess.run([sys.executable, "-c", code], env=rest | limits, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.slow
def test_auto_is_bf16_where_the_processor_has_units_for_it() -> None:
    flags = CPUINFO.read_text(encoding="utf-8").split() if CPUINFO.exists() else []
    if "fpu" not in flags or not torch.backends.mkldnn.is_available():
        pytest.skip("not an x86 Linux with oneDNN")
    has_units = {"avx512_bf16", "amx_bf16"} & set(flags)
    assert picked() == ("bf16" if has_units else "fp32")


@pytest.mark.slow
@pytest.mark.parametrize("name", LIMITS)
def test_auto_is_fp32_where_onednn_would_emulate_bf16(name: str) -> None:
    assert picked(**{name: "AVX512_CORE"}) == "fp32"


def test_the_choice_computes_nothing() -> None:
    class Forbidden(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: object, args: tuple = (), kwargs: object = None) -> object:
            assert func is torch.ops.mkldnn._is_mkldnn_bf16_supported.default, f"{func} was computed"
            return func()

    with Forbidden():
        assert pick_precision("auto", torch.device("cpu")) in ("fp32", "bf16")


def test_other_wishes_are_taken_as_they_are_or_refused() -> None:
    for wish in ("fp32", "bf16"):
        assert pick_precision(wish, torch.device("cpu")) == wish
    with pytest.raises(TrainError, match="auto, fp32 or bf16"):
        pick_precision("fp16", torch.device("cpu"))


@pytest.mark.slow
def test_a_run_goes_on_in_the_precision_that_it_began_with(
    small_options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tlgan_train.compute.device.has_bf16_units", lambda device: False)

    def trained(name: str, precision: str, began_with: str | None = None) -> tuple[str, dict, dict[str, torch.Tensor]]:
        run = tmp_path / name
        if began_with is not None:
            (run / "config.json").parent.mkdir()
            facts = json.loads((tmp_path / "auto" / "config.json").read_text())
            (run / "config.json").write_text(json.dumps({**facts, "precision": began_with}))
        outcome = call(main, "judge", "--run", run, *small_options, f"--set=gan.precision={precision}")
        assert outcome.code == 0, outcome.err
        return outcome.err, json.loads((run / "config.json").read_text()), load_file(run / STAGES["judge"].product)

    said, facts, here = trained("auto", "auto")
    assert facts["precision"] == "fp32" and "bf16" not in said
    said, facts, resumed = trained("resumed", "auto", began_with="bf16")
    assert facts["precision"] == "bf16" and said.count("no bf16 units") == 1
    _, facts, chosen = trained("chosen", "bf16")
    assert facts["precision"] == "bf16"
    assert all(torch.equal(value, chosen[name]) for name, value in resumed.items())
    assert not all(torch.equal(value, here[name]) for name, value in resumed.items())


def test_a_folder_that_does_not_say_its_precision_goes_on_as_its_checkpoint_did(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    facts = json.loads((copy / "config.json").read_text())
    del facts["precision"]
    facts["config"]["gan"]["precision"] = "auto"
    (copy / "config.json").write_text(json.dumps(facts))
    shutil.rmtree(copy / "judge")
    outcome = call(main, "judge", "--run", copy)
    assert outcome.code == 0, outcome.err
    assert json.loads((copy / "config.json").read_text())["precision"] == "fp32"  # as `run` was trained
    again, before = (load_file(folder / STAGES["judge"].product) for folder in (copy, run))
    assert all(torch.equal(again[name], value) for name, value in before.items())
