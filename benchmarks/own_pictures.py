"""How well pictures that a bundle was not trained on are found and edited.

    python benchmarks/own_pictures.py BUNDLE --pictures OTHERS --judge RUN --foreign A --foreign B

OTHERS is a folder of other pictures of the bundle's characters, or `toon:NAME` for a built-in character, whose faces of
the test stream are drawn. The judge of RUN learned from such pictures; without one, nothing is said of expressions. A
and B are folders of pictures of anything else, or `toon:NAME`. The row goes to results/own_pictures.json;
`docs/fill.py` puts the table into docs/your-pictures.md.

*Flicker* is the mean difference of a frame from the mean of its neighbours, in a head that turns, over that of the
frames before they are edited.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from cpuinfo import get_cpu_info
from PIL import Image
from rows import markdown, put_row

RESULTS = Path(__file__).parent / "results" / "own_pictures.json"
COUNT = 150
"""Pictures that are edited, and faces that are drawn to compare with."""
FOREIGN = 100
"""Pictures of each foreign folder, and of noise."""
MISPLACED = {"shift": (0.1, 1.0, 0.0), "size": (0.0, 1.15, 0.0), "turn": (0.0, 1.0, 5.0)}
"""By what crops are off: shares of the side, factors, degrees."""
SURE = 0.9
TOON = "toon:"
HEADS = {
    "bundle": "bundle", "PSNR": "psnr", "refined": "psnr_refined", "shifted": "off_shift", "scaled": "off_size",
    "turned": "off_turn", "success": "success", "of drawn faces": "success_drawn", "after refining": "success_refined",
    "character": "character", "background": "background", "there and back": "back", "AUROC": "auroc",
    "flicker": "flicker", "ms": "ms", "refined, ms": "ms_refined",
}  # fmt: skip
FORMS = {
    "bundle": "{}",
    **dict.fromkeys(("psnr", "psnr_refined", "off_shift", "off_size", "off_turn", "back"), "{:.1f}"),
}
FORMS |= {"ms": "{:.1f}", "ms_refined": "{:.1f}", "auroc": "{:.3f}", "background": "{:.1%}"}


def measured(bundle: Path, pictures: str, judge: Path | None, foreign: list[str]) -> dict[str, Any]:
    """Return the row of a bundle."""
    from sklearn.metrics import roc_auc_score

    from tlgan_runtime import CheerMeUp
    from tlgan_runtime.pictures.editor import usual_background
    from tlgan_runtime.transparency import over
    from tlgan_train.classifiers.judge import load_judge
    from tlgan_train.evaluation.verdicts import Reader, Verdicts
    from tlgan_train.models.inference import predict

    app = CheerMeUp(bundle, threads=1, provider="cpu")
    rng = np.random.default_rng(0)
    own = chosen(pictures, COUNT, rng)
    behind = usual_background(app.render(app.sample(32)))

    reader = None if judge is None else Reader(load_judge(judge)).eval()

    def judged(faces: list[np.ndarray]) -> Verdicts:
        size = app.manifest.read_size
        small = [np.asarray(Image.fromarray(face).resize((size, size), Image.Resampling.BOX)) for face in faces]
        solid = [over(face, behind) if face.shape[2] == 4 else face for face in small]
        return Verdicts.of(predict(reader, np.stack(solid)))

    whole = (0, 0, *own[0].shape[1::-1])
    found = [app.invert(picture, box=whole) for picture in own]
    refined = [app.invert(picture, box=whole, refine=True) for picture in own]
    row: dict[str, Any] = {"psnr": decibels(found), "psnr_refined": decibels(refined)}
    for name, (shift, factor, degrees) in MISPLACED.items():
        off = [misplaced(picture, shift, factor, degrees, rng) for picture in own]
        row[f"off_{name}"] = decibels([app.invert(picture) for picture in off])

    full = {emotion: {emotion: 1.0} for emotion in app.emotions}
    edits = {
        name: [app.edit_picture(one, mix, found=at, force=True) for one, at in zip(own, found, strict=True)]
        for name, mix in full.items()
    }
    pairs = [pair for edited in edits.values() for pair in zip(own, edited, strict=True)]
    row["background"] = float(np.mean([unchanged(*pair) for pair in pairs]))
    row |= dict.fromkeys(("success", "success_drawn", "success_refined", "character"))
    if reader is not None:
        before, start = judged(own), app.sample(COUNT, seed=1)
        drawn = judged(list(app.render(start)))
        results: dict[str, list[np.ndarray]] = {"success": [], "success_drawn": [], "success_refined": []}
        kept = []
        for index, (emotion, edited) in enumerate(edits.items()):
            after = judged(edited)
            kept.append(after.character.argmax(axis=1) == before.character.argmax(axis=1))
            exact = [
                app.edit_picture(one, full[emotion], found=at, force=True) for one, at in zip(own, refined, strict=True)
            ]
            moved = list(app.render(app.move(start, full[emotion])))
            for key, faces, first in (
                ("success", after, before), ("success_refined", judged(exact), before),
                ("success_drawn", judged(moved), drawn),
            ):  # fmt: skip
                results[key].append(faces.emotion[first.emotion[:, index] < 0.5, index] >= SURE)
        row |= {name: float(np.concatenate(parts).mean()) for name, parts in results.items()}
        row["character"] = float(np.mean(kept))
    back = []
    shown = app.classify(np.stack([as_read(app, one, behind) for one in own])).emotion.argmax(axis=1)
    for picture, emotion in zip(own, shown, strict=True):
        other = "joy" if app.emotions[emotion] != "joy" else "sadness"
        there = app.edit_picture(picture, {other: 1.0}, box=whole, force=True)
        returned = app.edit_picture(there, {app.emotions[emotion]: 1.0}, box=whole, force=True)
        back.append(-10 * np.log10(max(np.square((returned.astype(float) - picture) / 255).mean(), 1e-6)))
    row["back"] = float(np.mean(back))

    others = [picture for source in foreign for picture in chosen(source, FOREIGN, rng)]
    others += list(rng.integers(0, 256, (FOREIGN, *own[0].shape[:2], 3), dtype=np.uint8))
    fits = [[app.invert(picture).fit for picture in group] for group in (own, others)]
    row["auroc"] = float(roc_auc_score([1] * len(own) + [0] * len(others), [*fits[0], *fits[1]]))
    row["refused_own"], row["refused_foreign"] = (float(np.mean(np.array(group) < 1e-3)) for group in fits)
    row["flicker"] = None
    if pictures.startswith(TOON):
        frames = turning(pictures.removeprefix(TOON))
        row["flicker"] = flicker(list(app.edit_frames(frames, {"joy": 1.0}))) / flicker(frames)
    row["ms"] = milliseconds(lambda picture: app.edit_picture(picture, {"joy": 1.0}, force=True), own)
    row["ms_refined"] = milliseconds(lambda one: app.edit_picture(one, {"joy": 1.0}, refine=True, force=True), own)
    return row


def loaded(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))


def chosen(source: str, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return pictures of a folder, or faces of a built-in character that no bundle was trained on."""
    if source.startswith(TOON):
        from tlgan_train.data.toon import EMOTIONS, draw, sample_face

        name = source.removeprefix(TOON)
        faces = [sample_face(name, EMOTIONS[n % len(EMOTIONS)], n, stream="test") for n in range(count)]
        return [draw(face, 64) for face in faces]
    files = sorted(Path(source).rglob("*.png"))
    return [loaded(files[place]) for place in rng.choice(len(files), min(count, len(files)), replace=False)]


def turning(name: str) -> list[np.ndarray]:
    """Return the frames of a built-in character that turns its head."""
    from tlgan_train.data.toon import draw, sample_face

    still, turns = sample_face(name, "neutral", 6, stream="test"), np.linspace(0, 2 * np.pi, 32, endpoint=False)
    return [draw(replace(still, yaw=12 * np.sin(turn), roll=4 * np.sin(2 * turn)), 128) for turn in turns]


def flicker(frames: list[np.ndarray]) -> float:
    moving = np.stack(frames).astype(np.float64)
    return float(np.abs(moving[1:-1] - (moving[:-2] + moving[2:]) / 2).mean())


def as_read(app: Any, picture: np.ndarray, behind: Any) -> np.ndarray:
    """Return a picture as the classifier of a bundle reads it."""
    from tlgan_runtime.pictures.view import view_of

    return view_of(picture).square((0, 0, len(picture)), app.manifest.read_size, behind)


def decibels(found: list[Any]) -> float:
    """Return the mean PSNR of the drawn faces."""
    return float(np.mean([-10 * np.log10(max(one.error, 1e-9)) for one in found]))


def misplaced(picture: np.ndarray, shift: float, factor: float, degrees: float, rng: np.random.Generator) -> np.ndarray:
    """Return a crop of a picture that is off, each way as likely as the other; beyond it are the pixels of its edge."""
    side = picture.shape[0]
    signs = rng.choice([-1, 1], 3)
    padded = Image.fromarray(np.pad(picture, ((side, side), (side, side), (0, 0)), mode="edge"))
    turned = padded.rotate(float(degrees * signs[0]), Image.Resampling.BICUBIC)
    length = side * factor ** float(signs[0])
    left = side + (side - length) / 2 + shift * side * signs[1]
    top = side + (side - length) / 2 + shift * side * signs[2]
    return np.asarray(
        turned.resize((side, side), Image.Resampling.LANCZOS, box=(left, top, left + length, top + length))
    )


def unchanged(picture: np.ndarray, edited: np.ndarray) -> float:
    """Return the share of the background that has its old levels."""
    if picture.shape[2] == 4:
        behind = picture[..., 3] < 16
    else:
        behind = (np.abs(picture.astype(int) - np.median(picture[0], axis=0)) <= 8).all(axis=2)
    return float((picture == edited).all(axis=2)[behind].mean()) if behind.any() else 1.0


def milliseconds(act: Callable[[np.ndarray], Any], pictures: list[np.ndarray]) -> float:
    """Return the median time of one call."""
    times = []
    for picture in pictures[:30]:
        start = time.perf_counter()
        act(picture)
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times))


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    return markdown(HEADS, rows, FORMS)


def main(
    bundle: Path,
    pictures: Annotated[str, typer.Option(help="Folder of other pictures of its characters, or toon:NAME.")],
    foreign: Annotated[list[str], typer.Option(help="Folder of pictures of anything else, or toon:NAME.")],
    judge: Annotated[Path | None, typer.Option(help="Run folder whose judge reads.")] = None,
) -> None:
    row = {
        "bundle": bundle.name if bundle.name != "bundle" else bundle.parent.name,
        "processor": get_cpu_info()["brand_raw"],
    }
    row |= measured(bundle, pictures, judge, foreign)
    typer.echo(json.dumps(row))
    put_row(RESULTS, row, ("bundle",))


if __name__ == "__main__":
    typer.run(main)
