"""Scripts with which a shell completes `cheermeup`: commands, options, their values and names of files.

The scripts are made from the parsers, and hold everything: nothing is run while somebody types. Names of emotions are
not in them, since each bundle has its own.
"""

from __future__ import annotations

from argparse import Action
from collections.abc import Iterator, Sequence

from tlgan_runtime.cli.arguments import SHELLS, command_names, command_parser, program
from tlgan_runtime.cli.parser import HELP, Parser
from tlgan_runtime.validation import one_of

_FILES = ("FILE", "PATH", "JOBS")
"""What the help calls values that are paths of files (a bundle is a .zip or a folder)."""
_FOLDERS = ("DIR",)
_ABOUT_HELP = "Show the help."


def completion(shell: str) -> str:
    """The script for `bash`, `zsh` or `fish`; raises `InputError` for another shell."""
    write = {"bash": _bash, "zsh": _zsh, "fish": _fish}[one_of("shell", shell, SHELLS)]
    return "\n".join(write(program(), {name: command_parser(name) for name in command_names()}))


def _takes_value(action: Action) -> bool:
    return action.nargs != 0


def _names(parser: Parser) -> list[str]:
    return [name for action in parser.offered for name in action.option_strings] + [HELP]


def _positional(parser: Parser) -> Action | None:
    """What stands on the command line without a name; no command takes two of these."""
    return next((action for action in parser.offered if not action.option_strings), None)


def _about(action: Action) -> str:
    return action.help or ""


def _quoted(text: str) -> str:
    """`text` as one word of bash or zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def _bash(root: Parser, parsers: dict[str, Parser]) -> Iterator[str]:
    yield """# Completion of cheermeup for bash: eval "$(cheermeup --completion bash)"
_cheermeup() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= word words= kind=
    # Bash makes three words of --option=value.
    if [[ $current == "=" ]]; then current=
    elif [[ $previous == "=" ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if [[ $word != -* ]]; then command=$word; break; fi
    done
    case "$command $previous" in"""
    patterns: dict[str, list[str]] = {}
    for name, parser in {"": root, **parsers}.items():
        for action in filter(_takes_value, parser.offered):
            words = [_quoted(f"{name} {option}") for option in action.option_strings]
            patterns.setdefault(_bash_values(action), []).extend(words)
    yield from (f"        {'|'.join(words)}) {values} ;;" for values, words in patterns.items())
    yield '        *) case "$command" in'
    yield f"            '') words={_quoted(' '.join([*parsers, *_names(root)]))} ;;"
    for name, parser in parsers.items():
        positional = _positional(parser)
        files = "" if positional is None else f"; [[ $current != -* ]] && {_bash_values(positional)}"
        yield f"            {name}) words={_quoted(' '.join(_names(parser)))}{files} ;;"
    yield """            esac ;;
    esac
    COMPREPLY=()
    if [[ -n $kind ]]; then
        local IFS=$'\\n'
        COMPREPLY=($(compgen -A "$kind" -- "$current"))
        compopt -o filenames 2>/dev/null  # bash 3.2 has no compopt
    elif [[ -n $words ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$current"))
    fi
}
complete -F _cheermeup cheermeup"""


def _bash_values(action: Action) -> str:
    if action.choices is not None:
        return f"words={_quoted(' '.join(map(str, action.choices)))}"
    kinds = {**dict.fromkeys(_FILES, "file"), **dict.fromkeys(_FOLDERS, "directory")}
    return f"kind={kinds.get(str(action.metavar), '')}"


def _zsh(root: Parser, parsers: dict[str, Parser]) -> Iterator[str]:
    yield """#compdef cheermeup
# Completion of cheermeup for zsh: eval "$(cheermeup --completion zsh)", after compinit
_cheermeup() {
    local -a commands
    commands=("""
    for name, parser in parsers.items():
        yield f"        {_quoted(f'{name}:{parser.description}')}"
    yield """    )
    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
        _describe command commands
        return
    fi
    local command=$words[2]
    case $command in"""
    for name, parser in parsers.items():
        yield f"        {name})"
        yield "            shift words; (( CURRENT-- ))"
        yield f"            _arguments {' '.join(_zsh_specs(parser))} ;;"
    yield f"        -*) _arguments {' '.join(_zsh_specs(root))} ;;"
    yield """    esac
}
if [[ $funcstack[1] == _cheermeup ]]; then _cheermeup "$@"; else compdef _cheermeup cheermeup; fi"""


def _zsh_specs(parser: Parser) -> Iterator[str]:
    for action in parser.offered:
        value = f":{action.metavar or 'value'}:{_zsh_values(action)}" if _takes_value(action) else ""
        about = _about(action)
        for special in ("\\", "[", "]", ":"):
            about = about.replace(special, f"\\{special}")
        if not action.option_strings:
            yield _quoted(f"1:{action.metavar}:{_zsh_values(action)}")
        for option in action.option_strings:
            repeated = type(action).__name__ == "_AppendAction"
            before = "*" if repeated else f"({' '.join(action.option_strings)})"
            joined = "" if not value else "=" if option.startswith("--") else "+"
            yield _quoted(f"{before}{option}{joined}[{about}]{value}")
    yield _quoted(f"{HELP}[{_ABOUT_HELP}]")


def _zsh_values(action: Action) -> str:
    if action.choices is not None:
        return f"({' '.join(map(str, action.choices))})"
    return {**dict.fromkeys(_FILES, "_files"), **dict.fromkeys(_FOLDERS, "_files -/")}.get(str(action.metavar), " ")


def _fish(root: Parser, parsers: dict[str, Parser]) -> Iterator[str]:
    yield "# Completion of cheermeup for fish: cheermeup --completion fish | source"
    yield "complete -c cheermeup -f"
    start = "-n __fish_use_subcommand"
    for name, parser in parsers.items():
        yield f"complete -c cheermeup {start} -a {name} -d {_fish_quoted(parser.description or '')}"
    yield from _fish_options(start, root)
    for name, parser in parsers.items():
        yield from _fish_options(f"-n '__fish_seen_subcommand_from {name}'", parser)


def _fish_options(where: str, parser: Parser) -> Iterator[str]:
    for action in parser.offered:
        names = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in action.option_strings]
        words = ["complete -c cheermeup", where, *names, *_fish_values(action)]
        yield f"{' '.join(words)} -d {_fish_quoted(_about(action))}"
    yield f"complete -c cheermeup {where} -l {HELP[2:]} -d {_fish_quoted(_ABOUT_HELP)}"


def _fish_values(action: Action) -> Sequence[str]:
    if not action.option_strings:
        return ["-F"]
    if not _takes_value(action):
        return []
    if action.choices is not None:
        return ["-x", "-a", _fish_quoted(" ".join(map(str, action.choices)))]
    if action.metavar in _FILES:
        return ["-r", "-F"]
    return ["-x", "-a", "'(__fish_complete_directories)'"] if action.metavar in _FOLDERS else ["-x"]


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
