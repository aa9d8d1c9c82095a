"""A process of those that train together: leaves its own weights beside the run folder. Started by torchrun."""

from __future__ import annotations

import json
import sys
import weakref
from pathlib import Path

import torch
import torch.distributed as dist
from painter import bars
from safetensors.torch import save_file

from tlgan_train.compute import distributed
from tlgan_train.config import Config
from tlgan_train.gan.train import train_gan

if __name__ == "__main__":
    run, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
    torch.set_num_threads(1)
    data = bars(count=10)
    with distributed.joined():
        group = weakref.ref(dist.group.WORLD)
        config = Config.from_dict({"gan": settings, "data": {"image_size": 32}, "seed": 5})
        state = train_gan(config, data, data.characters, run, log=lambda _: None, progress=False)
        weights = {f"{name}.{key}": p for name, net in state.networks().items() for key, p in net.named_parameters()}
        save_file({key: p.detach().contiguous() for key, p in weights.items()}, f"{run}.{distributed.rank()}")
    assert group() is None, "the processes are still joined"
