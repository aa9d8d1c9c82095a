"""What would keep the packages off Windows."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.program import ROOT

IMPORT_ALL = """
import importlib, pkgutil, sys

def import_all():
    for package in ("tlgan_runtime", "tlgan_train"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
            if ".__" not in module.name:  # programs, and hooks of other programs
                importlib.import_module(module.name)

import_all()  # with what the dependencies import
for name in [name for name in sys.modules if name.partition(".")[0] in ("tlgan_runtime", "tlgan_train")]:
    del sys.modules[name]
unix = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty")
sys.modules.update(dict.fromkeys(unix))
sys.platform = "win32"  # what else is imported has been
import_all()
"""


@pytest.mark.slow
def test_every_module_is_imported_without_those_that_only_unix_has() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
