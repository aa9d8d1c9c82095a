"""Tables of pages that are made from the results of benchmarks; `docs/fill.py` puts them there.

A result that is not there has no row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")
Row = tuple[str, str, str, str]
HEADS = ("what", "ours", "otherwise", "source")


def read(name: str, results: Path = RESULTS) -> Any:
    """The recorded result of a benchmark."""
    return json.loads((results / f"{name}.json").read_text(encoding="utf-8"))


def cold_start(facts: dict[str, Any]) -> Iterator[Row]:
    cpu, memory = facts["cpu_seconds"], facts["peak_mib"]
    for faces, suffix in (("eight faces", ""), ("one face", "_one_face")):
        ours, plain, torch = (cpu[f"{way}{suffix}"] for way in ("ours", "plain", "torch"))
        others = f"{plain:.1f} s with onnxruntime and imageio, {torch:.1f} s with torch and imageio"
        yield f"`cheermeup gif`, {faces}, whole process, CPU time", f"{ours:.2f} s", others, "cold_start"
        what = f"the same, {faces}, as a multiple of the bare import of numpy and onnxruntime"
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


def commands(results: Path = RESULTS) -> str:
    """What commands take, and what a user would otherwise do."""
    lines = ["| " + " | ".join(HEADS) + " |", "|" + "---|" * len(HEADS)]
    for name, rows in ROWS.items():
        if (results / f"{name}.json").is_file():
            lines += [f"| {' | '.join(cells[:-1])} | `{cells[-1]}` |" for cells in rows(read(name, results))]
    return "\n".join(lines)


def reliability(results: Path = RESULTS / "reliability") -> str:
    """A row for each recorded run."""
    lines = ["| what was tried | cases | outcomes | lost or half-written | script |", "|---|---|---|---|---|"]
    for path in sorted(results.glob("*.json")):
        run = read(path.stem, results)
        outcomes = "<br>".join(f"{words}: {count:,}" for words, count in run["outcomes"].items())
        cells = [run["what"], f"{run['cases']:,}", outcomes, f"{run['lost']:,}", f"`{path.stem}.py`"]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def by_cores(facts: dict[str, Any]) -> str:
    """Milliseconds for each picture, and how many times as fast as the other two ways."""
    heads = ("cores", "batch", "plain, ms", "eager, ms")
    heads += tuple(head for way in ("auto", "int8") for head in (f"`{way}`, ms", "to plain", "to eager"))
    lines = [f"| {' | '.join(heads)} |"]
    lines.append("|" + "---|" * 10)
    for cores in (1, 2):
        for batch, found in facts.get(f"cores_{cores}", {}).items():
            spent = found["ms_per_image"]
            cells = [f"{spent['plain']:.2f}", f"{spent['eager']:.2f}"]
            for way in ("default", "int8"):
                ratios = (found["to_plain"][way], found["to_eager"][way])
                cells += [f"{spent[way]:.2f}", *(f"{ratio:.2f}" for ratio in ratios)]
            lines.append(f"| {cores} | {batch.removeprefix('batch_')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def large_faces(facts: dict[str, Any]) -> str:
    """Milliseconds of a face by its size and by what draws it, for each batch."""
    heads = ("batch", "64 pixels", "256 pixels", "to 64", "`int8`", "to 64", "plain", "eager")
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for batch, found in facts["batches"].items():
        spent = found["ms_per_image"]
        cells = [batch.removeprefix("batch_"), f"{spent['small']:.2f}"]
        for way in ("default", "int8"):
            cells += [f"{spent[way]:.2f}", f"{spent[way] / spent['small']:.2f} times"]
        lines.append(f"| {' | '.join(cells)} | {spent['plain']:.2f} | {spent['eager']:.2f} |")
    return "\n".join(lines)


def profile_by_step(facts: dict[str, Any]) -> str:
    """A column for each step, a row for each kind of operation, and the speeds below."""
    steps = facts["steps"]
    kinds = list(next(iter(steps.values()))["share"])
    lines = [f"| | {' | '.join(steps)} |", "|---|" + "---|" * len(steps)]
    rows = {kind: [f"{step['share'][kind]:.1%}" for step in steps.values()] for kind in kinds}
    rows["precision"] = [step["precision"] for step in steps.values()]
    rows["pictures/s"] = [f"{step['images_per_second']:.0f}" for step in steps.values()]
    rows["operations a picture, GFLOP"] = [f"{step['gflop_per_image']:.2f}" for step in steps.values()]
    rows["convolutions, GFLOP/s"] = [f"{step['convolution_gflops']:.0f}" for step in steps.values()]
    rows["products of large matrices, GFLOP/s"] = [f"{step['peak_gflops']:.0f}" for step in steps.values()]
    rows["of that"] = [f"{step['convolution_gflops'] / step['peak_gflops']:.0%}" for step in steps.values()]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())])


def loops(facts: dict[str, Any]) -> str:
    """The loop of the PyTorch example and ours."""
    speed, peak = facts["images_per_second"], {name: memory["peak"] for name, memory in facts["memory_mib"].items()}
    rows = [
        f"| {words} | {speed[name]:.1f} | {peak[name] / 1024:.1f} GiB |"
        for name, words in (("example", "PyTorch DCGAN example"), ("ours", f"ours, {facts['ratio']:.2f} times as fast"))
    ]
    return "\n".join(["| training loop | pictures/s | peak memory |", "|---|---|---|", *rows])


def data_sets(facts: dict[str, Any]) -> str:
    """Memory of training by the size of the data set; the pictures are memory-mapped."""
    rows = [
        f"| {int(count):,} | {facts[count]['pictures_mib']:.0f} MiB | {facts[count]['anonymous_mib']:.0f} MiB |"
        for count in ("5600", "56000")
    ]
    return "\n".join(["| pictures | their size | memory of the process without them |", "|---|---|---|", *rows])
