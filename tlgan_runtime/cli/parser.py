"""A parser of the options of one command, made of argparse.

The standard library is enough, starts in a few milliseconds, and adds nothing to what a program that embeds the runtime
has to install.
"""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentParser, ArgumentTypeError, HelpFormatter, Namespace
from itertools import takewhile
from typing import Any, NoReturn

from tlgan_runtime.errors import InputError
from tlgan_runtime.messages import shown
from tlgan_runtime.option import Behind, Choice, Flag, Kind, Names, Options, Paint, Real, Text, Whole
from tlgan_runtime.validation import nearest

HELP, DEBUG = "--help", "--debug"


class Parser(ArgumentParser):
    """Raises `InputError` for wrong usage. Its help says which value applies where an option is not given."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Formatter, **settings)
        self.offered: list[Action] = []
        """What the command takes, in the order of its help, without --help."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} ({self.prog} --help lists the options)")

    def option(self, *names: str, help: str, shown: object = None, **settings: Any) -> None:
        """`add_argument`; `shown` stands for the default where that is None."""
        shown = settings.get("default") if shown is None else shown
        about = help if shown is None else f"{help} [{shown}]"
        self.offered.append(self.add_argument(*names, help=about, **settings))

    def flag(self, *names: str, help: str, **settings: Any) -> None:
        self.offered.append(self.add_argument(*names, help=help, action="store_true", **settings))

    def options_of(self, options: type[Options]) -> None:
        """Adds each option of the class that is not for programs alone. One that is not given is not in the result."""
        for name, one in options.shared().items():
            default = options.shown_default(name)
            about = one.about if default is None else f"{one.about} [{default}]"
            self.offered.append(self.add_argument(f"--{name}", help=about, default=SUPPRESS, **_settings(one.kind)))

    def understand(self, given: list[str]) -> Namespace:
        """`parse_args` that reports a misspelt option first, and not what is missing because of it."""
        names = self._long_names()
        for argument in takewhile(lambda argument: argument != "--", given):
            if argument.startswith("--") and argument.partition("=")[0] not in names:
                self._refuse(argument)
        understood, unknown = self.parse_known_args(given)
        if unknown:
            self._refuse(unknown[0])
        return understood

    def _refuse(self, argument: str) -> NoReturn:
        kind = "unknown option" if argument.startswith("-") else "unexpected argument"
        self.error(f"{kind} {argument}{nearest(argument, [*self._long_names(), DEBUG])}")

    def _long_names(self) -> list[str]:
        names = (name for action in self.offered for name in action.option_strings)
        return [HELP, *(name for name in names if name.startswith("--"))]


class _Formatter(HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32)

    def _expand_help(self, action: Action) -> str:
        return action.help or ""  # as it is: argparse would look for %(default)s, and stumble over joy_%03d.png


def _settings(kind: Kind) -> dict[str, Any]:
    """How argparse reads an option of this kind."""
    match kind:
        case Whole():
            return {"type": whole_number, "metavar": "N"}
        case Real():
            return {"type": number, "metavar": "X"}
        case Choice(names=names):
            return {"choices": names}
        case Flag():
            return {"action": "store_true"}
        case Names():
            return {"action": "append", "metavar": "NAME"}
        case Behind() | Paint():
            return {"metavar": "COLOUR"}
        case Text(metavar=metavar):
            return {"metavar": metavar}
    raise TypeError(f"the command line cannot read {kind}")


def whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"must be a whole number, not {shown(text)}") from None


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ArgumentTypeError(f"must be a number, not {shown(text)}") from None
