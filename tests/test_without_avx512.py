"""The second run of the numerical tests: the smaller instruction set is really in force there."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

import pytest

from tests.program import ROOT

ASK = """
import json, sys
sys.path.insert(0, "tests")
import torch
from threadpoolctl import threadpool_info
from without_avx512 import numpy_features
print(json.dumps({
    "torch": torch.backends.cpu.get_cpu_capability(),
    "oneDNN": torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported(),
    "numpy": numpy_features(),
    "OpenBLAS": [one["architecture"] for one in threadpool_info() if one["internal_api"] == "openblas"],
}))
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="other processors have no AVX")
def test_no_library_uses_what_is_newer_than_avx2() -> None:
    command = [sys.executable, "tests/without_avx512.py", "-W", "error::ImportWarning", "-c", ASK]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    used = json.loads(done.stdout)
    assert used["torch"] in ("AVX2", "DEFAULT") and not used["oneDNN"] and used["numpy"] == []
    assert set(used["OpenBLAS"]) <= {"Haswell", "Zen"}
