"""One object says where everything computes: every stage asks it, and arrays go there and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import call
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.nn.utils.parametrize import ParametrizationList

from tlgan_runtime.bundle.axes_json import BINARY
from tlgan_train.attributes.reader import grade_reader, train_reader
from tlgan_train.axes.learned_ends import found_by, load_paths
from tlgan_train.axes.samples import draw_faces, draw_latents, read_faces
from tlgan_train.classifiers.classifier import load_classifier, load_coaches
from tlgan_train.classifiers.judge import load_judge
from tlgan_train.cli.commands import main
from tlgan_train.compute.compute import ON_CPU, Compute
from tlgan_train.data.labels import LabelledPictures
from tlgan_train.gan.weights import load_encoder, load_generator
from tlgan_train.models.inference import predict
from tlgan_train.stages import STAGES

has_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[set[str], set[str]]]:
    """Names of networks that `Compute.place` got, and of modules with weights that computed without it."""
    placed: list[nn.Module] = []
    names: set[str] = set()
    strays: set[str] = set()
    place = Compute.place

    def record(self: Compute, network: nn.Module) -> nn.Module:
        network = place(self, network)
        placed.extend(network.modules())  # held, so that no other module gets the same id
        names.add(type(network).__name__)
        return network

    def check(module: nn.Module, _: object) -> None:
        # A parametrization computes once while its network is made, which is before anything can place it.
        weights = not isinstance(module, ParametrizationList) and any(True for _ in module.parameters(recurse=False))
        if weights and not any(module is one for one in placed):
            strays.add(type(module).__name__)

    with monkeypatch.context() as patch:
        patch.setattr(Compute, "place", record)
        hook = register_module_forward_pre_hook(check)
        try:
            yield names, strays
        finally:
            hook.remove()


NETWORKS = {
    "gan": {"Generator", "Discriminator", "Encoder"},
    "classifier": {"ResidualClassifier"},
    "judge": {"Judge"},
    "head": {"Generator", "Encoder", "Head"},
    "samples": {"Generator", "ResidualClassifier"},
    "axes": {"Generator", "ResidualClassifier", "Likeness", "PathNetwork"},
    "evaluate": {"Generator", "ResidualClassifier", "Judge", "PathNetwork"},
    "report": {"Generator", "Judge", "PathNetwork"},
}
"""Those that compute in each stage."""


@pytest.mark.slow
def test_every_network_of_every_stage_is_placed(
    clear_options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NETWORKS.keys() == set(STAGES)
    for stage in STAGES:
        with recorded(monkeypatch) as (placed, strays):
            outcome = call(main, stage, "--run", tmp_path / "run", *clear_options)
        assert outcome.code == 0, outcome.err
        assert (tmp_path / "run" / STAGES[stage].product).is_file()
        assert strays == set() and placed >= NETWORKS[stage], stage


def test_readers_of_attributes_are_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.repeat(np.array([0, 255] * 8, np.uint8), 32 * 32 * 3).reshape(16, 32, 32, 3)
    pictures = LabelledPictures(images, np.array([0, 1] * 8, np.float32), BINARY)
    monkeypatch.setattr("tlgan_train.attributes.reader.STEPS", 2)
    with recorded(monkeypatch) as (placed, strays):
        reader = train_reader(pictures, pictures.values, np.arange(16), 0, ON_CPU)
        grade_reader(reader, pictures, pictures.values, np.arange(16))
    assert placed == {"AttributeReader"} and strays == set()


def test_the_check_finds_a_network_that_was_not_placed(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = load_judge(run)
    with recorded(monkeypatch) as (placed, strays):
        predict(judge, np.zeros((2, 32, 32, 3), np.uint8))
    assert placed == set() and strays


def works(network_of: str, run: Path, compute: Compute) -> object:
    """Something that takes and returns arrays, by networks of a run that `compute` placed."""
    images, z = np.zeros((3, 32, 32, 3), np.uint8), np.zeros((3, 8), np.float32)
    generator = load_generator(run, compute)
    if network_of == "latents":
        return draw_latents(generator, 3, 0, "here")
    if network_of == "faces":
        return draw_faces(generator, z)
    if network_of == "readings of faces":
        return read_faces(generator, load_classifier(run, compute), z)
    if network_of == "ends":
        kept = np.zeros((3, 3), bool)
        return found_by(load_paths(run, compute))(z, np.ones(3, bool), kept)
    load = {"judge": load_judge, "encoder": load_encoder, "classifier": load_classifier}
    network = load_coaches(run, 1, compute)[0] if network_of == "coach" else load[network_of](run, compute)
    return predict(network, images)


WORKS = ("latents", "faces", "readings of faces", "ends", "judge", "encoder", "classifier", "coach")


@pytest.mark.parametrize("work", WORKS)
def test_arrays_are_taken_to_the_device_of_the_network(run: Path, work: str) -> None:
    """The device `meta` computes shapes alone: a batch that stays on the CPU does not meet the weights, and only the
    way back, after all arithmetic, is impossible."""
    with pytest.raises(NotImplementedError, match="meta tensor"):
        works(work, run, Compute(torch.device("meta"), "fp32"))
    here = works(work, run, ON_CPU)
    assert all(isinstance(array, np.ndarray) for array in (here if isinstance(here, tuple) else (here,)))


@has_cuda
@pytest.mark.parametrize("work", WORKS)
def test_a_gpu_gives_what_the_cpu_gives(run: Path, work: str) -> None:
    compute = Compute.here("fp32")
    assert compute.device.type == "cuda"
    there, here = works(work, run, compute), works(work, run, ON_CPU)
    for one, other in zip(*(found if isinstance(found, tuple) else (found,) for found in (there, here)), strict=True):
        np.testing.assert_allclose(one.astype(float), other.astype(float), rtol=1e-2, atol=2)


@has_cuda
@pytest.mark.slow
def test_every_stage_runs_on_a_gpu(clear_options: list[str], tmp_path: Path) -> None:
    for stage in STAGES:
        torch.cuda.reset_peak_memory_stats()
        outcome = call(main, stage, "--run", tmp_path / "run", *clear_options)
        assert outcome.code == 0, outcome.err
        assert torch.cuda.max_memory_allocated() > 0, stage
