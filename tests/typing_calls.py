"""Typical calls of the public interface, as a typed program makes them, and wrong ones that a type checker must refuse.

`mypy` checks this file in strict mode with the package. A wrong call that it accepts leaves a `type: ignore` without
use, which strict mode reports. `tests/runtime/test_typing.py` makes the typical calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import tlgan_runtime
from tlgan_runtime import (
    Animation,
    BundleDamagedError,
    BundleError,
    BundleNotFoundError,
    BundleSchemaError,
    Caption,
    CheerMeUp,
    CheerMeUpError,
    InputError,
    MissingLibraryError,
    OutputError,
    ProviderError,
    Puppet,
    Scores,
    run_batch,
    write_animation,
)


def typical_calls(bundle: Path, folder: Path) -> None:
    app = CheerMeUp(bundle, provider="cpu", threads=1, precision="auto")
    CheerMeUp(str(bundle))
    names = assert_type(app.emotions, list[str])
    assert_type(app.characters + app.drawn_characters + app.attributes + app.methods + app.providers, list[str])
    assert_type((app.latent_dim, app.image_size), tuple[int, int])
    assert_type(app.path, Path)
    assert_type(app.manifest.license, str)

    z = assert_type(app.sample(2, seed=1), NDArray[np.float32])
    images = assert_type(app.render(z), NDArray[np.uint8])
    app.render(z.tolist())
    scores = assert_type(app.classify(images), Scores)
    assert_type(scores.emotion, NDArray[np.float32])
    _, character = scores
    assert_type(character, NDArray[np.float32])

    mix = {names[0]: 0.5, names[1]: 1}
    moved = assert_type(app.move(z, mix, "paper", keep=[names[2]]), NDArray[np.float32])
    app.move(moved, {names[0]: 1}, until=0.9, keep=("character",))
    for frame in app.walk(z, names[0], steps=2, easing="smooth"):
        assert_type(frame, NDArray[np.uint8])
    frames = assert_type(app.walk(z, mix, 2, keep=names[2:3]), Iterator[NDArray[np.uint8]])
    app.timeline(z, f"start, {names[0]}:0.8@1s", fps=5)
    app.timeline(z, [(0, {}), (0.5, mix)], easing="linear")

    puppet = assert_type(app.puppet(z, settle=0.5, keep=names[2:3]), Puppet)
    puppet.set({names[0]: 0.8})
    assert_type(puppet.frame(1 / 60), NDArray[np.uint8])
    assert_type(puppet.strengths, dict[str, float])

    def progress(done: int, of: int) -> None:
        assert 0 < done <= of

    written = assert_type(
        app.gif(folder / "a.gif", [names[0], mix], steps=2, faces=1, size=64, labels=True, progress=progress), Animation
    )
    app.gif(path=str(folder / "b.png"), timeline=f"{names[0]}, {names[1]}@0.2s", faces=1, size=16, loop="once", hold=0)
    assert_type((written.path, written.frames, written.duration), tuple[Path, int, float])

    def caption(index: int, frame: NDArray[np.uint8]) -> Caption:
        return Caption(names[:1], np.full((len(frame), 1), float(index)), labels=True)

    write_animation(folder / "c.webp", frames, fps=10, size=64, caption=caption)

    for outcome in run_batch(['{"output": "d.png", "kind": "sample"}'], folder, bundle=bundle, processes=1):
        assert_type((outcome.line, outcome.status, outcome.output), tuple[int, str, str | None])
    assert_type(tlgan_runtime.__version__, str)


def errors(bundle: str) -> str:
    """Every error has an exit code; those of input are also `ValueError`s and those of output `OSError`s."""
    try:
        CheerMeUp(bundle)
    except (BundleNotFoundError, BundleDamagedError, BundleSchemaError) as error:
        as_bundle: BundleError = error
        return str(as_bundle)
    except (InputError, OutputError, MissingLibraryError, ProviderError) as error:
        assert_type(error.exit_code, int)
        base: CheerMeUpError = error
        return str(base)
    wrong_input: type[ValueError] = InputError
    wrong_output: type[OSError] = OutputError
    return f"{wrong_input} {wrong_output}"


def wrong_calls(app: CheerMeUp, z: NDArray[np.float32]) -> None:
    CheerMeUp(3)  # type: ignore[arg-type]
    CheerMeUp("bundle", "cpu")  # type: ignore[call-arg]
    CheerMeUp(threads="2")  # type: ignore[arg-type]
    app.sample("8")  # type: ignore[arg-type]
    app.sample(8, seed=0.5)  # type: ignore[arg-type]
    app.render()  # type: ignore[call-arg]
    app.render(object())  # type: ignore[arg-type]
    app.move(z, "joy")  # type: ignore[arg-type]
    app.move(z, {"joy": "1"})  # type: ignore[dict-item]
    app.move(z, {"joy": 1}, until="0.9")  # type: ignore[arg-type]
    app.walk(z, ["joy"])  # type: ignore[arg-type]
    app.walk(z, "joy", steps=2.5)  # type: ignore[arg-type]
    len(app.walk(z, "joy"))  # type: ignore[arg-type]
    app.timeline(z, {"joy": 1})  # type: ignore[arg-type]
    app.puppet(z).set("joy")  # type: ignore[arg-type]
    app.puppet(z).frame()  # type: ignore[call-arg]
    app.gif()  # type: ignore[call-arg]
    app.gif("a.gif", emotions="joy")  # type: ignore[call-arg]
    app.gif("a.gif", steps="30")  # type: ignore[arg-type]
    app.gif("a.gif", loop=True)  # type: ignore[arg-type]
    app.gif("a.gif", "joy", 30, 8, 0, 15, 256, "start, joy@1s")  # type: ignore[call-arg]
    app.gif("a.gif", progress=True)  # type: ignore[arg-type]
    app.classify(app.render(z)).emotions  # type: ignore[attr-defined]  # noqa: B018
    app.emotions = []  # type: ignore[misc]
    app.happiness  # type: ignore[attr-defined]  # noqa: B018
    run_batch([b"{}"], "folder")  # type: ignore[list-item]
    write_animation("a.gif", 3)  # type: ignore[arg-type]
    tlgan_runtime.Editor  # type: ignore[attr-defined]  # noqa: B018
