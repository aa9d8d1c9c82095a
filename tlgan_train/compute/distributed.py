"""Several processes, started by `torchrun`, that train one GAN together. With one process, nothing here has an effect.

Each process takes its share of every batch. Gradients are averaged, so all processes hold the same weights. Process 0
writes the files.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
import torch.distributed as dist

# Import this before the group of processes exists. The module has the group as a default argument, so a later import,
# for example by the first optimiser, keeps the group and its threads alive. One of them may abort the process at exit.
import torch.distributed.nn
from torch import nn

from tlgan_runtime.signals import watch_launcher
from tlgan_train.errors import TrainError


@contextmanager
def joined() -> Iterator[None]:
    """Join the other processes of `torchrun` for the block: through NCCL if there is a CUDA device, else gloo."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    # A killed torchrun does not end its processes. They then stop as after SIGTERM, with a checkpoint.
    watch_launcher(lambda: os.kill(os.getpid(), signal.SIGTERM))
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


_ALONE = ContextVar("alone", default=False)


@contextmanager
def alone() -> Iterator[None]:
    """Compute in this process as if there were no others. They would wait for ever in work that only one does."""
    token = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(token)


@contextmanager
def _in_touch() -> Iterator[None]:
    """Raise `TrainError` for an exchange that another process does not answer, because it has ended."""
    try:
        yield
    except RuntimeError as error:
        lost = "a process that trains along has ended; see what it printed. The same command resumes from the last"
        raise TrainError(f"{lost} checkpoint") from error


def count() -> int:
    """Return the number of processes that train together."""
    return dist.get_world_size() if dist.is_initialized() and not _ALONE.get() else 1


def rank() -> int:
    """Return the number of this process, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def broadcast(value: Any = None) -> Any:
    """Return the `value` of the first process, in every process."""
    if count() == 1:
        return value
    box = [value]
    with _in_touch():
        dist.broadcast_object_list(box)
    return box[0]


def any_of(flag: bool, device: torch.device) -> bool:
    """Return whether `flag` is set in any process. All processes get the same answer."""
    if count() == 1:
        return flag
    votes = torch.tensor(float(flag), device=device)
    with _in_touch():
        dist.all_reduce(votes)
        return votes.item() > 0


def average_gradients(optimiser: torch.optim.Optimizer) -> None:
    """Replace the gradients of an optimiser's parameters by their mean over all processes, in one message."""
    if count() == 1:
        return
    gradients = [p.grad for group in optimiser.param_groups for p in group["params"] if p.grad is not None]
    together = torch.cat([gradient.flatten() for gradient in gradients])
    with _in_touch():
        dist.all_reduce(together)
    together /= count()
    for gradient, mean in zip(gradients, together.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def share_buffers(networks: Iterable[nn.Module]) -> None:
    """Copy the BatchNorm statistics of process 0 to all processes. Each gathers them from its own pictures."""
    if count() == 1:
        return
    buffers = [b for network in networks for b in network.buffers() if b.is_floating_point()]
    together = torch.cat([buffer.flatten() for buffer in buffers])
    with _in_touch():
        dist.broadcast(together, src=0)
    for buffer, values in zip(buffers, together.split([b.numel() for b in buffers]), strict=True):
        buffer.copy_(values.view_as(buffer))
