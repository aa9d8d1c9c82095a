"""The run folder, which holds all files of one training. A kill never leaves a file half-written."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from tlgan_runtime.files import replacing
from tlgan_train.compute.compute import Compute
from tlgan_train.config import Config, unknown_settings
from tlgan_train.errors import TrainError
from tlgan_train.revision import code_revision


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Create the folder of `path`, then do as `tlgan_runtime.files.replacing`: `path` is complete or as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        yield temporary


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON. numpy numbers and arrays become plain ones, NaN and infinite numbers become null."""
    text = json.dumps(plain(value), indent=1, allow_nan=False)
    with written(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def plain(value: Any) -> Any:
    """Convert a value to types that JSON has.

    A figure that does not exist, such as a mean over no faces, is NaN or infinite in memory. It becomes None, because
    JSON has no NaN and the other figures must not be lost.
    """
    if isinstance(value, np.generic | np.ndarray | torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value


def read_json(path: Path, made_by: str) -> Any:
    """Read a JSON file that the stage `made_by` writes.

    NaN and Infinity, which earlier versions wrote, become None. Raises `TrainError`, which names the stage, if the file
    is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda _: None)
    except FileNotFoundError:
        raise TrainError(f"{path} is missing; run `tlgan-train {made_by}` with the same --run first") from None
    except ValueError as error:
        raise TrainError(f"{path} is damaged ({error}); delete it and run `tlgan-train {made_by}` again") from None


def save_tensors(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, Any]) -> None:
    """Write named tensors and JSON metadata as one safetensors file."""
    with written(path) as temporary:
        contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        # Written by Python, because its error reports a full disk.
        temporary.write_bytes(save(contiguous, {key: json.dumps(value) for key, value in metadata.items()}))


def load_tensors(path: Path, made_by: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the tensors and metadata of a file that the stage `made_by` wrote by `save_tensors`.

    Raises `TrainError`, which names the stage, if the file is missing or damaged.
    """
    if not path.is_file():
        raise TrainError(f"{path} is missing; run `tlgan-train {made_by}` with the same --run first")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = {key: json.loads(value) for key, value in (file.metadata() or {}).items()}
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118 - not a mapping
    except SafetensorError as error:
        raise TrainError(f"{path} is damaged ({error}); delete it and run `tlgan-train {made_by}` again") from None


@contextmanager
def claimed(run: Path) -> Iterator[None]:
    """Keep other processes from writing to a run folder. Raises `TrainError` if another process has claimed it.

    The claim always ends with its process, even after a kill. The file `RUN/lock` stays.
    """
    lock = FileLock(run / "lock", blocking=False)
    try:
        run.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise TrainError(f"another process is at work in {run}; wait for it, or take another --run folder") from None
    except OSError as error:
        raise TrainError(f"cannot write to the run folder {run}: {error.strerror}; take another --run") from None
    try:
        yield
    finally:
        lock.release()


def open_run(run: Path, config: Config, data_digest: str) -> None:
    """Start a run folder, or check that an existing one was started with the same settings and data.

    Raises `TrainError` if it was not.
    """
    check_run(run, config, data_digest)
    path = run / "config.json"
    if not path.exists():
        write_json(path, {"config": config.to_dict(), "data_digest": data_digest, "code_revision": code_revision()})


def check_run(run: Path, config: Config, data_digest: str) -> None:
    """Raise `TrainError` for a run folder that was started with other settings or data."""
    path = run / "config.json"
    if not path.exists():
        return
    before, digest = started_with(path)
    # Settings that are newer than the folder get their defaults, which stand for the earlier behaviour.
    known = {"config": before.to_dict(), "data_digest": digest}
    differing = sorted(_differences(known, {"config": config.to_dict(), "data_digest": data_digest}))
    if differing:
        raise TrainError(
            f"{run} was started with other settings ({'; '.join(differing)}); "
            "take another --run folder or the same settings"
        )


def run_precision(run: Path, wish: str) -> str:
    """Return the precision, `fp32` or `bf16`, in which all networks of an opened run are trained.

    It is chosen once and recorded in `config.json`. `wish` is the setting `gan.precision`. Folders without a record
    use the precision of their checkpoint.
    """
    path, checkpoint = run / "config.json", run / "gan" / "checkpoint.safetensors"
    facts = read_json(path, made_by="all")
    if facts.get("precision") not in ("fp32", "bf16"):
        before = load_tensors(checkpoint, made_by="gan")[1] if checkpoint.is_file() else {}
        facts["precision"] = before.get("precision") or Compute.here(wish).precision
        write_json(path, facts)
    return str(facts["precision"])


def started_with(path: Path) -> tuple[Config, str]:
    """Return the settings and the digest of the data from the `config.json` of a run.

    Raises `TrainError` if the file is damaged or of another version.
    """
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        values, digest = dict(facts["config"]), str(facts["data_digest"])
    except (ValueError, KeyError, TypeError) as error:
        raise TrainError(f"{path} is damaged ({error}); take another --run folder") from None
    if unknown := unknown_settings(values):
        raise TrainError(
            f"{path} is of another version of cheermeup, which had {', '.join(unknown)}; use that version, or take "
            "another --run folder"
        )
    try:
        return Config.from_dict(values), digest
    except TrainError as error:
        raise TrainError(f"{path} is damaged ({error}); take another --run folder") from None


def _differences(before: Any, now: Any, name: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in before.keys() | now.keys():
            yield from _differences(before.get(key), now.get(key), f"{name}.{key}".lstrip("."))
    elif before != now:
        yield f"{name.removeprefix('config.')} was {before!r}, now {now!r}"
