"""How the files of each program are written: a function for each kind, and `WRITERS` by the name of the target."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tlgan_runtime.animation.layout import SOLID, Pixels, enlarge
from tlgan_runtime.sheets.cast import Cast
from tlgan_runtime.sheets.encode import animated, still
from tlgan_runtime.sheets.targets import Target

EMOJI = {
    "anger": "😠", "disgust": "🤢", "fear": "😨", "joy": "😄", "neutral": "😐", "sadness": "😢", "surprise": "😮",
}  # fmt: skip
ANY_EMOJI = "🙂"
PADDING = 1
"""Pixels around each frame of a sheet, so that engines that smooth do not mix neighbours."""
_RPG_COLUMNS, _RPG_ROWS = 4, 2


def _sillytavern(cast: Cast, form: Target, folder: Path) -> None:
    (picture,) = form.formats
    for label in cast.labels:
        faces = cast.pictures(label)
        for number, face in enumerate(faces, start=1):
            name = cast.plain[label.name] + (f"-{number}" if len(faces) > 1 else "")
            (folder / f"{name}.png").write_bytes(still(face, picture))


def _charx(cast: Cast, form: Target, folder: Path) -> None:
    (picture,) = form.formats
    images = folder / "assets" / "emotion" / "images"
    images.mkdir(parents=True)
    assets = []
    for label in cast.labels:
        name = cast.plain[label.name]
        (images / f"{name}.png").write_bytes(still(cast.pictures(label)[0], picture))
        uri = f"embeded://assets/emotion/images/{name}.png"  # the specification spells it so
        assets.append({"type": "emotion", "uri": uri, "name": label.name, "ext": "png"})
    icon = folder / "assets" / "icon" / "images"
    icon.mkdir(parents=True)
    (icon / "main.png").write_bytes(still(cast.editor.render(cast.start, cast.background)[0], picture))
    assets.insert(0, {"type": "icon", "uri": "embeded://assets/icon/images/main.png", "name": "main", "ext": "png"})
    texts = (
        "description", "personality", "scenario", "first_mes", "mes_example", "system_prompt",
        "post_history_instructions", "creator", "creator_notes", "character_version",
    )  # fmt: skip
    data: dict[str, Any] = {"name": cast.name, **dict.fromkeys(texts, ""), "tags": [], "alternate_greetings": []}
    data |= {"group_only_greetings": [], "extensions": {}, "assets": assets}
    _write_json(folder / "card.json", {"spec": "chara_card_v3", "spec_version": "3.0", "data": data})


def _rpgmaker(cast: Cast, form: Target, folder: Path) -> None:
    (picture,) = form.formats
    size, each = picture.size, _RPG_COLUMNS * _RPG_ROWS
    name = cast.plain[cast.name].capitalize()
    for number, first in enumerate(range(0, len(cast.labels), each), start=1):
        faces = [_clear(enlarge(cast.pictures(label)[0], size)) for label in cast.labels[first : first + each]]
        sheet = np.zeros((_RPG_ROWS * size, _RPG_COLUMNS * size, 4), np.uint8)
        for index, face in enumerate(faces):
            top, left = index // _RPG_COLUMNS * size, index % _RPG_COLUMNS * size
            sheet[top : top + size, left : left + size] = face
        Image.fromarray(sheet).save(folder / f"{name}{f'_{number}' if number > 1 else ''}.png", optimize=True)


def _renpy(cast: Cast, form: Target, folder: Path) -> None:
    (picture,) = form.formats
    tag, images = cast.plain[cast.name], folder / "images"
    images.mkdir()
    lines = [f"define {tag} = Character({json.dumps(cast.name)}, image={json.dumps(tag)})", "", f"label {tag}_faces:"]
    for label in cast.labels:
        attribute, data = cast.plain[label.name], still(cast.pictures(label)[0], picture)
        (images / f"{tag} {attribute}.png").write_bytes(data)
        (images / f"side {tag} {attribute}.png").write_bytes(data)
        said = json.dumps(label.name, ensure_ascii=False).replace("[", "[[").replace("{", "{{")
        lines += [f"    show {tag} {attribute}", f"    {tag} {said}"]
    (folder / f"{tag}.rpy").write_text("\n".join([*lines, "    return", ""]), encoding="utf-8", newline="\n")


def _aseprite(cast: Cast, form: Target, folder: Path) -> None:
    (picture,) = form.formats
    size, pitch, name = picture.size, picture.size + 2 * PADDING, cast.plain[cast.name]
    rows = [[_clear(enlarge(frame[0], size)) for frame in cast.walk(label, picture.steps)] for label in cast.labels]
    sheet = np.zeros((len(rows) * pitch, picture.steps * pitch, 4), np.uint8)
    frames: list[dict[str, Any]] = []
    tags: list[dict[str, Any]] = []
    for row, (label, faces) in enumerate(zip(cast.labels, rows, strict=True)):
        tags.append(
            {"name": label.name, "from": len(frames), "to": len(frames) + len(faces) - 1, "direction": "pingpong"}
        )
        for column, face in enumerate(faces):
            left, top = column * pitch + PADDING, row * pitch + PADDING
            sheet[top : top + size, left : left + size] = face
            frames.append(
                {
                    "filename": f"{name} {len(frames)}.aseprite",
                    "frame": {"x": left, "y": top, "w": size, "h": size},
                    "rotated": False,
                    "trimmed": False,
                    "spriteSourceSize": {"x": 0, "y": 0, "w": size, "h": size},
                    "sourceSize": {"w": size, "h": size},
                    "duration": round(1000 / picture.fps),
                }
            )
    Image.fromarray(sheet).save(folder / f"{name}.png", optimize=True)
    meta = {
        "app": "cheermeup", "version": "1.0", "image": f"{name}.png", "format": "RGBA8888",
        "size": {"w": sheet.shape[1], "h": sheet.shape[0]}, "scale": "1", "frameTags": tags,
    }  # fmt: skip
    _write_json(folder / f"{name}.json", {"frames": frames, "meta": meta})


def _stickers(cast: Cast, form: Target, folder: Path) -> None:
    """Write each label in each format."""
    for picture in form.formats:
        into = folder / picture.folder
        into.mkdir(exist_ok=True)
        for label in cast.labels:
            path = into / f"{cast.plain[label.name]}{picture.suffix}"
            if picture.steps:
                animated(path, partial(cast.walk, label), picture, cast.matte)
            else:
                path.write_bytes(still(cast.pictures(label)[0], picture))


def _whatsapp(cast: Cast, form: Target, folder: Path) -> None:
    sticker, tray = form.formats
    stickers = []
    for label in cast.labels:
        file = f"{cast.plain[label.name]}{sticker.suffix}"
        if sticker.steps:
            animated(folder / file, partial(cast.walk, label), sticker, cast.matte)
        else:
            (folder / file).write_bytes(still(cast.pictures(label)[0], sticker))
        about = f"{cast.name}, {label.name}"
        stickers.append(
            {"image_file": file, "emojis": [EMOJI.get(label.name, ANY_EMOJI)], "accessibility_text": about[:125]}
        )
    (folder / "tray.png").write_bytes(still(cast.editor.render(cast.start, cast.background)[0], tray))
    pack = {
        "identifier": cast.plain[cast.name], "name": cast.name[:128], "publisher": cast.editor.manifest.name[:128],
        "tray_image_file": "tray.png", "image_data_version": "1", "avoid_cache": False,
        "animated_sticker_pack": bool(sticker.steps), "stickers": stickers,
    }  # fmt: skip
    _write_json(folder / "contents.json", {"sticker_packs": [pack]})


def _clear(face: Pixels) -> Pixels:
    """Return a face with alpha, so that what is around it can be clear."""
    return face if face.shape[-1] == 4 else np.dstack([face, np.full(face.shape[:2], SOLID, np.uint8)])


def _write_json(path: Path, document: Any) -> None:
    text = json.dumps(document, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


WRITERS: dict[str, Callable[[Cast, Target, Path], None]] = {
    "sillytavern": _sillytavern,
    "charx": _charx,
    "rpgmaker": _rpgmaker,
    "renpy": _renpy,
    "aseprite": _aseprite,
    "telegram": _stickers,
    "telegram-video": _stickers,
    "whatsapp": _whatsapp,
    "whatsapp-animated": _whatsapp,
    "discord": _stickers,
    "slack": _stickers,
}
"""What writes the files of a target into an empty folder."""
