"""Bundles of which one graph was changed at random, loaded and run: each works, or is refused in one line.

Cases run in worker processes with limits on time and memory. One that ends its worker is tried once more by
`cheermeup verify`, which has to find it. `python benchmarks/reliability/mutated_graphs.py [CASES] [SEED]` writes
`results/reliability/mutated_graphs.json`.
"""

from __future__ import annotations

import json
import random
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from graph_mutations import mutated  # noqa: E402
from outcomes import record  # noqa: E402

from tests.tiny_bundle import make_bundle  # noqa: E402
from tlgan_runtime import BundleDamagedError, BundleError, CheerMeUp, faces  # noqa: E402
from tlgan_runtime.bundle.read import Bundle  # noqa: E402
from tlgan_runtime.bundle.write import write_manifest  # noqa: E402
from tlgan_runtime.graphs import trial  # noqa: E402

SECONDS = 10.0
"""Of a case; nearly all take a few hundredths."""
MEMORY = 3 * 2**30
SHIPPED = ROOT / "exported" / "solo"
GRAPHS = (
    *(("tiny", role) for role in ("generator", "generator", "classifier", "paths")),
    *(("shipped", role) for role in ("generator", "generator_int8", "mapping", "paths")),
)


def run(cases: int, seed: int, folder: Path | None = None, seconds: float = SECONDS) -> dict[str, Any]:
    """Tries so many mutants; `outcomes` that are failures begin with BUG."""
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            return run(cases, seed, Path(temporary), seconds)
    make_bundle(folder / "tiny", learned=True)
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    start = time.perf_counter()
    for case, outcome in tried(cases, seed, folder, seconds):
        kind, *more = outcome.splitlines()
        if kind.startswith("ended"):
            verified = found_by_verify(seed, case, folder, seconds)
            kind = f"{kind}, {verified}" if verified.startswith("found") else f"BUG: {kind}, {verified}"
        outcomes[kind] += 1
        if kind.startswith("BUG"):
            failures.append(f"case {case}: {kind} {' '.join(more)}")
    return {"cases": cases, "outcomes": dict(sorted(outcomes.items())), "failures": failures, "lost": 0,
            "seconds": round(time.perf_counter() - start, 1)}  # fmt: skip


def tried(cases: int, seed: int, folder: Path, seconds: float) -> Iterator[tuple[int, str]]:
    """What became of each case; a worker that ends is followed by another, from the next case on."""
    case = 0
    while case < cases:
        with (folder / "errors").open("w+b") as errors:
            command = [sys.executable, __file__, "worker", str(folder), str(seed), str(case), str(cases)]
            worker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
            assert worker.stdout is not None
            selector = selectors.DefaultSelector()
            selector.register(worker.stdout, selectors.EVENT_READ)
            late, first = False, case
            while True:
                late = not selector.select(seconds if case > first else 60 + seconds)  # it has yet to start
                line = b"" if late else worker.stdout.readline()
                if not line.startswith(b'"'):  # the end, or words that are not the worker's
                    break
                yield case, json.loads(line)
                case += 1
            worker.kill()
            code = worker.wait()
            errors.seek(0)
            said = line + errors.read()
            if late:
                yield case, "ended by the limit of time"
            elif code < 0:
                yield case, f"ended by {signal.Signals(-code).name}"
            elif code or said:
                yield case, f"BUG: exit code {code}, and words on standard error\n{said[-300:]!a}"
            case += 1


def work(folder: Path, seed: int, first: int, cases: int) -> None:
    """Prints the outcome of each case, from the first on."""
    trial._limit(10**6, MEMORY)
    for case in range(first, cases):
        print(json.dumps(outcome_of(folder, seed, case)), flush=True)


def mutant(folder: Path, seed: int, case: int) -> tuple[Path, str, bytes]:
    """A bundle, a role, and the bytes of another graph for it: the same for the same numbers."""
    random_ = random.Random(f"{seed} {case}")
    kind, role = random_.choice(GRAPHS)
    path = SHIPPED if kind == "shipped" else folder / "tiny"
    return path, role, mutated(onnx.load_from_string(Bundle(path).read(role)), random_)


def outcome_of(folder: Path, seed: int, case: int) -> str:
    path, role, content = mutant(folder, seed, case)

    class Mutant(Bundle):
        def read(self, wanted: str) -> bytes:
            return content if wanted == role else super().read(wanted)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            faces.Bundle = Mutant  # type: ignore[misc]
            precision = "int8" if role == "generator_int8" else "auto"
            app = CheerMeUp(path, provider="cpu", threads=1, precision=precision)
            z = app.sample(3, seed=1)
            if role == "paths":
                z = app.move(z, {"joy": 1.0, "fear": 0.5}, "path")
            pictures = app.render(z)
            scores = app.classify(pictures)
    except BundleDamagedError as error:
        text = str(error)
        shown = len(text) <= 500 and text.isprintable()
        return refusal(text) if shown else f"BUG: a message that cannot be shown\n{text[:300]!a}"
    except MemoryError:
        return "BUG: MemoryError"
    except BaseException as error:
        return f"BUG: {type(error).__name__}\n{error!a:.300}"
    finally:
        faces.Bundle = Bundle  # type: ignore[misc]
    if not np.isfinite(z).all() or not np.allclose(scores.emotion.sum(axis=1), 1, atol=1e-2):
        return "BUG: numbers without meaning"
    if pictures.shape != (3, app.image_size, app.image_size, 3) or pictures.dtype != np.uint8:
        return f"BUG: pictures of {pictures.shape}"
    return "works"


def refusal(text: str) -> str:
    for words, kind in (
        ("cannot load", "refused: onnxruntime cannot load it"),
        ("cannot run", "refused: onnxruntime cannot run it"),
        (" gave ", "refused: gives what it should not"),
        ("another file", "refused: keeps weights in another file"),
        ("operators", "refused: operators that are not part of ONNX"),
        ("not an ONNX model", "refused: no ONNX model"),
    ):
        if words in text:
            return kind
    return "refused: takes or gives something else"


def found_by_verify(seed: int, case: int, folder: Path, seconds: float) -> str:
    """Whether what `cheermeup verify` runs says in one line that the bundle of this case is damaged."""
    path, role, content = mutant(folder, seed, case)
    copy = Path(shutil.copytree(path, folder / "copy", dirs_exist_ok=True))
    try:
        manifest = json.loads((copy / "manifest.json").read_text())
        (file,) = (name for name, entry in manifest["files"].items() if entry["role"] == role)
        (copy / file).write_bytes(content)
        roles = {name: entry["role"] for name, entry in manifest["files"].items()}
        del manifest["files"], manifest["schema_version"]
        write_manifest(copy, roles=roles, **manifest)
        ran = trial.try_graphs(copy, seconds=2 * seconds, memory=MEMORY)
        return f"not found by verify, which ran {ran}"
    except BundleError:
        return "found by verify"
    finally:
        shutil.rmtree(copy)


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        work(Path(sys.argv[2]), *map(int, sys.argv[3:]))
        sys.exit()
    given = [int(argument) for argument in sys.argv[1:]]
    sys.exit(
        record(
            "mutated_graphs",
            "graphs of bundles, changed at random through the onnx package, loaded and run",
            run(*(given or [5_000]), *([] if len(given) > 1 else [1])),
        )
    )
