"""The README's table of what was measured against what a user would otherwise do, from `results/*.json`.

`python benchmarks/readme_table.py` prints it; a result that is not there has no row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")
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


def table(results: Path = RESULTS) -> str:
    """Markdown."""
    lines = ["| " + " | ".join(HEADS) + " |", "|" + "---|" * len(HEADS)]
    for name, rows in ROWS.items():
        path = results / f"{name}.json"
        if path.is_file():
            facts = json.loads(path.read_text(encoding="utf-8"))
            lines += [f"| {' | '.join(cells[:-1])} | `{cells[-1]}` |" for cells in rows(facts)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
