"""Builds the wheel, installs it with the extra `cpu` alone, and uses it from another folder, as the README says."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKS = """
import importlib.util, importlib.resources, tlgan_runtime
from tlgan_runtime import CheerMeUp
assert not importlib.util.find_spec("torch"), "the runtime brought torch"
assert "site-packages" in tlgan_runtime.__file__, "this is not the installed package"
assert importlib.resources.files("tlgan_runtime").joinpath("py.typed").is_file()
"""


def use(python: Path, folder: Path) -> None:
    """Uses what is installed for this interpreter; raises `CalledProcessError` where something fails."""
    # Without what would lead back to the checkout.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    cheermeup = str(python.with_name("cheermeup"))
    like_onnxruntime_web(folder / "onnxruntime-web")
    for command in (
        [cheermeup, "gif", "--emotion", "joy", "--steps", "30"],
        [cheermeup, "verify"],
        [cheermeup, "doctor"],
        [cheermeup, "site", "site", "--onnxruntime-web", "onnxruntime-web"],
        [str(python), "-c", CHECKS],
    ):
        subprocess.run(command, cwd=folder, env=environment, check=True)
    assert (folder / "joy.gif").stat().st_size > 0
    assert (folder / "site" / "index.html").stat().st_size > 0


def like_onnxruntime_web(folder: Path) -> None:
    """Write files with the names of those that a site holds, which draw nothing."""
    folder.mkdir()
    for name in ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"):
        (folder / name).write_bytes(b"\0asm")


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        venv.create(scratch / "use", with_pip=True)
        python = next(path for path in (scratch / "use").glob("*/python*") if path.stem == "python")
        pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(scratch / "wheel"), str(ROOT)], check=True)
        (wheel,) = (scratch / "wheel").glob("cheermeup-*.whl")
        subprocess.run([*pip, "install", f"{wheel}[cpu]"], check=True)
        (scratch / "elsewhere").mkdir()
        use(python, scratch / "elsewhere")


if __name__ == "__main__":
    sys.exit(main())
