"""Tables of pages that are made from files: the results of benchmarks, and what the shipped bundles measured.

`python benchmarks/tables.py` prints them. A result that is not there has no row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")
BUNDLES = Path(__file__).resolve().parents[1] / "exported"
Row = tuple[str, str, str, str]
HEADS = ("what", "ours", "otherwise", "source")


def cold_start(facts: dict[str, Any]) -> Iterator[Row]:
    cpu, memory = facts["cpu_seconds"], facts["peak_mib"]
    for faces, suffix in (("eight faces", ""), ("one face", "_one_face")):
        ours, plain, torch = (cpu[f"{way}{suffix}"] for way in ("ours", "plain", "torch"))
        others = f"{plain:.1f} s with onnxruntime and imageio, {torch:.1f} s with torch and imageio"
        yield f"`cheermeup gif`, {faces}, whole process, CPU time", f"{ours:.2f} s", others, "cold_start"
        what = f"the same, {faces}, beside the bare import of numpy and onnxruntime"
        times = (facts[f"{kind}_ratio_to_bare_import"][f"ours{suffix}"] for kind in ("cpu", "wall"))
        bare = (facts[f"{kind}_seconds"]["bare_import"] for kind in ("cpu", "wall"))
        yield what, "{:.1f} times, {:.1f} by the clock".format(*times), "{:.2f} s, {:.2f} s".format(*bare), "cold_start"
    others = f"{memory['plain']:.0f} MiB with onnxruntime and imageio, {memory['torch']:.0f} MiB with torch"
    yield "peak memory of that process, eight faces", f"{memory['ours']:.0f} MiB", others, "cold_start"


def gif(facts: dict[str, Any]) -> Iterator[Row]:
    pairs = [(one["ours"], one["pillow"]) for one in facts.values()]
    shares = [ours["bytes"] / other["bytes"] for ours, other in pairs]
    gains = [ours["psnr"] - other["psnr"] for ours, other in pairs]
    ours = f"{min(shares):.2f} to {max(shares):.2f} of them, {min(gains):+.1f} to {max(gains):+.1f} dB"
    yield "bytes and PSNR of a GIF", ours, "those of Pillow's default", "gif"


def training_speed(facts: dict[str, Any]) -> Iterator[Row]:
    speed = facts["images_per_second"]
    other = f"{speed['example']:.0f} a second in the loop of the PyTorch DCGAN example"
    yield "pictures in training", f"{speed['ours']:.0f} a second", other, "training_speed"


def memory(facts: dict[str, Any]) -> Iterator[Row]:
    yield f"growth of memory over {facts['calls']:,} calls", f"{facts['growth_mib']:.1f} MiB", "–", "memory"


def batch(facts: dict[str, Any]) -> Iterator[Row]:
    speed = facts["frames_per_second"]
    yield (
        "`cheermeup batch`, two processes",
        f"{speed['2']:.0f} frames a second",
        f"{speed['1']:.0f} with one process",
        "batch",
    )


def generator_speed(facts: dict[str, Any]) -> Iterator[Row]:
    for cores in (key for key in facts if key.startswith("cores_")):
        batch = list(facts[cores])[-1]
        times = facts[cores][batch]["ms_per_image"]
        for name in sorted(times.keys() - {"plain", "eager"}):
            what = f"a face of the generator ({name}), {batch.replace('_', ' of ')}, CPU {cores.replace('_', ': ')}"
            other = f"{times['plain']:.2f} ms as torch exports it, {times['eager']:.2f} ms in torch"
            yield what, f"{times[name]:.2f} ms", other, "generator_speed"


def size(facts: dict[str, Any]) -> Iterator[Row]:
    ours, other, imageio = (facts[name]["bytes"] / 10**6 for name in ("runtime", "torch", "imageio"))
    cpu = facts["torch"]["bytes_without_cuda"] / 10**6
    others = (
        f"{cpu:.0f} MB of torch without what is for GPUs ({other:.0f} MB with it), "
        f"and {imageio:.0f} MB of imageio, numpy and Pillow"
    )
    yield 'installed size of `".[cpu]"`', f"{ours:.0f} MB", others, "size"


ROWS: dict[str, Callable[[dict[str, Any]], Iterator[Row]]] = {
    one.__name__: one for one in (cold_start, memory, batch, generator_speed, size, gif, training_speed)
}


def commands_table(results: Path = RESULTS) -> str:
    """What commands take, against what a user would otherwise do: for docs/speed.md, in Markdown."""
    lines = ["| " + " | ".join(HEADS) + " |", "|" + "---|" * len(HEADS)]
    for name, rows in ROWS.items():
        path = results / f"{name}.json"
        if path.is_file():
            facts = json.loads(path.read_text(encoding="utf-8"))
            lines += [f"| {' | '.join(cells[:-1])} | `{cells[-1]}` |" for cells in rows(facts)]
    return "\n".join(lines)


EDITS = {
    "reach the emotion surely (p ≥ 0.9)": "success",
    "probability of the emotion at the end": "mean_end",
    "never fall back on the way": "monotone",
    "keep their character at every step": "character_kept",
}
"""Rows of the quality table, and their figures in a bundle's metrics."""


def quality_table(bundles: Path = BUNDLES) -> str:
    """How well the shipped bundles work, by the emotion that works worst: for the README, in Markdown."""
    names = ("solo", "cast")
    measured = [json.loads((bundles / name / "manifest.json").read_text(encoding="utf-8"))["metrics"] for name in names]
    columns = [
        (name, facts, method) for name, facts in zip(names, measured, strict=True) for method in ("path", "paper")
    ]
    heads = [f"`{name}`" if method == "path" else f"the paper's method on `{name}`" for name, _, method in columns]
    lines = ["| faces that …, worst of the emotions | " + " | ".join(heads) + " |", "|" + "---|" * (len(heads) + 1)]
    for words, figure in EDITS.items():
        worst = [
            min(emotion[figure]["value"] for emotion in facts["methods"][method]["emotions"].values())
            for _, facts, method in columns
        ]
        lines.append(f"| {words} | " + " | ".join(f"{value:.2f}" for value in worst) + " |")
    shares = [f"{facts['generator']['confident_share']:.2f}" for _, facts, _ in columns]
    lines.append("| show one emotion clearly before any edit | " + " | ".join(shares) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(commands_table(), quality_table(), sep="\n\n")
