"""The public names of `tlgan_runtime` for docs/python.md, from the code; `docs/fill.py` puts them there."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import partial
from typing import Any

import tlgan_runtime
from tlgan_runtime import CheerMeUp, CheerMeUpError, Puppet
from tlgan_runtime.animation.options import AnimationOptions
from tlgan_runtime.batch.run import Outcome

WIDTH = 100


def parts() -> dict[str, Any]:
    """Name of a part -> what makes it, for every public name."""
    found: dict[str, Any] = {"properties": properties, "errors": errors, "options of gif": options}
    found["fields of Outcome"] = partial(fields, Outcome)
    for name, one in _public():
        if inspect.isclass(one) and issubclass(one, CheerMeUpError):
            continue
        if inspect.isfunction(one) or one is CheerMeUp:
            found[f"signature of {name}"] = partial(signature, name, one)
        elif one is Puppet:
            found[f"members of {name}"] = partial(members, name.lower(), one)
        else:
            found[f"fields of {name}"] = partial(fields, one)
    for name, one in inspect.getmembers(CheerMeUp, inspect.isfunction):
        if not name.startswith("_"):
            found[f"signature of {name}"] = partial(signature, f"app.{name}", one)
    return found


def signature(name: str, one: Any) -> str:
    """How a function or a class is called, as in the code."""
    return f"```text\n{_call(name, one)}\n```"


def _call(name: str, one: Any) -> str:
    made = inspect.signature(one)
    arguments = []
    for key, argument in made.parameters.items():
        if argument.kind is argument.KEYWORD_ONLY and "*" not in arguments:
            arguments.append("*")
        default = "" if argument.default is argument.empty else f" = {argument.default!r}"
        arguments.append(
            key if argument.annotation is argument.empty else f"{key}: {_text(argument.annotation)}{default}"
        )
    if arguments[:1] == ["self"]:
        arguments = arguments[1:]
    returned = made.return_annotation
    end = "" if inspect.isclass(one) else f" -> {_text(returned)}"
    line = f"{name}({', '.join(arguments)}){end}"
    if len(line) > WIDTH:
        rows = "".join(f"    {argument},\n" for argument in arguments)
        line = f"{name}(\n{rows}){end}"
    return line


def members(name: str, one: type) -> str:
    """How the methods of a class are called, and the types of its properties."""
    calls = [
        f"{name}.{key} -> {_text(member.fget.__annotations__['return'])}"
        if isinstance(member, property)
        else _call(f"{name}.{key}", member)
        for key, member in vars(one).items()
        if not key.startswith("_")
    ]
    return "\n".join(["```text", *calls, "```"])


def properties() -> str:
    """What an instance of `CheerMeUp` says about itself."""
    rows = [
        f"| `app.{name}` | `{_text(one.fget.__annotations__['return'])}` | {_summary(one.__doc__)} |"
        for base in reversed(CheerMeUp.__mro__)
        for name, one in vars(base).items()
        if isinstance(one, property)
    ]
    return "\n".join(["| property | type | meaning |", "|---|---|---|", *rows])


def options() -> str:
    """The options of an animation."""
    rows = []
    for name, one in AnimationOptions.options().items():
        default = AnimationOptions.shown_default(name) or ""
        rows.append(f"| `{name}` | {_cell(one.about)} | {_cell(default)} |")
    return "\n".join(["| argument | meaning | default |", "|---|---|---|", *rows])


def errors() -> str:
    """Every error, its bases outside of the package, and its exit code."""
    rows = []
    for name, one in _public():
        if inspect.isclass(one) and issubclass(one, CheerMeUpError):
            bases = ", ".join(f"`{base.__name__}`" for base in one.__bases__)
            rows.append(f"| `{name}` | {bases} | {one.exit_code} | {_summary(one.__doc__)} |")
    return "\n".join(["| error | is also a | exit code | meaning |", "|---|---|---|---|", *rows])


def fields(one: type) -> str:
    """The fields of a class, with the docstrings below them."""
    rows = [f"| `{name}` | `{_cell(kind)}` | {about} |" for name, kind, about in documented(one)]
    return "\n".join(["| field | type | meaning |", "|---|---|---|", *rows])


def documented(one: type) -> Iterator[tuple[str, str, str]]:
    """Name, type and docstring of each field of a class."""
    (made,) = ast.parse(inspect.getsource(one)).body
    assert isinstance(made, ast.ClassDef)
    for field, after in zip(made.body, [*made.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign):
            about = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            yield ast.unparse(field.target), ast.unparse(field.annotation), _cell(about)


def _public() -> Iterator[tuple[str, Any]]:
    for name in tlgan_runtime.__all__:
        if name != "__version__":
            yield name, getattr(tlgan_runtime, name)


def _text(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else str(getattr(annotation, "__name__", annotation))


def _summary(docstring: str | None) -> str:
    """The first paragraph."""
    return _cell(inspect.cleandoc(docstring or "").partition("\n\n")[0])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
