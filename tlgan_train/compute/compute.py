"""`Compute`: the device, precision, ranks and signals of a process. A run makes it once and every stage uses it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from tlgan_train.compute import distributed
from tlgan_train.compute.device import autocast, pick_device, pick_precision
from tlgan_train.compute.interrupts import HeldInterrupts

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Compute:
    """Device, precision, ranks and signals of this process.

    `place` moves networks to the device. Functions that take or return numpy arrays move each batch to the device of
    the network and back.
    """

    device: torch.device
    precision: str
    """Precision of training steps, `fp32` or `bf16`. Everything else computes in fp32."""

    @classmethod
    def here(cls, wish: str) -> Compute:
        """Return what this machine offers: its first CUDA device if it has one, else its CPU.

        `wish` is the setting `gan.precision`. Raises `TrainError` for a precision that does not exist.
        """
        device = pick_device()
        return cls(device, pick_precision(wish, device))

    @property
    def rank(self) -> int:
        """Number of this process among those that train together, from 0. Process 0 writes the files."""
        return distributed.rank()

    @property
    def ranks(self) -> int:
        """Number of processes that train together."""
        return distributed.count()

    def place(self, network: Network) -> Network:
        """Move a network to the device and return it."""
        return network.to(self.device)

    def put(self, array: np.ndarray) -> Tensor:
        """Return the array as a tensor on the device."""
        return torch.from_numpy(array).to(self.device)

    def autocast(self) -> AbstractContextManager[None]:
        """Return a context manager for the forward passes of a training step: autocast in bf16, nothing in fp32."""
        return autocast(self.device, self.precision)

    def hold_interrupts(self) -> HeldInterrupts:
        """Return a context manager in which Ctrl-C, SIGTERM and SIGHUP wait until a step is complete."""
        return HeldInterrupts()

    def interrupted(self, interrupts: HeldInterrupts) -> bool:
        """Return whether any of the processes that train together was interrupted. All get the same answer."""
        return distributed.any_of(interrupts.pending, self.device)


ON_CPU = Compute(torch.device("cpu"), "fp32")
"""For exports: their result must be the same on every machine, and a GPU would not make them faster."""
