"""Open the graphs of a bundle: choose the generator, and declare the inputs and outputs of each graph."""

from __future__ import annotations

from typing import NamedTuple

from tlgan_runtime.bundle.axes_json import MAX_DISTANCE
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.choices import PRECISIONS
from tlgan_runtime.errors import InputError
from tlgan_runtime.graphs.session import Engine, Graph, Tensor
from tlgan_runtime.validation import one_of


class Graphs(NamedTuple):
    """The graphs of a bundle. Each starts at its first use."""

    mapping: Graph | None
    """`z` -> `latent`; None if the generator takes draws from N(0, I) as they are."""
    generator: Graph
    """`z` -> `image`."""
    classifier: Graph
    """`image` -> `emotion`, `character`."""
    encoder: Graph | None
    """`image` -> `z`; None if the bundle cannot find latents of pictures."""


def open_graphs(bundle: Bundle, engine: Engine, precision: str = "auto") -> Graphs:
    """Return the graphs of `bundle` on `engine`.

    `precision` alone chooses the generator: `auto` is the one in float32, and `int8` the faster one in 8-bit integers,
    which always runs on the CPU. The machine and the number of faces have no influence, so a face looks the same in
    every call. Raises `InputError` if the bundle or the engine cannot provide the precision.
    """
    manifest = bundle.manifest
    role = "generator"
    drawing = engine
    if one_of("precision", precision, PRECISIONS) == "int8":
        role = "generator_int8"
        if engine.provider == "cuda":
            raise InputError("precision int8 draws on the CPU; take provider cpu, or precision auto on the GPU")
        if role not in bundle.roles:
            raise InputError(
                f"the bundle {bundle.path} has no int8 generator; take precision auto, or tlgan-export it with --int8"
            )
        drawing = Engine("cpu", engine.threads)
    drawn, seen = manifest.image_size, manifest.read_size
    image = Tensor("tensor(uint8)", (drawn, drawn, manifest.channels))
    latents = Tensor("tensor(float)", (manifest.latent_dim,), largest=MAX_DISTANCE)
    mapping = encoder = None
    if "mapping" in bundle.roles:
        mapping = Graph(engine, "the mapping", bundle.read("mapping"), takes={"z": latents}, gives={"latent": latents})
    reads = {"image": Tensor("tensor(uint8)", (seen, seen, 3))}
    if "encoder" in bundle.roles:
        encoder = Graph(engine, "the encoder", lambda: bundle.read("encoder"), takes=reads, gives={"z": latents})
    return Graphs(
        mapping,
        Graph(drawing, "the generator", bundle.read(role), takes={"z": latents}, gives={"image": image}),
        Graph(
            engine,
            "the classifier",
            lambda: bundle.read("classifier"),
            takes=reads,
            gives={
                "emotion": Tensor("tensor(float)", (len(manifest.emotions),), probabilities=True),
                "character": Tensor("tensor(float)", (len(manifest.characters),), probabilities=True),
            },
        ),
        encoder,
    )
