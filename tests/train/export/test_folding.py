"""The graph that reads: the probabilities of the network that it is compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from tlgan_train.export.folding import as_stored
from tlgan_train.export.stored_weights import store_half
from tlgan_train.export.torch_export import ReadingGraph, to_onnx
from tlgan_train.models.residual import ResidualClassifier


@pytest.mark.numerical
def test_a_trained_batch_norm_is_stored_as_it_is_compared(tmp_path: Path) -> None:
    torch.manual_seed(0)
    classifier = ResidualClassifier(emotions=7, characters=4, image_size=64, hidden=32).eval()
    for layer in classifier.modules():
        if isinstance(layer, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):  # as far from 0 and 1 as training leads
            for values in (layer.weight.data, layer.running_var):
                values.uniform_(0.2, 5)
            for values in (layer.bias.data, layer.running_mean):
                values.normal_()
    images = torch.randint(0, 256, (16, 64, 64, 3), dtype=torch.uint8)
    graph = ReadingGraph(as_stored(classifier))
    to_onnx(graph, (images[:2],), ("image",), ("emotion", "character"), tmp_path / "classifier.onnx", store_half)
    session = onnxruntime.InferenceSession(tmp_path / "classifier.onnx", providers=["CPUExecutionProvider"])
    with torch.no_grad():
        for found, expected in zip(session.run(None, {"image": images.numpy()}), graph(images), strict=True):
            np.testing.assert_allclose(found, expected.numpy(), atol=2e-5)
