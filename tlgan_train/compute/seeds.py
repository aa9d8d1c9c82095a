"""Make independent streams of random numbers from the one seed of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def stream_seed(seed: int, stream: str) -> int:
    """Return a seed for one named purpose of a run. Streams with different names are independent."""
    return int(np.random.SeedSequence([seed, *stream.encode()]).generate_state(1, np.uint64)[0]) >> 1


def seeded(build: Callable[[], Network], seed: int) -> Network:
    """Return a network with weights drawn from `seed`. The global random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()
