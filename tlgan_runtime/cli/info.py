"""The contents of a bundle, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tlgan_runtime.bundle.manifest import Manifest
from tlgan_runtime.editor import CheerMeUp


def describe_bundle(editor: CheerMeUp) -> list[str]:
    """A line for each fact: its name, and its value."""
    manifest = editor.manifest
    return [
        f"name        {manifest.name} (schema {manifest.schema_version}, made by {manifest.created_by})",
        f"path        {editor.path}",
        f"emotions    {', '.join(manifest.emotions)}",
        f"characters  {', '.join(manifest.characters)}",
        f"draws       {', '.join(manifest.drawn_characters)}",
        *([f"attributes  {', '.join(editor.attributes)}"] if editor.attributes else []),
        f"pictures    {manifest.image_size} x {manifest.image_size} pixels from {manifest.latent_dim} latents"
        + (", without a background" if manifest.channels == 4 else ""),
        f"methods     {', '.join(editor.methods)} (the first is the default)",
        f"license     {manifest.license}",
        *(f"file        {name}: {entry.role}, {entry.bytes} bytes" for name, entry in manifest.files.items()),
        *_measured(manifest, editor.methods[0], editor.attributes),
        *_weaknesses(manifest),
    ]


def _measured(manifest: Manifest, method: str, attributes: list[str]) -> Iterator[str]:
    """Lines on how well each emotion and attribute was measured to work; none where the bundle has no figures."""
    metrics = manifest.metrics
    for emotion in manifest.emotions:
        figures = _found(metrics, "methods", method, "emotions", emotion)
        if figures is None:
            continue
        success = _found(figures, "success")
        # Success is a share of the faces that do not show the emotion at first. Where all show it, its value is null.
        still = isinstance(success, Mapping) and "value" in success and success["value"] is None
        moved = "no face had to move" if still else f"success {_number(_found(success, 'value'))}"
        end = _number(_found(figures, "mean_end", "value"))
        yield f"measured    {emotion}: {moved}, mean end probability {end} by an independent judge"
    for name in attributes:
        figures = _found(metrics, "attributes", name)
        if figures is None:
            continue
        having, without = (_number(_found(figures, side, "mean_end", "value")) for side in ("with", "without"))
        ends = f"mean end probability {having}, without it {without}"
        yield f"measured    {name}: {ends}, by a reader that was not used in fitting"


def _weaknesses(manifest: Manifest) -> Iterator[str]:
    """Lines on what training found to be wrong with the model; none for a good one."""
    found = manifest.metrics.get("weaknesses")
    for weakness in found if isinstance(found, list) else []:
        says = _found(weakness, "says")
        if isinstance(says, str):
            yield f"weakness    {says}"


def _found(document: Any, *keys: str) -> Any:
    """The value under these nested keys; None where one is missing. A bundle may hold anything in its metrics."""
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _number(share: Any) -> str:
    return f"{share:.2f}" if isinstance(share, int | float) and 0 <= share <= 1 else "unknown"
