"""The errors that the runtime raises, each with the exit code of the command line."""

from __future__ import annotations

from typing import ClassVar

from tlgan_runtime.messages import one_line


class CheerMeUpError(Exception):
    """Base of all errors of this package. The message is one line: what is wrong, and what would be right.

    The message has at most 400 characters, and control characters in it are escaped.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class InputError(CheerMeUpError, ValueError):
    """An argument has the wrong type, shape, range or name."""

    exit_code = 2


class OutputError(CheerMeUpError, OSError):
    """A file cannot be written."""

    exit_code = 2


class BundleError(CheerMeUpError):
    """Base of all errors about bundles."""

    exit_code = 3


class BundleNotFoundError(BundleError, FileNotFoundError):
    """A bundle, or a part of it, is missing."""


class BundleDamagedError(BundleError, ValueError):
    """The content of a bundle differs from its manifest, or has no meaning."""


class BundleSchemaError(BundleError, ValueError):
    """The bundle has a schema version that this runtime cannot read."""


class ProviderError(CheerMeUpError, RuntimeError):
    """The requested hardware or execution provider is not available."""

    exit_code = 4


class MissingLibraryError(CheerMeUpError, ImportError):
    """An optional library is missing; the message holds the command that installs it."""

    exit_code = 4
