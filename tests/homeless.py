"""Programs started by a user whom the system does not know and who has no home folder, as in some containers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The effective user stays, so that it can read the interpreter wherever that is installed.
BEGIN = """
import os, pwd, runpy, sys
if os.geteuid() == 0 and hasattr(os, "setresuid"):
    os.setresuid(54321, 0, 0)
else:
    def unknown(user):
        raise KeyError(f"getpwuid(): uid not found: {user}")
    pwd.getpwuid = unknown
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def homeless(module: str, *arguments: object, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`python -m module` in `folder` with no environment but `variables`."""
    return subprocess.run(
        [sys.executable, "-c", BEGIN, module, *map(str, arguments)],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
    )
