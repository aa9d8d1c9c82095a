"""The graph that draws: the pictures of the network, in standard operators, in half the bytes."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from drawn import colourful, pictures, psnr
from onnx import numpy_helper

from tlgan_train.export.generator_graph import FastGenerator, drawing_graph
from tlgan_train.export.stored_weights import store_half
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.inference import to_uint8

pytestmark = pytest.mark.numerical


def latents(count: int, latent_dim: int) -> np.ndarray:
    return np.random.default_rng(count).standard_normal((count, latent_dim)).astype(np.float32)


@pytest.mark.parametrize(
    ("latent_dim", "width", "size", "mapping_width"),
    [
        (8, 4, 32, 0),
        pytest.param(64, 32, 64, 32, marks=pytest.mark.slow),
        pytest.param(100, 3, 64, 0, marks=pytest.mark.slow),
        pytest.param(6, 4, 128, 5, marks=pytest.mark.slow),
    ],
)
def test_it_draws_what_the_network_draws(latent_dim: int, width: int, size: int, mapping_width: int) -> None:
    generator = colourful(latent_dim, width, size, mapping_width)
    model = drawing_graph(generator)
    for count in (1, 3, 9):
        z = latents(count, latent_dim)
        expected = to_uint8(generator(torch.from_numpy(z))).numpy()
        assert expected.std() > 20  # a grey square would prove nothing
        drawn = pictures(model, z)
        assert drawn.shape == expected.shape and drawn.dtype == np.uint8
        difference = np.abs(drawn.astype(int) - expected)
        assert difference.max() <= 1 and (difference > 0).mean() < 1e-3


@pytest.mark.slow
def test_black_and_white_stay_in_range() -> None:
    generator = colourful(8, 4, 32)
    generator.layers[-2].weight *= 100
    z = latents(4, 8)
    drawn = pictures(drawing_graph(generator), z)
    assert drawn.min() == 0 and drawn.max() == 255
    np.testing.assert_allclose(drawn, to_uint8(generator(torch.from_numpy(z))), atol=1)


def test_it_is_of_standard_operators_with_a_free_batch() -> None:
    model = drawing_graph(colourful(8, 4, 32))
    onnx.checker.check_model(model, full_check=True)
    assert {(opset.domain, opset.version) for opset in model.opset_import} == {("", 18)}
    for value in (*model.graph.input, *model.graph.output):
        assert value.type.tensor_type.shape.dim[0].dim_param == "N"


def test_a_network_of_other_layers_is_not_taken_for_a_generator() -> None:
    generator = Generator(8, 4, 32)
    generator.layers[1] = torch.nn.Identity()
    with pytest.raises(TypeError, match="BatchNorm"):
        FastGenerator(generator)


@pytest.mark.slow
def test_weights_take_half_the_bytes_and_draw_the_same() -> None:
    generator, z = colourful(64, 32, 64), latents(16, 64)
    whole = drawing_graph(generator)
    half = store_half(whole)
    onnx.checker.check_model(half, full_check=True)
    assert len(half.SerializeToString()) < 0.52 * len(whole.SerializeToString())
    before, after = pictures(whole, z), pictures(half, z)
    assert np.abs(before.astype(int) - after).max() <= 1 and psnr(before, after) > 60


def test_only_weights_that_fit_are_halved() -> None:
    generator = colourful(8, 4, 32)
    generator.layers[-2].weight[0, 0, 0, 0] = 1e5  # float16 ends at 65504
    half = store_half(drawing_graph(generator))
    kinds = {tensor.name: numpy_helper.to_array(tensor) for tensor in half.graph.initializer}
    assert any(value.dtype == np.float32 and value.ndim == 4 and value.max() > 9e4 for value in kinds.values())
    assert all(value.dtype != np.float16 or value.ndim >= 2 for value in kinds.values())
    assert any(value.dtype == np.float16 for value in kinds.values())
