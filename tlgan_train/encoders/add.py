"""Adds an encoder to a bundle that has none, so that it can edit pictures of one's own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from tlgan_runtime.bundle.find import find_bundle
from tlgan_runtime.bundle.write import amend_bundle, changeable
from tlgan_runtime.editor import CheerMeUp
from tlgan_runtime.errors import CheerMeUpError
from tlgan_runtime.pictures.inversion import Codec
from tlgan_runtime.transparency import averaged
from tlgan_train.compute.compute import Compute
from tlgan_train.compute.seeds import stream_seed
from tlgan_train.data import load_dataset
from tlgan_train.data.cache import Progress
from tlgan_train.encoders import distil
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.evaluate import check_same_labels
from tlgan_train.evaluation.model import finished_bundle
from tlgan_train.evaluation.redrawing import evaluate_redrawing
from tlgan_train.export.bundle import export_encoder
from tlgan_train.export.folding import as_stored
from tlgan_train.models.inference import predict
from tlgan_train.sections import DataConfig


def add_encoder(
    bundle: str,
    data: str | None = None,
    log: Callable[[str], None] = print,
    progress: Progress | None = None,
) -> Path:
    """Train an encoder for a bundle by the pictures of `data`, write it into the bundle, and return the bundle's path.

    `data` None stands for the pictures that the bundle was trained on. An encoder that is there is replaced. After an
    interrupt, the bundle is complete, with or without the new one. Raises `TrainError` if the bundle cannot be changed,
    or for pictures of other emotions or characters.
    """
    try:
        path = changeable(find_bundle(bundle))
        app, model, compute = CheerMeUp(path), finished_bundle(path), Compute.here("auto")
        size = app.manifest.read_size
        spec = data or app.manifest.training.get("data")
        if not isinstance(spec, str):
            raise TrainError(f"the manifest of {path} names no training pictures; give them with --data")
        config = DataConfig(spec=spec, image_size=size)
        dataset = load_dataset(config, model.seed, progress=progress, background=model.background)
        check_same_labels(model, dataset)
        codec = Codec(size, model.background, app.encode, lambda z: averaged(app.render(z), size))
        encoder = distil.distilled_encoder(
            codec, app.sample, dataset.images[dataset.indices("train", model.drawn)], app.latent_dim,
            stream_seed(model.seed, "encoder"), compute, log, distil.STEPS,
        )  # fmt: skip
        encoder = as_stored(encoder.to("cpu"))
        measured = evaluate_redrawing(dataset, replace(model, encode=lambda images: predict(encoder, images)[0]))
        assert measured is not None
        log(f"test pictures are drawn again with {measured.psnr:.1f} dB")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "encoder.onnx"
            export_encoder(encoder, file)
            figures = {"redrawing": asdict(measured)}
            amend_bundle(path, {"encoder.onnx": file.read_bytes()}, figures, fit=asdict(measured.fit))
    except CheerMeUpError as error:
        raise TrainError(str(error)) from error
    return path
