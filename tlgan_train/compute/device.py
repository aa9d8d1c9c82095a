"""Choose the device and the precision from the hardware of the machine."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

import torch

from tlgan_train.errors import TrainError

EMULATED = ("avx512_core", "avx512_core_vnni", "avx2_vnni_2")
"""Values of ONEDNN_MAX_CPU_ISA with which oneDNN accepts bf16 but emulates it."""


def pick_device() -> torch.device:
    """Return the first CUDA device if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def pick_precision(wish: str, device: torch.device) -> str:
    """Return `fp32` or `bf16`. `auto` is bf16 if the device has units for it.

    Nothing is timed, so the answer depends on the machine and its settings, but never on its load. Raises `TrainError`
    for any other `wish`.
    """
    if wish in ("fp32", "bf16"):
        return wish
    if wish != "auto":
        raise TrainError(f"precision must be auto, fp32 or bf16, not {wish!r}")
    return "bf16" if has_bf16_units(device) else "fp32"


def has_bf16_units(device: torch.device) -> bool:
    """Return whether the device has hardware for bf16. Emulated bf16 is many times slower.

    A CPU needs AVX512_BF16 or AMX, and `ONEDNN_MAX_CPU_ISA` must not forbid them. oneDNN accepts bf16 in two more
    cases, in which it is slow. On CPUs with AVX-512 alone, it takes twice as long as fp32. On ARM, the backward pass of
    convolutions is only a reference implementation.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if not torch.backends.mkldnn.is_available() or not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA", "")
    units = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return units and limit.lower() not in EMULATED


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    """Return a context manager for a forward pass: autocast in bf16, nothing in fp32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
