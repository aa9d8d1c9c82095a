"""CheerMeUp: edit the expressions of drawn characters with an exported bundle, on numpy and ONNX Runtime alone."""

from __future__ import annotations

# `cheermeup` answers Ctrl-C once it is past this file, so nothing is imported here; `typing` takes milliseconds.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tlgan_runtime.animation.caption import Caption
    from tlgan_runtime.animation.write import Animation, write_animation
    from tlgan_runtime.batch.run import run_batch
    from tlgan_runtime.editor import CheerMeUp
    from tlgan_runtime.errors import (
        BundleDamagedError,
        BundleError,
        BundleNotFoundError,
        BundleSchemaError,
        CheerMeUpError,
        InputError,
        MissingLibraryError,
        OutputError,
        ProviderError,
    )
    from tlgan_runtime.pictures.inversion import Inversion
    from tlgan_runtime.puppet import Puppet
    from tlgan_runtime.scores import Scores
    from tlgan_runtime.version import __version__

# Name -> the module that has it: imported at first use (PEP 562), so that `import tlgan_runtime` costs nothing.
_HOMES = {
    "Animation": "animation.write",
    "write_animation": "animation.write",
    "run_batch": "batch.run",
    "Caption": "animation.caption",
    "CheerMeUp": "editor",
    "Inversion": "pictures.inversion",
    "Puppet": "puppet",
    "Scores": "scores",
    "__version__": "version",
    "BundleDamagedError": "errors",
    "BundleError": "errors",
    "BundleNotFoundError": "errors",
    "BundleSchemaError": "errors",
    "CheerMeUpError": "errors",
    "InputError": "errors",
    "MissingLibraryError": "errors",
    "OutputError": "errors",
    "ProviderError": "errors",
}

__all__ = [
    "Animation",
    "BundleDamagedError",
    "BundleError",
    "BundleNotFoundError",
    "BundleSchemaError",
    "Caption",
    "CheerMeUp",
    "CheerMeUpError",
    "InputError",
    "Inversion",
    "MissingLibraryError",
    "OutputError",
    "ProviderError",
    "Puppet",
    "Scores",
    "__version__",
    "run_batch",
    "write_animation",
]


if not TYPE_CHECKING:  # a type checker that saw this would take any name for one of ours

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"tlgan_runtime.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
