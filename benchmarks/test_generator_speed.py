"""Pictures a second of the generator that a bundle holds, beside the two ways in which one would run it otherwise.

`plain` is what `torch.onnx.export` makes of the network, in a session of ONNX Runtime with its default options, and
`eager` is the network in torch. All alternate in one run, on one core and on two. The network has the shape of those in
the shipped bundles; its weights, which do not change how long it takes, are random. Writes
`results/generator_speed.json`: milliseconds a picture and pictures a second as ratios to both, from the best of all
calls; on one core in CPU time, which other work on the machine changes least, else by the clock. How the time of a GIF
grows with frames, faces and size is in `results/growth.json`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from tlgan_runtime import CheerMeUp
from tlgan_runtime.graphs.session import Engine, Graph, Tensor
from tlgan_train.export.generator_graph import drawing_graph
from tlgan_train.export.int8_graph import int8_graph
from tlgan_train.export.stored_weights import store_half
from tlgan_train.export.torch_export import DrawingGraph, to_onnx
from tlgan_train.models.dcgan import Generator

LATENT_DIM, WIDTH, SIZE, MAPPING_WIDTH = 64, 32, 64, 256
BATCHES = (1, 8, 64)
CORES = (1, 2)
ROUNDS, ROUND_SECONDS = 9, 0.06
RESULTS = Path(__file__).with_name("results")

Draw = Callable[[np.ndarray], object]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Generator, dict[str, bytes]]:
    torch.manual_seed(0)
    generator = Generator(LATENT_DIM, WIDTH, SIZE, MAPPING_WIDTH).eval().requires_grad_(False)
    calibration = np.random.default_rng(0).standard_normal((256, LATENT_DIM)).astype(np.float32)
    graphs: dict[str, onnx.ModelProto] = {
        "default": store_half(drawing_graph(generator)),
        "int8": store_half(int8_graph(generator, calibration)),
    }
    generator.layers[0].__class__ = nn.ConvTranspose2d  # as everybody has it
    plain = tmp_path_factory.mktemp("plain") / "generator.onnx"
    to_onnx(DrawingGraph(generator), (torch.zeros(2, LATENT_DIM),), ("z",), ("image",), plain)
    return generator, {"plain": plain.read_bytes(), **{name: m.SerializeToString() for name, m in graphs.items()}}


def test_images_per_second_on_cpu(models: tuple[Generator, dict[str, bytes]]) -> None:
    usable = os.sched_getaffinity(0)
    facts: dict[str, object] = {
        "cpu": cpu_name(),
        "load": os.getloadavg()[0],
        "latent_dim": LATENT_DIM,
        "width": WIDTH,
        "image_size": SIZE,
    }
    for cores in (cores for cores in CORES if cores <= len(usable)):
        with on_cores(cores):
            facts[f"cores_{cores}"] = compare(
                ways(models, "cpu", cores), time.process_time if cores == 1 else time.perf_counter
            )
    facts["session_seconds"] = {name: start_seconds(model) for name, model in models[1].items()}
    facts["bytes"] = {name: len(model) for name, model in models[1].items()}
    write("generator_speed", facts)


@pytest.mark.skipif(
    "CUDAExecutionProvider" not in onnxruntime.get_available_providers() or not torch.cuda.is_available(),
    reason="no GPU, or onnxruntime or torch without CUDA",
)
def test_images_per_second_on_cuda(models: tuple[Generator, dict[str, bytes]]) -> None:
    generator, graphs = models
    graphs = {name: model for name, model in graphs.items() if name != "int8"}  # which draws on the CPU
    write(
        "generator_speed_cuda",
        {"gpu": torch.cuda.get_device_name(), **compare(ways((generator, graphs), "cuda", 1), time.perf_counter)},
    )


def test_time_grows_with_the_work(tmp_path: Path) -> None:
    """Seconds of 1, 2 and 4 times the frames, the faces and the pixels of a GIF, and by how much the last of these
    steps, for each unit of work, takes longer than the first one: 1 where time is linear."""
    app = CheerMeUp(provider="cpu", threads=1)
    usual = {"steps": 30, "faces": 4, "size": 128}
    app.gif(tmp_path / "warm.gif", **usual)
    facts = {}
    for name, start in (("steps", 30), ("faces", 4), ("size", 128)):
        values = [start, start * 2, start * 4] if name != "size" else [start, round(start * 2**0.5), start * 2]
        seconds = [best(partial(app.gif, tmp_path / "out.gif", **{**usual, name: value})) for value in values]
        growth = (seconds[2] - seconds[1]) / (2 * (seconds[1] - seconds[0]))
        facts[name] = {"values": values, "cpu_seconds": seconds, "second_step_to_first": growth}
        assert seconds == sorted(seconds)
    write("growth", facts)


def ways(models: tuple[Generator, dict[str, bytes]], device: str, cores: int) -> dict[str, Draw]:
    generator, graphs = models
    found = {
        "plain": drawn_plainly(graphs["plain"], device, cores),
        "eager": drawn_eagerly(DrawingGraph(generator), device),
    }
    return found | {name: drawn_by(model, SIZE, 3, device, cores) for name, model in graphs.items() if name != "plain"}


@contextmanager
def on_cores(cores: int) -> Iterator[None]:
    """Keep this process and torch to some cores."""
    usable, threads = os.sched_getaffinity(0), torch.get_num_threads()
    try:
        os.sched_setaffinity(0, sorted(usable)[:cores])
        torch.set_num_threads(cores)
        yield
    finally:
        os.sched_setaffinity(0, usable)
        torch.set_num_threads(threads)


def drawn_by(model: bytes, size: int, channels: int, device: str, cores: int) -> Draw:
    """What draws with a graph of this package, as bundles do."""
    takes, gives = Tensor("tensor(float)", (LATENT_DIM,)), Tensor("tensor(uint8)", (size, size, channels))
    graph = Graph(Engine(device, cores), "generator", model, takes={"z": takes}, gives={"image": gives})
    return lambda z: graph.run(z)["image"]


def drawn_plainly(model: bytes, device: str, cores: int) -> Draw:
    """What draws with a graph in a session of ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    provider = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
    session = onnxruntime.InferenceSession(model, options, providers=[provider])
    return lambda z: session.run(["image"], {"z": z})[0]


def drawn_eagerly(network: nn.Module, device: str) -> Draw:
    """What draws with a network in torch."""
    network = network.to(device)
    return torch.inference_mode()(lambda z: network(torch.from_numpy(z).to(device)).cpu().numpy())


def compare(ways: dict[str, Draw], clock: Callable[[], float]) -> dict[str, object]:
    """For each batch: milliseconds a picture, and pictures a second as a ratio to both other ways."""
    facts: dict[str, object] = {}
    for batch in BATCHES:
        z = np.random.default_rng(batch).standard_normal((batch, LATENT_DIM)).astype(np.float32)
        times = dict.fromkeys(ways, float("inf"))
        for _ in range(ROUNDS):
            for name, draw in ways.items():
                draw(z)
                end = time.perf_counter() + ROUND_SECONDS
                while time.perf_counter() < end:
                    start = clock()
                    draw(z)
                    times[name] = min(times[name], clock() - start)
        facts[f"batch_{batch}"] = {
            "ms_per_image": {name: 1000 * seconds / batch for name, seconds in times.items()},
            "to_plain": {name: times["plain"] / seconds for name, seconds in times.items()},
            "to_eager": {name: times["eager"] / seconds for name, seconds in times.items()},
        }
    return facts


def start_seconds(model: bytes) -> float:
    """Of a session."""
    engine = Engine("cpu", 1)
    return min(best(lambda: engine.start(model, "a graph")) for _ in range(5))


def best(work: Callable[[], object]) -> float:
    """CPU seconds, the less of two."""
    seconds = []
    for _ in range(2):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def cpu_name() -> str:
    """What Linux calls it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")


def write(name: str, facts: dict[str, object]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))
