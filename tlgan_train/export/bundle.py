"""Export a run folder as a bundle that any ONNX runtime can load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from tlgan_runtime.bundle.manifest import MANIFEST
from tlgan_runtime.bundle.write import replace_bundle, write_manifest
from tlgan_runtime.editor import CheerMeUp
from tlgan_runtime.files import creating, unfinished
from tlgan_runtime.graphs.end_finders import PATHS
from tlgan_runtime.stills import save_grid
from tlgan_runtime.transparency import averaged, colour, over
from tlgan_train.attributes.add import current_attributes, measured
from tlgan_train.axes.learned_ends import load_paths
from tlgan_train.axes.samples import draw_latents
from tlgan_train.classifiers.classifier import load_classifier
from tlgan_train.errors import TrainError
from tlgan_train.evaluation.document import read_evaluation, write_evaluation
from tlgan_train.evaluation.weaknesses import with_weaknesses
from tlgan_train.export.folding import as_stored
from tlgan_train.export.generator_graph import drawing_graph
from tlgan_train.export.int8_graph import CALIBRATION_LATENTS, CHECK_LATENTS, check_int8, int8_graph
from tlgan_train.export.stored_weights import store_half, store_single
from tlgan_train.export.torch_export import DrawingGraph, EncodingGraph, ReadingGraph, to_onnx
from tlgan_train.gan.state import label_names
from tlgan_train.gan.weights import load_encoder, load_generator
from tlgan_train.head.weights import METRICS, load_head
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.encoder import Encoder
from tlgan_train.models.ends import PathNetwork
from tlgan_train.models.head import Head, HeadedGenerator
from tlgan_train.report.model_card import model_card, with_attributes
from tlgan_train.revision import code_revision
from tlgan_train.run_folder import read_json, write_json
from tlgan_train.start import save_networks

PARITY_LATENTS = 64
PREVIEW, CAST_PREVIEW = (8, 128), (6, 80)
"""Number of faces in `preview.gif` and their side in pixels, for one character and for several. With several, the
bundle also holds a mapping, so the preview is smaller."""
GRID = {"faces": 4, "seed": 0, "size": 64}
"""Options of `emotions.png`, which the model card shows."""
LEVEL_TOLERANCE, FAR_TOLERANCE, FAR_SHARE = 1, 4, 1e-4
"""Largest allowed difference between the pictures of torch and of ONNX Runtime, in levels of 255: of nearly all values,
and of a share of them. Stored weights are rounded, which moves steep edges of large faces a little more."""
PROBABILITY_TOLERANCE = 1e-4
"""Largest allowed difference between the probabilities of torch and of ONNX Runtime."""


def export_bundle(
    run: Path,
    out: Path,
    name: str | None = None,
    log: Callable[[str], None] = print,
    *,
    int8: bool = False,
) -> Path:
    """Write the bundle of a finished run to the folder `out`, and return the folder. Replaces a bundle that is there.

    After an interrupt at any time, `out` holds the old bundle or the new one. Other files in it stay.

    With `int8`, the bundle gets a second, faster generator in 8-bit integers.

    Raises `TrainError`, and leaves `out` as it was, in these cases:
    - a stage has not run
    - `out` exists and is no bundle
    - ONNX Runtime does not reproduce the pictures and probabilities of torch on 64 latents
    - the faces of the second generator differ too much (`check_int8`)
    """
    check_out(out)
    settings = read_json(run / "config.json", made_by="all")
    evaluation = with_weaknesses(read_evaluation(run / "evaluation.json"))
    axes = read_json(run / "axes.json", made_by="axes")
    generator, head, classifier = load_generator(run), load_head(run), as_stored(load_classifier(run))
    encoder = load_encoder(run) if evaluation.redrawing else None
    drawing = generator if head is None else HeadedGenerator(generator, head)
    attributes = current_attributes(run, log)
    axes |= {"attributes": attributes} if attributes else {}
    config = settings["config"]
    facts = {
        "name": name or out.resolve().name,
        "created_by": f"cheermeup {code_revision()}",
        "latent_dim": generator.latent_dim,
        **sizes(generator, head, read_json(run / "training.json", made_by="all")),
        "emotions": evaluation.emotions,
        "characters": evaluation.characters,
        "drawn_characters": evaluation.drawn_characters,
        "training": {**read_json(run / "training.json", made_by="all"), "code_revision": settings["code_revision"]},
        "metrics": {**evaluation.headlines(), **({"attributes": measured(attributes)} if attributes else {})},
        "license": license_of(config["data"]["spec"]),
    }
    if head is not None:
        facts["metrics"]["head"] = read_json(run / METRICS, made_by="head")
    if encoder is not None:
        facts["fit"] = evaluation.redrawing.fit
    out.parent.mkdir(parents=True, exist_ok=True)
    there = out.is_dir()
    with unfinished(out.parent, directory=True) if there else creating(out) as folder:
        z = torch.from_numpy(draw_latents(generator, PARITY_LATENTS, config["seed"], "parity"))
        images = DrawingGraph(generator)(z)
        if not generator.prior.plain:
            example = (torch.randn(2, generator.latent_dim),)
            to_onnx(generator.prior, example, ("z",), ("latent",), folder / "mapping.onnx", store_single)
        onnx.save(store_half(drawing_graph(generator, head)), folder / "generator.onnx")
        outputs = ("emotion", "character")
        to_onnx(ReadingGraph(classifier), (images[:2],), ("image",), outputs, folder / "classifier.onnx", store_half)
        if encoder is not None:
            export_encoder(as_stored(encoder), folder / "encoder.onnx")
        if any(method.get("ends") == PATHS for method in axes["methods"].values()):
            export_paths(load_paths(run), folder / "paths.onnx")
        sets = label_names(evaluation.emotions, evaluation.drawn_characters, config["gan"]["label_sectors"])
        save_networks(run, sets, folder)
        write_json(folder / "axes.json", axes)
        write_evaluation(folder / "evaluation.json", evaluation.without_curves())
        card = with_attributes(model_card(facts, evaluation), attributes)
        (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
        write_manifest(folder, **facts)
        app = CheerMeUp(folder, provider="cpu")
        check_parity(app, drawing, classifier, z.numpy())
        if int8:
            facts["metrics"] = {**facts["metrics"], "int8": write_int8(folder, facts, generator, head, config["seed"])}
        shown = "joy" if "joy" in app.emotions else app.emotions[0]
        faces, size = PREVIEW if len(app.drawn_characters) == 1 else CAST_PREVIEW
        app.gif(folder / "preview.gif", emotion=shown, faces=faces, seed=0, size=size)
        save_grid(app, folder / "emotions.png", **GRID)
        write_manifest(folder, **facts)
        if there:
            replace_bundle(out, folder)
    log(f"bundle {facts['name']}: {sum(f.stat().st_size for f in out.iterdir()) / 1e6:.1f} MB in {out}")
    return out


def sizes(generator: Generator, head: Head | None, facts: dict[str, Any]) -> dict[str, Any]:
    """Return what a manifest says of the size of faces. `facts` are those of the run."""
    if head is None:
        return {"image_size": generator.image_size}
    return {
        "image_size": head.image_size,
        "reader_size": generator.image_size,
        "channels": head.channels,
        "background": facts["background"],
    }


def check_out(out: Path) -> None:
    """Raise `TrainError` if a bundle at `out` would replace something that is not a bundle."""
    if out.exists() and not (out / MANIFEST).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise TrainError(f"{out} exists and is no bundle; move it away, or give --out a new folder")


def export_encoder(encoder: Encoder, path: Path) -> None:
    """Write the graph that finds latents of pictures, by an encoder that is `as_stored`."""
    example = torch.zeros(2, encoder.image_size, encoder.image_size, 3, dtype=torch.uint8)
    to_onnx(EncodingGraph(encoder), (example,), ("image",), ("z",), path, store_half)


def export_paths(network: PathNetwork, path: Path) -> None:
    """Write the graph that finds the ends of moves by a path network."""
    keep = {"keep": torch.zeros(len(network.slopes))}
    to_onnx(network, (torch.randn(2, len(network.mean)),), ("z",), ("ends",), path, settings=keep)


def write_int8(
    folder: Path, facts: dict[str, Any], generator: Generator, head: Head | None, seed: int
) -> dict[str, float]:
    """Add a generator in 8-bit integers to a bundle. Returns the differences between its faces and the original."""
    calibration = draw_latents(generator, CALIBRATION_LATENTS, seed, "int8 calibration")
    onnx.save(store_half(int8_graph(generator, calibration, head)), folder / "generator_int8.onnx")
    write_manifest(folder, **facts)
    exact, quick = (CheerMeUp(folder, provider="cpu", precision=precision) for precision in ("auto", "int8"))
    return check_int8(exact, quick, draw_latents(generator, CHECK_LATENTS, seed, "int8 check"))


def check_parity(app: CheerMeUp, generator: nn.Module, classifier: nn.Module, z: np.ndarray) -> None:
    """Raise `TrainError` if the exported graphs differ from the networks on latents (N, latent_dim)."""
    with torch.inference_mode():
        expected = DrawingGraph(generator)(torch.from_numpy(z)).numpy()
        shown = (
            expected if app.manifest.channels == 3 else over(expected, colour("background", app.manifest.background))
        )
        emotion, character = ReadingGraph(classifier)(torch.from_numpy(averaged(shown, app.manifest.read_size)))
    drawn = app.render(z) if app.manifest.channels == 3 else app.render(z, background=None)
    differences = np.abs(drawn.astype(int) - expected)
    few = (differences > LEVEL_TOLERANCE).mean() <= FAR_SHARE
    levels, allowed = differences.max(), FAR_TOLERANCE if few else LEVEL_TOLERANCE
    scores = app.classify(shown)
    probability = max(
        np.abs(scores.emotion - emotion.numpy()).max(), np.abs(scores.character - character.numpy()).max()
    )
    if levels > allowed or probability > PROBABILITY_TOLERANCE:
        raise TrainError(
            f"the exported graphs differ from the networks by {levels} levels (at most {allowed}) and "
            f"{probability:.1e} in probability (at most {PROBABILITY_TOLERANCE}); nothing was written"
        )


def license_of(spec: str) -> str:
    """Return the licence of models that were trained on a data spec."""
    if spec == "toon":
        return "MIT"
    if spec.startswith("ferg:"):
        return "research only: trained on FERG-DB, whose licence does not allow other use or redistribution"
    return "that of the training pictures, which belong to whoever trained this bundle"
