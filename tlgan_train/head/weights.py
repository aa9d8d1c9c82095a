"""The files of the head in a run folder."""

from __future__ import annotations

from pathlib import Path

import torch

from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.models.head import Head
from tlgan_train.run_folder import load_tensors, save_tensors

WEIGHTS = "head/weights.safetensors"
METRICS = "head/metrics.json"
"""What was measured of the head (see `figures`)."""


def save_head(head: Head, run: Path) -> None:
    """Write the weights of a head."""
    facts = {name: getattr(head, name) for name in ("width", "feature_size", "image_size", "channels")}
    save_tensors(run / WEIGHTS, head.state_dict(), facts)


def load_head(run: Path, compute: Compute = ON_CPU) -> Head | None:
    """Return the head of a run, in eval mode, or None if it has none."""
    if not (run / WEIGHTS).exists():
        return None
    tensors, facts = load_tensors(run / WEIGHTS, made_by="head")
    head = Head(**facts)
    head.load_state_dict(tensors)
    return compute.place(head).requires_grad_(False).eval().to(memory_format=torch.channels_last)
