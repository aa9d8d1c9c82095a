"""Where the time of a training step goes, by kind of operation, and how near the machine's peak the convolutions are.

Steps of the presets `paper` and `quick` under torch.profiler, on random pictures, which cost what faces do, in the
precision in which each is trained on this machine. The peak is the best of some large products of matrices of that
precision; the operations of the convolutions are counted by torch's own counter. All on one thread and by CPU time,
which other work on the machine changes less. Writes `results/training_profile.json`, whose table is in
docs/research/training.md.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tables import profile_by_step
from torch.autograd.profiler_util import FunctionEvent
from torch.nn.utils import parametrizations
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils.flop_counter import FlopCounterMode

from tlgan_train.classifiers.classifier import new_classifier
from tlgan_train.compute.compute import Compute
from tlgan_train.compute.device import pick_precision
from tlgan_train.config import load_config
from tlgan_train.data.dataset import Dataset
from tlgan_train.gan import state as gan_state
from tlgan_train.gan import step as gan_step
from tlgan_train.models.inference import to_tensor
from tlgan_train.models.prior import Prior

STEPS, WARM_UP, EMOTIONS = 6, 2, tuple("abcdefg")
MATRIX, PRODUCTS = 2048, 8
RESULTS = Path(__file__).with_name("results")
MARKED = {"optimiser": "Optimizer.step", "averaged weights": "average", "spectral norm": "spectral", "prior": "prior"}
"""Kinds that are known by what is around an operation."""
NAMED = {
    "convolution, forward": ("mkldnn_convolution", "convolution", "slow_conv"),
    "convolution, backward": ("convolution_backward",),
    "batch norm": ("batch_norm",),
    "activations": ("relu", "threshold", "clamp_min", "tanh"),
    "losses": ("mse_loss", "aten::var"),
    "fully connected": ("addmm", "aten::mm"),
    "copies, other precision": ("aten::copy_",),
}
"""Kinds that are known by parts of an operation's name; a later one wins."""
KINDS = (*NAMED, *MARKED, "other")


def test_training_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    mark(monkeypatch)
    steps = {
        name: measured(preset, step)
        for name, preset, step in (
            ("paper", "paper", gan_step.training_step),
            ("quick, warm-up", "quick", gan_step.warmup_step),
            ("quick, adversarial", "quick", gan_step.training_step),
        )
    }
    facts = {"threads": 1, "load": os.getloadavg()[0], "steps": steps}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "training_profile.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(profile_by_step(facts))
    for step in steps.values():
        assert sum(step["share"].values()) == pytest.approx(1)
        assert step["share"]["convolution, backward"] > step["share"]["convolution, forward"] > 0.05


def measured(preset: str, step: Callable[..., Any]) -> dict[str, Any]:
    """Shares of the time of a step by kind, and its speeds."""
    config = load_config(preset)
    precision = pick_precision(config.gan.precision, torch.device("cpu"))
    batch = config.gan.batch_size
    dataset = noise(batch, config.data.image_size)
    compute = Compute(torch.device("cpu"), precision)
    state = gan_state.build(config, dataset, dataset.characters, compute)
    if config.gan.perceptual_weight:
        state.readers = (new_classifier(config.classifier, dataset).eval().requires_grad_(False),)
    if config.gan.warmup_images and step is gan_step.training_step:
        state.encoder.requires_grad_(False).eval()  # as after the warm-up
    labels = (torch.from_numpy(dataset.emotion),) if config.gan.label_sectors else ()

    def run() -> float:
        start = time.process_time()
        step(state, config.gan, to_tensor(dataset.images), labels, compute)
        return time.process_time() - start

    for _ in range(WARM_UP):
        run()
    seconds = float(np.median([run() for _ in range(STEPS)]))
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        for _ in range(STEPS):
            run()
    spent: Counter[str] = Counter()
    for event in profiled.events():
        spent[kind_of(event)] += event.self_cpu_time_total
    with FlopCounterMode(display=False) as counter:
        run()
    counts = counter.get_flop_counts()["Global"]
    convolutions = sum(count for operation, count in counts.items() if "convolution" in str(operation)) / 1e9
    share = {kind: spent[kind] / sum(spent.values()) for kind in KINDS}
    busy = seconds * (share["convolution, forward"] + share["convolution, backward"])
    return {
        "batch": batch,
        "precision": precision,
        "peak_gflops": peak_speed(precision),
        "images_per_second": batch / seconds,
        "gflop_per_image": sum(counts.values()) / 1e9 / batch,
        "convolution_gflops": convolutions / busy,
        "share": share,
    }


def kind_of(event: FunctionEvent) -> str:
    """Of the nearest mark around an event, else of its own name."""
    found = "other"
    for kind, parts in NAMED.items():
        if any(part in event.name for part in parts):
            found = kind
    around: FunctionEvent | None = event
    while around is not None:
        for kind, name in MARKED.items():
            if around.name.startswith(name):
                return kind
        around = around.cpu_parent
    return found


def mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the profiler see what is computed for the spectral norm, the prior and the averaged weights."""
    for owner, function, name in (
        (parametrizations._SpectralNorm, "forward", "spectral"),
        (Prior, "forward", "prior"),
        (Prior, "labels", "prior"),
        (Prior, "moments", "prior"),
        (gan_step, "average", "average"),
    ):
        monkeypatch.setattr(owner, function, marked(getattr(owner, function), name))


def marked(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        with record_function(name):
            return function(*arguments, **options)

    return call


def peak_speed(precision: str) -> float:
    """GFLOP/s of the fastest of some products of large matrices, on one thread."""
    left, right = torch.randn(2, MATRIX, MATRIX, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)
    best = float("inf")
    for _ in range(PRODUCTS):
        start = time.process_time()
        torch.mm(left, right)
        best = min(best, time.process_time() - start)
    return 2 * MATRIX**3 / best / 1e9


def noise(count: int, size: int) -> Dataset:
    """Pictures of nothing, of one character."""
    rng = np.random.default_rng(0)
    return Dataset(
        images=rng.integers(0, 256, (count, size, size, 3), dtype=np.uint8),
        emotion=rng.integers(0, len(EMOTIONS), count),
        character=np.zeros(count, np.int64),
        split=np.zeros(count, np.uint8),
        emotions=EMOTIONS,
        characters=("x",),
        digest="",
        spec="noise",
    )
