"""Several processes that train one GAN together, started by `torchrun`; one process alone needs nothing of this.

Each takes its share of every batch, gradients are averaged, so all hold the same weights; the first one writes.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist

# Has the group of all processes as a default argument. Imported once there is such a group, as the first optimiser
# would, it keeps the group and its threads for good, and one of those may abort the process when Python ends.
import torch.distributed.nn
from torch import nn

from tlgan_runtime.signals import watch_launcher


@contextmanager
def joined() -> Iterator[None]:
    """Join the processes that torchrun started this one with: by NCCL where each has a CUDA device, else by gloo."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    # torchrun that is killed does not end its processes. They then stop as at SIGTERM, with a checkpoint.
    watch_launcher(lambda: os.kill(os.getpid(), signal.SIGTERM))
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def count() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Number of this process, from 0; the first one writes files."""
    return dist.get_rank() if dist.is_initialized() else 0


def told(value: Any = None) -> Any:
    """The first process's `value`, in every process."""
    if count() == 1:
        return value
    box = [value]
    dist.broadcast_object_list(box)
    return box[0]


def any_of(flag: bool, device: torch.device) -> bool:
    """Whether `flag` is set in any process; the same answer in all."""
    if count() == 1:
        return flag
    votes = torch.tensor(float(flag), device=device)
    dist.all_reduce(votes)
    return votes.item() > 0


def average_gradients(optimiser: torch.optim.Optimizer) -> None:
    """Replace the gradients of an optimiser's parameters by their mean over processes, in one message."""
    if count() == 1:
        return
    gradients = [p.grad for group in optimiser.param_groups for p in group["params"] if p.grad is not None]
    together = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(together)
    together /= count()
    for gradient, mean in zip(gradients, together.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def share_buffers(networks: Iterable[nn.Module]) -> None:
    """Give every process the first one's BatchNorm statistics, which each gathers from its own pictures."""
    if count() == 1:
        return
    buffers = [b for network in networks for b in network.buffers() if b.is_floating_point()]
    together = torch.cat([buffer.flatten() for buffer in buffers])
    dist.broadcast(together, src=0)
    for buffer, values in zip(buffers, together.split([b.numel() for b in buffers]), strict=True):
        buffer.copy_(values.view_as(buffer))
