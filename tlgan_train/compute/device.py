"""Where and how finely arithmetic runs, chosen from what the machine says it has."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

import torch

from tlgan_train.errors import TrainError

EMULATED = ("avx512_core", "avx512_core_vnni", "avx2_vnni_2")
"""Values of ONEDNN_MAX_CPU_ISA with which oneDNN accepts bf16 but computes it without bf16 units."""


def pick_device() -> torch.device:
    """The first CUDA device if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def pick_precision(wish: str, device: torch.device) -> str:
    """`fp32` or `bf16`; for `auto`, bf16 where the device has units for it.

    Nothing is timed, so the answer depends on the machine and its settings but never on how busy it is.
    """
    if wish in ("fp32", "bf16"):
        return wish
    if wish != "auto":
        raise TrainError(f"precision must be auto, fp32 or bf16, not {wish!r}")
    return "bf16" if has_bf16_units(device) else "fp32"


def has_bf16_units(device: torch.device) -> bool:
    """Whether the device trains in bf16 on units of its own, and not by emulation, which is many times slower.

    CPUs need AVX512_BF16 or AMX, and a oneDNN that may use them: `ONEDNN_MAX_CPU_ISA` can take them away. oneDNN also
    accepts bf16 on CPUs with AVX-512 alone, where it takes twice as long as fp32, and on ARM, where it has only a
    reference implementation of the backward pass of convolutions.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if not torch.backends.mkldnn.is_available() or not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA", "")
    units = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return units and limit.lower() not in EMULATED


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    """Autocast for a forward pass; does nothing at fp32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
