"""What is in a bundle, in words."""

from __future__ import annotations

from collections.abc import Iterator

from tlgan_runtime.editor import CheerMeUp
from tlgan_runtime.manifest import Manifest


def describe_bundle(editor: CheerMeUp) -> list[str]:
    """Lines of a name and what it is, for people."""
    manifest = editor.manifest
    return [
        f"name        {manifest.name} (schema {manifest.schema_version}, made by {manifest.created_by})",
        f"path        {editor.path}",
        f"emotions    {', '.join(manifest.emotions)}",
        f"characters  {', '.join(manifest.characters)}",
        f"draws       {', '.join(manifest.drawn_characters)}",
        f"pictures    {manifest.image_size} x {manifest.image_size} pixels from {manifest.latent_dim} latents",
        f"methods     {', '.join(editor.methods)} (the first is the default)",
        f"license     {manifest.license}",
        *(f"file        {name}: {entry.role}, {entry.bytes} bytes" for name, entry in manifest.files.items()),
        *_measured(manifest, editor.methods[0]),
    ]


def _measured(manifest: Manifest, method: str) -> Iterator[str]:
    """Lines on how well each emotion was measured to work; none when the bundle does not say."""
    try:
        for emotion, figures in manifest.metrics["methods"][method]["emotions"].items():
            yield (
                f"measured    {emotion}: success {figures['success']['value']:.2f}, "
                f"mean end probability {figures['mean_end']['value']:.2f} by an independent judge"
            )
    except (AttributeError, KeyError, TypeError, ValueError):
        return
