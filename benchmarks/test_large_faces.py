"""Milliseconds a face of 256 pixels with alpha, beside one of 64 pixels, on one core.

`plain` is what `torch.onnx.export` makes of the network with its head, in a session of ONNX Runtime; `eager` is the
network in torch. The networks have the shape of those in the shipped bundles, and random weights. Writes
`results/large_faces.json`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import torch
from test_generator_speed import (
    LATENT_DIM,
    MAPPING_WIDTH,
    SIZE,
    WIDTH,
    compare,
    cpu_name,
    drawn_by,
    drawn_eagerly,
    drawn_plainly,
    on_cores,
    write,
)
from torch import nn

from tlgan_train.export.generator_graph import drawing_graph
from tlgan_train.export.int8_graph import int8_graph
from tlgan_train.export.stored_weights import store_half
from tlgan_train.export.torch_export import DrawingGraph, to_onnx
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.head import Head, HeadedGenerator

LARGE, CHANNELS = 256, 4


def test_a_face_of_256_pixels_beside_one_of_64(tmp_path: Path) -> None:
    torch.manual_seed(0)
    generator = Generator(LATENT_DIM, WIDTH, SIZE, MAPPING_WIDTH).eval().requires_grad_(False)
    head = Head.copied_from(generator, LARGE, CHANNELS).eval().requires_grad_(False)
    calibration = np.random.default_rng(0).standard_normal((256, LATENT_DIM)).astype(np.float32)
    graphs = {
        "small": (drawing_graph(generator), SIZE, 3),
        "default": (drawing_graph(generator, head), LARGE, CHANNELS),
        "int8": (int8_graph(generator, calibration, head), LARGE, CHANNELS),
    }
    generator.layers[0].__class__ = nn.ConvTranspose2d  # as everybody has it
    network, plain = DrawingGraph(HeadedGenerator(generator, head)), tmp_path / "plain.onnx"
    to_onnx(network, (torch.zeros(2, LATENT_DIM),), ("z",), ("image",), plain)
    with on_cores(1):
        ways = {
            name: drawn_by(store_half(model).SerializeToString(), size, channels, "cpu", 1)
            for name, (model, size, channels) in graphs.items()
        }
        ways |= {"plain": drawn_plainly(plain.read_bytes(), "cpu", 1), "eager": drawn_eagerly(network, "cpu")}
        found = compare(ways, time.process_time)
    write("large_faces", {"cpu": cpu_name(), "load": os.getloadavg()[0], "batches": found})
