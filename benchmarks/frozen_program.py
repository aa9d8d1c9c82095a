"""Size and start of a program that PyInstaller froze, next to the same program in Python. Writes `results/frozen.json`.

python benchmarks/frozen_program.py    # in an environment with the installed package, its extra cpu and pyinstaller
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).with_name("results")
ROUNDS = 9
PROGRAM = """
from tlgan_runtime import CheerMeUp

app = CheerMeUp(threads=1)
app.render(app.sample(1))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "drawing.py").write_text(PROGRAM, encoding="utf-8")
        command = [sys.executable, "-m", "PyInstaller", "--log-level", "ERROR", "drawing.py"]
        subprocess.run(command, cwd=folder, check=True)
        frozen = folder / "dist" / "drawing"
        programs = {"frozen": [str(frozen / "drawing")], "python": [sys.executable, str(folder / "drawing.py")]}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
        for _ in range(ROUNDS):
            for name, program in programs.items():
                times[name].append(started(program))
        facts = {
            "rounds": ROUNDS,
            "bytes": sum(path.lstat().st_size for path in frozen.rglob("*") if path.is_symlink() or path.is_file()),
            "wall_seconds": {name: round(median(wall for wall, _ in of), 3) for name, of in times.items()},
            "cpu_seconds": {name: round(median(cpu for _, cpu in of), 3) for name, of in times.items()},
            "load": os.getloadavg()[0],
            "versions": {name: version(name) for name in ("numpy", "onnxruntime", "pillow", "pyinstaller")},
        }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "frozen.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


def started(program: list[str]) -> tuple[float, float]:
    """Seconds of wall and CPU time of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(program)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, program
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
