"""What is loaded when: counted in fresh interpreters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "torchvision", "sklearn", "onnxruntime", "onnx", "numpy", "PIL", "imageio", "tlgan_train")
HEAVY += ("starlette", "uvicorn")


def loaded_after(code: str, *arguments: str) -> set[str]:
    """The heavy modules that are loaded after `code` ran in a new interpreter."""
    script = f"import sys\n{code}\nsys.stderr.write(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return set(run.stderr.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_after("import tlgan_runtime\ndir(tlgan_runtime)\ntlgan_runtime.__version__") == set()


def test_importing_the_class_loads_no_graph_library() -> None:
    assert loaded_after("from tlgan_runtime import CheerMeUp") == {"numpy", "PIL"}


@pytest.mark.parametrize(
    "arguments", ["['--help']", "['gif', '--help']", "['--version']", "[]", "['gif', '--steps', 'x']"]
)
def test_help_and_usage_errors_need_neither_numpy_nor_a_graph_library(arguments: str) -> None:
    # what the command itself says on standard error is not of interest here
    quiet_main = f"with contextlib.redirect_stderr(io.StringIO()):\n    main({arguments})"
    assert loaded_after(f"import contextlib, io\nfrom tlgan_runtime.cli.commands import main\n{quiet_main}") == set()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
@pytest.mark.parametrize("told", [None, "2"])
def test_a_command_starts_no_threads_for_products_unless_told_to(bundle: Path, told: str | None) -> None:
    code = (
        "import os, sys; from tlgan_runtime.cli.commands import main; "
        "main(['info', '--bundle', sys.argv[1]]); import numpy; "
        "print(len(os.listdir('/proc/self/task')), os.environ['OPENBLAS_NUM_THREADS'])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    if told is not None:
        environment["OPENBLAS_NUM_THREADS"] = told
    run = subprocess.run(
        [sys.executable, "-c", code, str(bundle)], capture_output=True, text=True, check=True, env=environment
    )
    threads, setting = run.stdout.splitlines()[-1].split()
    assert setting == (told or "1") and (told is not None or threads == "1")


def test_onnxruntime_neither_reports_nor_writes_anything(bundle: Path, tmp_path: Path) -> None:
    code = (
        "import os, sys; from tlgan_runtime import CheerMeUp; app = CheerMeUp(sys.argv[1], provider='cpu', threads=1); "
        "app.render(app.sample(1)); assert 'ORT_DISABLE_TELEMETRY' not in os.environ"
    )
    hidden = ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    subprocess.run([sys.executable, "-c", code, str(bundle)], check=True, env={**environment, "HOME": str(tmp_path)})
    assert list(tmp_path.rglob("*")) == []


def test_a_whole_job_needs_no_training_library(bundle: Path, tmp_path: Path) -> None:
    code = (
        "from tlgan_runtime import CheerMeUp\n"
        "app = CheerMeUp(sys.argv[1], provider='cpu', threads=1)\n"
        "app.classify(app.render(app.sample(2)))\n"
        "app.gif(sys.argv[2], steps=3, faces=1, size=16)\n"
    )
    assert loaded_after(code, str(bundle), str(tmp_path / "a.gif")) == {"numpy", "PIL", "onnxruntime"}


def test_every_exported_name_is_there() -> None:
    import tlgan_runtime

    assert {name for name in tlgan_runtime.__all__ if getattr(tlgan_runtime, name) is None} == set()
    assert set(tlgan_runtime.__all__) <= set(dir(tlgan_runtime))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tlgan_runtime.nothing
