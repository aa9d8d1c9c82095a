"""Bundles whose manifest, axes or archive was changed at random, opened and used: each works or is refused in one line.

`python benchmarks/reliability/mutated_files.py [CASES] [SEED]` writes `results/reliability/mutated_files.json`.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from outcomes import record  # noqa: E402

from tests.tiny_bundle import make_bundle  # noqa: E402
from tlgan_runtime import BundleError, CheerMeUp  # noqa: E402
from tlgan_runtime.bundle.read import Bundle  # noqa: E402
from tlgan_runtime.cli.info import describe_bundle  # noqa: E402

VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 7, 8, 9, 0.0, -0.0, 0.5, 1.0, 1e-300, 1e38, -1e38, 1e308, 2**31, 2**63, -(2**63),
    2**64 + 1, 10**400, -(10**400), float("nan"), float("inf"), "", "1", "joy", "x" * 10_000, "\x1b[2J", "\u202ejoy",
    "\ud800", "a\nb", "../x", "/etc/passwd", "C:\\x", [], {}, [[]], [1], ["1"], [True], [[1.0, "1"]], {"a": 1},
    {"__proto__": {}}, [0] * 1000,
]  # fmt: skip


def run(cases: int, seed: int, folder: Path | None = None) -> dict[str, Any]:
    """Tries so many mutants in `folder` (None: one for the time being); `outcomes` that are failures begin with BUG."""
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            return run(cases, seed, Path(temporary))
    random_ = random.Random(seed)
    tiny = make_bundle(folder / "tiny", drawn=2, learned=True, attribute="hat")
    files = {path.name: path.read_bytes() for path in tiny.iterdir()}
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    start = time.perf_counter()
    for case in range(cases):
        mutate = (mutated_manifest, mutated_axes, mutated_archive)[case % 3]
        content = mutate(files, random_)
        outcome = tried(content, folder / "mutant.zip")
        outcomes[f"{mutate.__name__.removeprefix('mutated_')}: {outcome.splitlines()[0]}"] += 1
        if outcome.startswith("BUG"):
            failures.append(f"case {case}: {outcome}")
    return {"cases": cases, "outcomes": dict(sorted(outcomes.items())), "failures": failures, "lost": 0,
            "seconds": round(time.perf_counter() - start, 1)}  # fmt: skip


def tried(content: bytes, path: Path) -> str:
    """What became of the bundle in this archive: words, with the error's own after a line break where it is a fault."""
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            opened = Bundle(path)
            opened.verify()
            app = CheerMeUp(path, provider="cpu", threads=1)
            z = app.sample(1, seed=1)
            names = [*app.emotions, *app.attributes]
            names += app.drawn_characters[1:] if opened.axes().characters is not None else []
            for method in app.methods:
                moved = app.move(z, dict.fromkeys(names, 1.0), method)
                if not np.isfinite(moved).all():
                    return f"BUG: latents that are not finite\n{method}"
            picture = app.render(moved)
            app.classify(picture)
            shown = "".join(describe_bundle(app)).replace("\n", " ").replace("\t", " ")  # those of the licence
            json.dumps([app.manifest.to_dict(), app.methods], allow_nan=False)
    except BundleError as error:
        text = str(error)
        if len(text) > 500 or not text.isprintable():
            return f"BUG: a message that cannot be shown\n{text[:300]!a}"
        return f"refused, {type(error).__name__}"
    except BaseException as error:
        return f"BUG: {type(error).__name__}\n{error!a:.300}"
    if not shown.isprintable():
        return f"BUG: words that cannot be shown\n{shown[:300]!a}"
    if picture.shape != (1, app.image_size, app.image_size, 3) or picture.dtype != np.uint8:
        return f"BUG: a picture of {picture.shape}"
    return "works"


def mutated_manifest(files: dict[str, bytes], random_: random.Random) -> bytes:
    document = json.loads(files["manifest.json"])
    return zipped(files | {"manifest.json": mutated_json(document, random_)})


def mutated_axes(files: dict[str, bytes], random_: random.Random) -> bytes:
    changed = files | {"axes.json": mutated_json(json.loads(files["axes.json"]), random_)}
    return zipped(changed | {"manifest.json": described(changed)})


def described(files: dict[str, bytes]) -> bytes:
    """The manifest of changed files: otherwise their digests alone would refuse them."""
    manifest = json.loads(files["manifest.json"])
    for name, entry in manifest["files"].items():
        entry |= {"bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
    return json.dumps(manifest).encode()


def mutated_json(document: Any, random_: random.Random) -> bytes:
    for _ in range(random_.choice((1, 1, 1, 2, 4))):
        mutate_value(document, random_)
    text = json.dumps(document)
    if random_.random() < 0.1:
        text = mutate_text(text, random_)
    return text.encode("utf-8", "surrogatepass")


def mutate_value(document: Any, random_: random.Random) -> None:
    """Changes one place of a document: what is there, what it is called, or how often it is there."""
    node, way = document, []
    while isinstance(node, dict | list) and len(node):
        key = random_.choice(list(node)) if isinstance(node, dict) else random_.randrange(len(node))
        way.append((node, key))
        node = node[key]
        if random_.random() < 0.2:
            break
    if not way:
        return
    holder, key = random_.choice(way)
    old = holder[key]
    action = random_.randrange(7)
    if action == 0:
        del holder[key]
    elif action == 1 and isinstance(holder, dict):
        holder[random_.choice(["", "x", "\x1b", str(key).upper(), f"{key} "])] = holder.pop(key)
    elif action == 2 and isinstance(holder, list):
        holder.insert(key, old)
    elif action == 3:
        other, place = random_.choice(way)
        holder[key], other[place] = other[place], holder[key]
        if contains_itself(document):
            holder[key], other[place] = None, None
    elif action == 4 and isinstance(old, int | float) and not isinstance(old, bool) and abs(old) < 1e300:
        holder[key] = old * random_.choice((-1, 2, 1.001, 100, 1e6, 1e38, 1e300)) + random_.choice((0, 1, -1, 0.5))
    elif action == 5 and isinstance(old, list):
        holder[key] = random_.choice([old[:-1], old + old, old[::-1], [old], [str(item)[:50] for item in old]])
    else:
        holder[key] = json.loads(json.dumps(random_.choice(VALUES)))


def contains_itself(document: Any) -> bool:
    try:
        json.dumps(document)
    except (ValueError, RecursionError):
        return True
    return False


def mutate_text(text: str, random_: random.Random) -> str:
    place = random_.randrange(len(text))
    return random_.choice([
        text[:place],
        text[:place] + random_.choice(list('{}[],:"\\0e-+')) + text[place + 1 :],
        text[:place] + "[" * 100_000,
        text.replace(":", ": " + "9" * 5000, 1),
        text.replace("{", '{"name": 1, "name": 2, ', 1),
        "\ufeff" + text,
        text * 2,
    ])  # fmt: skip


def mutated_archive(files: dict[str, bytes], random_: random.Random) -> bytes:
    action = random_.randrange(8)
    if action == 0:
        return zipped(files, random_.choice(["a/", "a/b/", "../", "/", "C:/", "\\", "a\\", "./"]))
    if action == 1:
        return zipped(files, method=random_.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)))
    if action == 2:
        name = random_.choice(["../x", "/x", "manifest.json", "a\\b", "", "\x1b[2J", "x" * 60_000, "axes.json/", ".."])
        return zipped(files, extra=(name, b"x"))
    if action == 3:
        return random_.randbytes(random_.randrange(300)) + zipped(files)
    content = bytearray(zipped(files))
    records = [place for mark in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06") for place in places(content, mark)]
    for _ in range(random_.choice((1, 1, 2, 5))):
        if action in (4, 5):  # a field of a header: sizes, offsets, flags, method, lengths of names
            place, width = random_.choice(records) + 4 + random_.randrange(40), random_.choice((1, 2, 4))
            content[place : place + width] = random_.choice([b"\0" * width, b"\xff" * width, random_.randbytes(width)])
        elif action == 6:
            content[random_.randrange(len(content))] ^= 1 << random_.randrange(8)
        else:
            start = random_.randrange(len(content))
            del content[start : start + random_.choice((1, 10, 1000, 10**6))]
            records = [0]
            if not content:
                break
    return bytes(content)


def places(content: bytes | bytearray, mark: bytes) -> list[int]:
    found, place = [], content.find(mark)
    while place >= 0:
        found.append(place)
        place = content.find(mark, place + 1)
    return found


def zipped(
    files: dict[str, bytes],
    inside: str = "",
    method: int = zipfile.ZIP_DEFLATED,
    extra: tuple[str, bytes] | None = None,
) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", method, compresslevel=1) as archive:
        warnings.simplefilter("ignore")  # names that are there twice
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(inside + name), content, method)
        if extra is not None:
            archive.writestr(zipfile.ZipInfo(extra[0]), extra[1])
    return stream.getvalue()


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    sys.exit(
        record(
            "mutated_files",
            "manifests, axes and archives of bundles, changed at random, opened, verified and used",
            run(*(given or [20_000]), *([] if len(given) > 1 else [1])),
        )
    )
