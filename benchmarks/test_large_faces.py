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
import onnx
import onnxruntime
import torch
from test_generator_speed import LATENT_DIM, MAPPING_WIDTH, SIZE, WIDTH, Draw, compare, cpu_name, write
from torch import nn

from tlgan_runtime.graphs.session import Engine, Graph, Tensor
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
    ways = {
        "small": drawn_by(drawing_graph(generator), SIZE, 3),
        "default": drawn_by(drawing_graph(generator, head), LARGE, CHANNELS),
        "int8": drawn_by(int8_graph(generator, calibration, head), LARGE, CHANNELS),
    }
    generator.layers[0].__class__ = nn.ConvTranspose2d  # as everybody has it
    network = DrawingGraph(HeadedGenerator(generator, head))
    to_onnx(network, (torch.zeros(2, LATENT_DIM),), ("z",), ("image",), tmp_path / "plain.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    plain = onnxruntime.InferenceSession(tmp_path / "plain.onnx", options, providers=["CPUExecutionProvider"])
    ways["plain"] = lambda z: plain.run(["image"], {"z": z})[0]
    ways["eager"] = torch.inference_mode()(lambda z: network(torch.from_numpy(z)).numpy())
    usable, threads = os.sched_getaffinity(0), torch.get_num_threads()
    try:
        os.sched_setaffinity(0, sorted(usable)[:1])
        torch.set_num_threads(1)
        found = compare(ways, time.process_time)
    finally:
        os.sched_setaffinity(0, usable)
        torch.set_num_threads(threads)
    write("large_faces", {"cpu": cpu_name(), "load": os.getloadavg()[0], "batches": found})


def drawn_by(model: onnx.ModelProto, size: int, channels: int) -> Draw:
    """What draws with a graph of this package, as bundles do."""
    takes, gives = Tensor("tensor(float)", (LATENT_DIM,)), Tensor("tensor(uint8)", (size, size, channels))
    graph = Graph(
        Engine("cpu", 1), "generator", store_half(model).SerializeToString(), takes={"z": takes}, gives={"image": gives}
    )
    return lambda z: graph.run(z)["image"]
