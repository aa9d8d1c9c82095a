"""The one object that says where and how finely a process computes. A run makes it once, and every stage asks it."""

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

    Networks that went through `place` work on the device. Functions that take or return numpy arrays move their batches
    there and back, by the device of the network.
    """

    device: torch.device
    precision: str
    """`fp32` or `bf16`, of training steps. Everything else computes in fp32."""

    @classmethod
    def here(cls, wish: str) -> Compute:
        """What this machine offers: its first CUDA device if it has one, else its CPU.

        `wish` is the setting `gan.precision`; raises `TrainError` for one that does not exist.
        """
        device = pick_device()
        return cls(device, pick_precision(wish, device))

    @property
    def rank(self) -> int:
        """Number of this process among those that train together, from 0; the first one writes files."""
        return distributed.rank()

    @property
    def ranks(self) -> int:
        """How many processes train together."""
        return distributed.count()

    def place(self, network: Network) -> Network:
        """The same network, moved to the device."""
        return network.to(self.device)

    def put(self, array: np.ndarray) -> Tensor:
        """The array as a tensor on the device."""
        return torch.from_numpy(array).to(self.device)

    def autocast(self) -> AbstractContextManager[None]:
        """Autocast for the forward passes of a training step; does nothing at fp32."""
        return autocast(self.device, self.precision)

    def hold_interrupts(self) -> HeldInterrupts:
        """A block in which Ctrl-C, SIGTERM and SIGHUP wait until a step is whole; see `interrupted`."""
        return HeldInterrupts()

    def interrupted(self, interrupts: HeldInterrupts) -> bool:
        """Whether this process, or one that trains together with it, was interrupted; the same answer in all."""
        return distributed.any_of(interrupts.pending, self.device)


ON_CPU = Compute(torch.device("cpu"), "fp32")
"""For work that has to be the same on every machine, and that a GPU would not make faster: exports."""
