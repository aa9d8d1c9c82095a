"""Everything that the runtime raises on purpose; each class says which exit code the command line gives it."""

from __future__ import annotations

from typing import ClassVar

from tlgan_runtime.messages import one_line


class CheerMeUpError(Exception):
    """Base of all: the message is one line that says what is wrong and what would be right.

    It has 400 characters at most, and control characters are escaped, whatever values and names it quotes.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class InputError(CheerMeUpError, ValueError):
    """An argument of the wrong type, shape, range or name."""

    exit_code = 2


class OutputError(CheerMeUpError, OSError):
    """A file that cannot be written."""

    exit_code = 2


class BundleError(CheerMeUpError):
    """Base of everything that can be wrong with a bundle."""

    exit_code = 3


class BundleNotFoundError(BundleError, FileNotFoundError):
    """No bundle, or a part of it, where one was expected."""


class BundleDamagedError(BundleError, ValueError):
    """A bundle whose content is not what its manifest promises."""


class BundleSchemaError(BundleError, ValueError):
    """A bundle of a schema version that this runtime does not read."""


class ProviderError(CheerMeUpError, RuntimeError):
    """Hardware or an execution provider that was asked for and is not there."""

    exit_code = 4


class MissingLibraryError(CheerMeUpError, ImportError):
    """An optional library that the requested thing needs; the message holds the command that installs it."""

    exit_code = 4
