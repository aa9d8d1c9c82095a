"""Where and how finely arithmetic runs: chosen once, at run time."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

import torch

from tlgan_train.errors import TrainError

PROBE = 1024
"""Side of the square matrices whose product decides between precisions."""


def pick_device() -> torch.device:
    """The first CUDA device if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def pick_precision(wish: str, device: torch.device) -> str:
    """`fp32` or `bf16`; `auto` takes the one that multiplies matrices faster on this device.

    bf16 doubles the speed of processors with bf16 units and halves it on others, so it is measured, not assumed.
    """
    if wish in ("fp32", "bf16"):
        return wish
    if wish != "auto":
        raise TrainError(f"precision must be auto, fp32 or bf16, not {wish!r}")
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if _product_seconds(torch.bfloat16) < 0.8 * _product_seconds(torch.float32) else "fp32"


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    """Autocast for a forward pass; does nothing at fp32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def _product_seconds(dtype: torch.dtype) -> float:
    a = torch.ones(PROBE, PROBE, dtype=dtype)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return best
