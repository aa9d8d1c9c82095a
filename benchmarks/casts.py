"""How good a bundle of somebody's cast becomes, by the number of pictures and with or without a start from another.

    python benchmarks/casts.py smile=PICTURES --others OTHERS --minutes 60
    python benchmarks/casts.py smile=PICTURES --others OTHERS --minutes 30 --pictures 20 --start runs/earlier/bundle

PICTURES is a folder of characters and emotions as `tlgan-train --data folder:` reads it. A judge learns from OTHERS,
another folder of the same characters, and measures the bundle against these pictures. The row goes to
results/casts.json, 128 faces of the generator to docs/pictures/casts/.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Annotated, Any

import typer
from cpuinfo import get_cpu_info
from PIL import Image
from rows import markdown, put_row

RESULTS = Path(__file__).parent / "results" / "casts.json"
SHEETS = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "casts"
HEADS = {
    "cast": "cast", "pictures of a class": "pictures", "started with": "start", "minutes": "minutes",
    "threads": "threads", "success": "success", "end": "mean_end", "monotone": "monotone",
    "character": "character_kept",
    "confident": "confident", "agree": "agree", "precision": "precision", "recall": "recall", "KID": "kid",
    "KID at the end": "kid_end", "KID half-way": "kid_middle", "drawn again, dB": "psnr",
}  # fmt: skip
FORMS = {
    "cast": "{}",
    "pictures": "{}",
    "start": "{}",
    "minutes": "{:.0f}",
    "threads": "{}",
    "kid": "{:.3f}",
    "psnr": "{:.1f}",
}


FACES = 256
"""Faces that the judge looks at."""
LIMITS = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA")
"""Environment variables that make a processor train as an older one. The judge may be quick."""


def train(*arguments: str | Path, limited: bool = True) -> None:
    """Run `tlgan-train`, whose messages go to the terminal, within the `LIMITS` or without."""
    environment = {name: value for name, value in os.environ.items() if limited or name not in LIMITS}
    subprocess.run(["tlgan-train", *map(str, arguments)], check=True, env=environment)


def some_of(pictures: Path, count: int, folder: Path) -> Path:
    """Return a folder with the first `count` pictures of each class, in the order of `tlgan-train`."""
    from tlgan_runtime.pictures.decode import SUFFIXES
    from tlgan_train.data.sources.layout import frame_key

    if not folder.exists():
        files = [file for file in pictures.rglob("*") if file.suffix.lower() in SUFFIXES]
        for path in {file.parent for file in files}:
            into = folder / path.relative_to(pictures)
            into.mkdir(parents=True)
            own = sorted((file for file in files if file.parent == path), key=lambda file: frame_key(file.name))
            for file in own[:count]:
                shutil.copy(file, into)
    return folder


def measured(evaluation: dict[str, Any]) -> dict[str, float | None]:
    """Return the figures of a row: those of edits are of the emotion that works worst."""
    edits = evaluation["methods"][evaluation["default"]]["emotions"]
    ceiling, generator = evaluation["judge"]["ceiling"], evaluation["generator"]
    worst = {
        name: min((edit[name]["value"] for edit in edits.values() if edit[name]["value"] is not None), default=None)
        for name in ("mean_end", "monotone", "character_kept")
    }
    success = [share(edit["success"]["value"], ceiling[name]) for name, edit in edits.items()]
    ends = [share(edit["kid_end"], edit["kid_unmoved"]) for edit in edits.values()]
    return {
        "success": min((value for value in success if value is not None), default=None),
        **worst,
        "confident": generator["confident_share"],
        "agree": generator["classifier_agrees"],
        "precision": generator["precision"],
        "recall": generator["recall"],
        "kid": generator["kid"],
        "kid_end": max((value for value in ends if value is not None), default=None),
        "kid_middle": max((edit["kid_middle"] for edit in edits.values()), default=None),
        "psnr": (evaluation.get("redrawing") or {}).get("psnr"),
        "judge_accuracy": evaluation["judge"]["emotion_accuracy"],
    }


def share(value: float | None, whole: float | None) -> float | None:
    """Return one figure over another; None where one is missing or the other is not above 0."""
    return value / whole if value is not None and whole is not None and whole > 0 else None


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    return markdown(HEADS, sorted(rows, key=lambda row: (row["cast"], -row["pictures"], row["start"])), FORMS)


def main(
    cast: Annotated[str, typer.Argument(help="NAME=FOLDER: a name for the table, and the pictures.")],
    others: Annotated[Path, typer.Option(help="Folder of other pictures of the same characters, for the judge.")],
    minutes: Annotated[float, typer.Option(help="How long training may take in all.")] = 60,
    pictures: Annotated[int, typer.Option(help="Pictures of each class, the first ones.")] = 150,
    start: Annotated[str, typer.Option(help="Bundle that training starts with.")] = "",
    preset: Annotated[str, typer.Option(help="Preset of `tlgan-train`.")] = "cast",
    runs: Annotated[Path, typer.Option(help="Where runs go.")] = Path("runs/casts"),
) -> None:
    """Train on some pictures of a cast, let an independent judge measure the bundle, and write down what it says."""
    name, _, folder = cast.partition("=")
    start_name = Path(start).parent.name if Path(start).name == "bundle" else Path(start).stem
    label = f"{name}-{pictures}" + f"-from-{start_name}" * bool(start)
    chosen = some_of(Path(folder), pictures, runs / f"pictures-{name}-{pictures}")
    settings: list[str | Path] = ["--characters", "all", "--preset", preset, "--minutes", f"{minutes:g}"]
    settings += ["--run", runs / label, *(["--start", start] if start else [])]
    train("all", "--data", f"folder:{chosen}", *settings)

    bundle = runs / label / "bundle"
    # A judge of transparent pictures knows them over one background.
    background = json.loads((bundle / "manifest.json").read_text(encoding="utf-8")).get("background", "#ffffff")
    judge = runs / f"judge-{name}-{background.lstrip('#')}"
    named = shutil.copytree(bundle, runs / "bundles" / label, dirs_exist_ok=True)
    whose: list[str | Path] = ["--data", f"folder:{others}", "--characters", "all", "--set", f"evaluate.faces={FACES}"]
    train("evaluate", *whose, "--run", judge, "--bundle", named, limited=False)
    spent = json.loads((runs / label / "training.json").read_text(encoding="utf-8"))["stages"].values()
    row = {
        "cast": name,
        "pictures": pictures,
        "start": start_name or "nothing",
        "minutes": sum(stage["seconds"] for stage in spent) / 60,
        "threads": int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)),
        "processor": get_cpu_info()["brand_raw"],
        "instructions": os.environ.get("ONEDNN_MAX_CPU_ISA", "all"),
        "faces": FACES,
        **measured(json.loads((judge / f"evaluation-{label}.json").read_text(encoding="utf-8"))),
    }
    typer.echo(json.dumps(row))
    put_row(RESULTS, row, ("cast", "pictures", "start", "threads"))
    SHEETS.mkdir(parents=True, exist_ok=True)
    with Image.open(sorted((runs / label / "gan" / "samples").glob("*.png"))[-1]) as faces:
        faces.save(SHEETS / f"{label}.jpg", quality=90)


if __name__ == "__main__":
    typer.run(main)
