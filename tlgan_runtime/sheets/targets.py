"""What each program expects: sizes, formats, limits, and where they are written down.

The help of the command line reads this file, so it imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True)
class Format:
    """The pictures of one kind that a program takes."""

    suffix: str
    size: int
    """Width and height, pixels."""
    most_bytes: int | None = None
    steps: int = 0
    """Frames of a walk to an emotion; 0 for a still picture."""
    most_frames: int | None = None
    """Frames of the animation, which goes forth and back."""
    most_seconds: float | None = None
    fps: float = 15
    folder: str = ""
    """Where the pictures go, if a target has several formats."""


@dataclass(frozen=True)
class Target:
    """A program, or a kind of file that several programs read."""

    about: str
    """What is written, in a few words, for the help."""
    formats: tuple[Format, ...]
    source: str
    """Where the format is described."""
    labels: bool = False
    """Whether the program asks for labels beyond a bundle's emotions (`recipes.py`)."""
    packed: str | None = None
    """Suffix of the one file that holds everything; None for a folder."""
    least: int = 1
    """Fewest pictures."""
    most: int | None = None
    """Most pictures."""


TARGETS: dict[str, Target] = {
    "sillytavern": Target(
        "SillyTavern: a picture for each of its 28 labels, in a folder or a .zip",
        (Format(".png", 512),),
        "SillyTavern-Docs: extensions/Expression-Images.md; SillyTavern: src/endpoints/sprites.js",
        labels=True,
    ),
    "charx": Target(
        "Character card V3 (RisuAI, SillyTavern): a .charx with an icon and an asset for each label",
        (Format(".png", 512),),
        "kwaroran/character-card-spec-v3: SPEC_V3.md",
        labels=True,
        packed=".charx",
    ),
    "rpgmaker": Target(
        "RPG Maker MV and MZ: face sheets of 576 x 288, eight faces each",
        (Format(".png", 144),),
        "RPG Maker MZ help, Asset Standards",
    ),
    "renpy": Target(
        "Ren'Py: images, side images and a script that shows them",
        (Format(".png", 512),),
        "Ren'Py documentation: Displaying Images, Side Images",
    ),
    "aseprite": Target(
        "Aseprite's sheet and JSON, with a tag for each emotion (Godot, Unity, Phaser)",
        (Format(".png", 128, steps=8, fps=12),),
        "Aseprite documentation: Sprite Sheet, CLI (--format json-array)",
    ),
    "telegram": Target(
        "Telegram: still stickers, .webp",
        (Format(".webp", 512, 512 * KIB),),
        "core.telegram.org/stickers",
        most=120,
    ),
    "telegram-video": Target(
        "Telegram: video stickers, .webm",
        (Format(".webm", 512, 256 * KIB, steps=20, most_seconds=3, fps=20),),
        "core.telegram.org/stickers#video-stickers",
        most=50,
    ),
    "whatsapp": Target(
        "WhatsApp: a pack of still stickers with tray icon and contents.json",
        (Format(".webp", 512, 100 * KIB), Format(".png", 96, 50 * KIB)),
        "WhatsApp/stickers: Android/README.md",
        least=3,
        most=30,
    ),
    "whatsapp-animated": Target(
        "WhatsApp: a pack of animated stickers",
        (Format(".webp", 512, 500 * KIB, steps=16, most_seconds=10), Format(".png", 96, 50 * KIB)),
        "WhatsApp/stickers: Android/README.md",
        least=3,
        most=30,
    ),
    "discord": Target(
        "Discord: animated stickers of 320 px and emoji of 128 px",
        (
            Format(".png", 320, 512 * KIB, steps=16, most_seconds=5, folder="stickers"),
            Format(".webp", 128, 256 * KIB, folder="emoji"),
        ),
        "docs.discord.com: Sticker Resource, Emoji Resource",
    ),
    "slack": Target(
        "Slack: animated emoji of 128 px, .gif",
        (Format(".gif", 128, 128 * KIB, steps=16, most_frames=50),),
        "slack.com/help: Add custom emoji",
    ),
}
