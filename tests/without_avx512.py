"""Python as on a processor with AVX2 and nothing newer: `python tests/without_avx512.py -m pytest -m numerical`.

Numerical libraries choose their code by the processor and round differently with each choice. ONNX Runtime has no such
limit, so what it computes is the same with and without this.
"""

from __future__ import annotations

import os
import sys

import numpy as np

LIMITS = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}


def numpy_features() -> list[str]:
    """Features above AVX2 that this numpy has code for and this processor has; numpy warns of others."""
    core = np._core if hasattr(np, "_core") else np.core
    found = core._multiarray_umath.__cpu_features__
    newer = [name for name in core._multiarray_umath.__cpu_dispatch__ if name.startswith(("AVX512", "X86_V4"))]
    return [name for name in newer if found[name]]


if __name__ == "__main__":
    os.environ |= LIMITS
    if features := numpy_features():
        os.environ["NPY_DISABLE_CPU_FEATURES"] = " ".join(features)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
