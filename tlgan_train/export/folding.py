"""Networks as their graphs hold them."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

Network = TypeVar("Network", bound=nn.Module)


def as_stored(network: Network) -> Network:
    """Change a network to what its graph holds: BatchNorm folded into the layer before it, weights in float16.

    The exporter folds as well. Weights that were rounded before they are folded would be rounded twice, and
    outputs would differ by a thousandth.
    """
    for layers in network.modules():
        if isinstance(layers, nn.Sequential):
            for place, (layer, norm) in enumerate(pairwise(layers)):
                if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    layers[place], layers[place + 1] = fuse_conv_bn_eval(layer, norm), nn.Identity()
                elif isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
                    layers[place], layers[place + 1] = fuse_linear_bn_eval(layer, norm), nn.Identity()
    with torch.no_grad():
        for weight in network.parameters():
            if weight.dim() >= 2:
                weight.copy_(weight.half())
    return network
