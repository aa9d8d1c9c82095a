"""The scripts of `cheermeup --completion`, in the shells that they are for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.program import PATIENCE
from tlgan_runtime.choices import EASINGS
from tlgan_runtime.cli.arguments import command_names, command_parser
from tlgan_runtime.cli.commands import main

CASES = [
    ("g", {"gif", "grid"}),
    ("--ver", {"--version"}),
    ("--completion ", {"bash", "zsh", "fish"}),
    ("gif --ea", {"--easing"}),
    ("gif --easing ", set(EASINGS)),
    ("gif --labels --loop fo", {"forth-and-back", "forth"}),
    ("batch jobs.jsonl --pre", {"--precision"}),
    ("gif --out", {"--output"}),
    ("gif -o pic", {"picture one.gif", "pictures"}),
    ("edit --set joy=1 --output pic", {"picture one.gif", "pictures"}),
    ("batch pic", {"picture one.gif", "pictures"}),
    ("batch jobs.jsonl --out pic", {"pictures"}),
    ("gif --emotion pic", set()),
]
"""What is on the command line after `cheermeup`, and what a shell must offer for its last word."""


def shell(name: str) -> str:
    path = shutil.which(name)
    if path is None or sys.platform == "win32":
        pytest.skip(f"{name} is not installed")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to complete names in."""
    (tmp_path / "files" / "pictures").mkdir(parents=True)
    (tmp_path / "files" / "picture one.gif").touch()
    (tmp_path / "files" / "other.gif").touch()
    return tmp_path / "files"


def script(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["--completion", name]) == 0
    path = folder.parent / f"completion.{name}"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


def ran(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "HOME": str(folder.parent), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stderr == ""
    return done.stdout


def in_bash(path: Path, folder: Path, line: str) -> set[str]:
    words = ["cheermeup", *line.split(" ")]
    asked = f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}"
    code = f'source "$1"; {asked}; complete -p cheermeup >/dev/null; _cheermeup; printf "%s\\n" "${{COMPREPLY[@]}}"'
    return set(ran([shell("bash"), "--norc", "-c", code, "bash", str(path)], folder).splitlines()) - {""}


def in_fish(path: Path, folder: Path, line: str) -> set[str]:
    code = "source $argv[1]; complete --do-complete 'cheermeup '$argv[2]"
    offered = ran([shell("fish"), "--no-config", "-c", code, str(path), line], folder).splitlines()
    return {one.split("\t")[0].replace("\\ ", " ").rstrip("/") for one in offered}


@pytest.mark.parametrize(("line", "offered"), CASES)
def test_bash_completes(folder: Path, capsys: pytest.CaptureFixture[str], line: str, offered: set[str]) -> None:
    assert in_bash(script("bash", folder, capsys), folder, line) == offered


def test_bash_completes_after_an_equals_sign(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = script("bash", folder, capsys)  # bash makes three words of one with an equals sign
    assert in_bash(path, folder, "gif --easing =") == set(EASINGS)
    assert in_bash(path, folder, "gif --easing = sm") == {"smooth"}


@pytest.mark.parametrize(("line", "offered"), CASES)
def test_fish_completes(folder: Path, capsys: pytest.CaptureFixture[str], line: str, offered: set[str]) -> None:
    assert in_fish(script("fish", folder, capsys), folder, line) == offered


ZSH = """
zmodload zsh/zpty
zpty shell {zsh} -f -i
zpty -w shell "unsetopt prompt_cr prompt_sp; PROMPT=; autoload -Uz compinit; compinit -u -D; source {script}"
zpty -w shell 'cheermeup() {{ print -r -- "<$*>" }}; print -r -- READ''Y'
zpty -r -m shell read '*READY*'
{asked}
zpty -d shell
"""


def in_zsh(path: Path, folder: Path, lines: list[str]) -> list[str]:
    """What zsh runs after Tab at the end of each line."""
    asked = [
        f"zpty -w shell $'cheermeup {line}\\t'; zpty -r -m shell out '*<*>*'; print -r -- \"$out\"" for line in lines
    ]
    code = ZSH.format(zsh=shell("zsh"), script=path, asked="\n".join(asked))
    shown = ran([shell("zsh"), "-f", "-c", code], folder)
    return [one.rpartition("<")[2] for one in shown.split(">")[:-1]]


def test_zsh_completes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = script("zsh", folder, capsys)
    lines = ["gri", "gif --eas", "gif --easing smo", "gif --loop forth-", "gif --easing=smo", "gif -o oth", "--comp"]
    expected = [
        "grid", "gif --easing", "gif --easing smooth", "gif --loop forth-and-back", "gif --easing=smooth",
        "gif -o other.gif", "--completion",
    ]  # fmt: skip
    assert [" ".join(one.split()) for one in in_zsh(path, folder, lines)] == expected


@pytest.mark.parametrize(("name", "complete"), [("bash", in_bash), ("fish", in_fish)])
def test_every_option_of_every_command_is_offered(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, complete: Callable[[Path, Path, str], set[str]]
) -> None:
    path = script(name, folder, capsys)
    assert complete(path, folder, "") >= set(command_names())
    for command in command_names():
        names = {
            option
            for action in command_parser(command).offered
            for option in action.option_strings
            if option.startswith("--")
        }
        assert complete(path, folder, f"{command} --") == {*names, "--help"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--completion", "tcsh"], "'bash', 'zsh', 'fish'"),
        (["--completion"], "expected one argument"),
        (["--completio", "bash"], "did you mean --completion?"),
        (["--completion", "bash", "twice"], "unexpected argument twice"),
    ],
)
def test_wrong_usage_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and says.replace("'", "") in err.replace("'", "") and err.count("\n") == 1
