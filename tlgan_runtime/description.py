"""What is in a bundle, in words."""

from __future__ import annotations

from tlgan_runtime.editor import CheerMeUp


def describe_bundle(editor: CheerMeUp) -> list[str]:
    """Lines of a name and what it is, for people."""
    manifest = editor.manifest
    return [
        f"name        {manifest.name} (schema {manifest.schema_version}, made by {manifest.created_by})",
        f"path        {editor.path}",
        f"emotions    {', '.join(manifest.emotions)}",
        f"characters  {', '.join(manifest.characters)}",
        f"draws       {', '.join(manifest.drawn_characters)}",
        *([f"attributes  {', '.join(editor.attributes)}"] if editor.attributes else []),
        f"pictures    {manifest.image_size} x {manifest.image_size} pixels from {manifest.latent_dim} latents",
        f"methods     {', '.join(editor.methods)} (the first is the default)",
        f"license     {manifest.license}",
        *(f"file        {name}: {entry.role}, {entry.bytes} bytes" for name, entry in manifest.files.items()),
        *manifest.measured(editor.methods[0]),
    ]
