"""Options: the kind, the bounds and the help of each, held in a field of a dataclass.

The Python interface, the command line and the jobs of a batch all read these fields, so an option is declared once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import wraps
from inspect import cleandoc, signature
from typing import Any, ClassVar, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from tlgan_runtime.errors import InputError
from tlgan_runtime.messages import shown
from tlgan_runtime.transparency import Colour, background, colour
from tlgan_runtime.validation import flag, one_of, real, whole

P = ParamSpec("P")
AnyOptions = TypeVar("AnyOptions", bound="Options")
Owner = TypeVar("Owner")
Result = TypeVar("Result")

_JSON_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list"} | {
    dict: "an object"
}


class Kind(Protocol):
    """Which values an option takes."""

    @property
    def json(self) -> tuple[type, ...]:
        """Types of the value in a job; empty where neither a job nor the command line has the option."""
        ...

    def check(self, what: str, value: Any) -> Any:
        """Return `value`, converted; raise `InputError` for a value that the option does not take."""
        ...


class Whole(NamedTuple):
    """Whole numbers from `low` to `high`."""

    low: int
    high: int
    json: tuple[type, ...] = (int,)

    def check(self, what: str, value: Any) -> int:
        return whole(what, value, self.low, self.high)


class Real(NamedTuple):
    """Numbers from `low` to `high`."""

    low: float
    high: float
    json: tuple[type, ...] = (int, float)

    def check(self, what: str, value: Any) -> float:
        return real(what, value, self.low, self.high)


class Choice(NamedTuple):
    """One of `names`."""

    names: tuple[str, ...]
    json: tuple[type, ...] = (str,)

    def check(self, what: str, value: Any) -> str:
        return one_of(what, value, self.names)


class Flag:
    """True or False."""

    json: ClassVar[tuple[type, ...]] = (bool,)

    def check(self, what: str, value: Any) -> bool:
        return flag(what, value)


class Names:
    """A list of names. The command line takes one at a time."""

    json: ClassVar[tuple[type, ...]] = (list,)

    def check(self, what: str, value: Any) -> Any:
        return value  # whoever knows the names checks them


class Behind:
    """What is behind a face: a colour, `none` or `auto`."""

    json: ClassVar[tuple[type, ...]] = (str,)

    def check(self, what: str, value: Any) -> Any:
        return background(what, value)


class Paint:
    """A colour."""

    json: ClassVar[tuple[type, ...]] = (str,)

    def check(self, what: str, value: Any) -> Colour:
        return colour(what, value)


class Text(NamedTuple):
    """Text, or what else a job may hold in its place. Whoever understands the text checks it."""

    metavar: str
    json: tuple[type, ...] = (str,)

    def check(self, what: str, value: Any) -> Any:
        return value


class ForPrograms:
    """A value that only a program can pass: neither a job nor the command line has the option."""

    json: ClassVar[tuple[type, ...]] = ()

    def check(self, what: str, value: Any) -> Any:
        return value


class Option(NamedTuple):
    """What a field of an options class says about itself, in addition to its name, its type and its default."""

    kind: Kind
    about: str
    """One or two sentences for the help."""
    title: str | None = None
    """What messages call it; None: the name of the field."""
    none: str | None = None
    """What None stands for, where that is the default."""


def option(kind: Kind, about: str, *, title: str | None = None, none: str | None = None) -> dict[str, Option]:
    """The metadata of a field of an options class; see `Option` for the arguments."""
    return {"option": Option(kind, about, title, none)}


class Options:
    """Base of frozen dataclasses whose fields have the metadata of `option`. Values are checked when an object is made.

    None passes where it is the default.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __post_init__(self) -> None:
        for name in self.options():
            object.__setattr__(self, name, self.check(name, getattr(self, name)))

    @classmethod
    def options(cls) -> dict[str, Option]:
        """Every field's option by its name, in the order of the fields."""
        return {one.name: one.metadata["option"] for one in fields(cls)}

    @classmethod
    def shared(cls) -> dict[str, Option]:
        """The options that the command line and jobs have, too."""
        return {name: one for name, one in cls.options().items() if one.kind.json}

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The default of every option that has one."""
        return {one.name: one.default for one in fields(cls) if one.default is not MISSING}

    @classmethod
    def shown_default(cls, name: str) -> str | None:
        """What applies where the option is not given, in words; None where the help need not say it."""
        one, default = cls.options()[name], cls.defaults().get(name)
        return one.none if default is None or isinstance(one.kind, Flag | Names) else str(default)

    @classmethod
    def check(cls, name: str, value: Any) -> Any:
        """`value` for the option `name`, converted; raises `InputError` for a value that the option does not take."""
        return value if value is None and cls.defaults().get(name, MISSING) is None else cls.require(name, value)

    @classmethod
    def require(cls, name: str, value: Any) -> Any:
        """The same for a value that may not be None, whatever the default is."""
        one = cls.options()[name]
        return one.kind.check(one.title or name, value)


def check_json(document: Mapping[str, Any], types: Mapping[str, tuple[type, ...]], *others: str) -> None:
    """Raise `InputError` for a key of a JSON object that is no option, and for a value of another type.

    `types` are those of each option's value. Messages also list `others`, which have been read already.
    """
    for key, value in document.items():
        kinds = types[one_of("option", key, [*others, *types])]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            names = " or ".join(_JSON_NAMES[one] for one in kinds)
            raise InputError(f"{key} must be {names}, not {shown(value)}")


def takes(
    options: Callable[P, AnyOptions],
) -> Callable[[Callable[[Owner, AnyOptions], Result]], Callable[Concatenate[Owner, P], Result]]:
    """Give a method of one options object the arguments of that object, for callers and for type checkers."""

    def decorate(method: Callable[[Owner, AnyOptions], Result]) -> Callable[Concatenate[Owner, P], Result]:
        @wraps(method)
        def call(self: Owner, /, *args: P.args, **kwargs: P.kwargs) -> Result:
            return method(self, options(*args, **kwargs))

        own, given = signature(method), signature(options)
        first, *_ = own.parameters.values()
        call.__signature__ = given.replace(  # type: ignore[attr-defined]
            parameters=[first, *given.parameters.values()], return_annotation=own.return_annotation
        )
        call.__doc__ = f"{cleandoc(method.__doc__ or '')}\n\n{_listed(options)}"
        return call

    return decorate


def _listed(options: Any) -> str:
    """A line for each option of an options class, for the docstring of a method."""
    defaults = {name: options.shown_default(name) for name in options.options()}
    lines = [
        f"    {name}: {one.about}" + ("" if defaults[name] is None else f" [{defaults[name]}]")
        for name, one in options.options().items()
    ]
    return "\n".join(["Options:", *lines])
