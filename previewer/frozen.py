"""``dataclass``, as the standard library's, with methods that are made when they are needed.

The standard library's compiles six functions for each frozen class, about 0.4 ms. A command imports over a hundred
such classes and makes instances of some, and two fifths of its time went there. Here they share their methods, and
``__init__`` is compiled by its first call. ``fields``, ``replace``, ``match``, copies and type checkers find what
they know.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool = False, **options: bool):
        """Make a class a dataclass; the options mean what they mean to the standard library's.

        Of a frozen one these are ``slots`` and ``kw_only``. One that is not frozen is the standard library's work.
        """
        if not frozen:
            return dataclasses.dataclass(**options)
        bare = dataclasses.dataclass(init=False, repr=False, eq=False, **options)
        return lambda cls: _complete(bare(cls))


class _Methods:
    """What all frozen classes share."""

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        cls: Any = type(self)
        return bool(_compared(cls)(self) == _compared(cls)(other))

    def __hash__(self) -> int:
        cls: Any = type(self)
        return hash(_compared(cls)(self))

    @recursive_repr()
    def __repr__(self) -> str:
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in _fields(self) if field.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def __getstate__(self) -> list[object]:
        return [getattr(self, field.name) for field in _fields(self)]

    def __setstate__(self, state: list[object]) -> None:
        for field, value in zip(_fields(self), state, strict=True):
            object.__setattr__(self, field.name, value)


_SHARED = {name: method for name, method in vars(_Methods).items() if callable(method)}


def _complete(cls: type[Any]) -> type[Any]:
    """Give the class those methods that it does not define itself."""
    for name, method in _SHARED.items():
        if (
            cls.__dict__.get(name) is None
        ):  # Python writes ``__hash__ = None`` where a class defines equality alone
            setattr(cls, name, method)
    cls.__init__ = _init_later(cls)
    return cls


def _init_later(cls: type[Any]) -> Callable[..., None]:
    """An ``__init__`` that puts the real one in its place."""

    def init(self: Any, *arguments: object, **named: object) -> None:
        cls.__init__ = _compile_init(cls)
        cls.__init__(self, *arguments, **named)

    return init


def _compile_init(cls: type[Any]) -> Callable[..., None]:
    """The ``__init__`` that the standard library would write."""
    known: dict[str, object] = {"assign": object.__setattr__, "MISSING": MISSING}
    parameters: list[str] = []
    only_named: list[str] = []
    body: list[str] = []
    for field in fields(cls):
        name, default, value = field.name, "", field.name
        if field.default is not MISSING:
            known[f"default_{name}"] = field.default
            default = f"=default_{name}"
        elif field.default_factory is not MISSING:
            known[f"make_{name}"] = field.default_factory
            default, value = "=MISSING", f"make_{name}() if {name} is MISSING else {name}"
        (only_named if field.kw_only else parameters).append(f"{name}{default}")
        body.append(f"assign(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    header = ", ".join(["self", *parameters, *(["*", *only_named] if only_named else [])])
    exec(f"def __init__({header}):\n " + "\n ".join(body or ["pass"]), known)  # noqa: S102 - names of fields alone
    made: Any = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made  # type: ignore[no-any-return]


@cache
def _compared(cls: Any) -> Callable[[object], object]:
    """What equality and hash look at, of an instance."""
    names = [field.name for field in _fields(cls) if field.compare]
    return attrgetter(*names) if names else lambda _instance: ()


def _fields(cls_or_instance: Any) -> tuple[Field[Any], ...]:
    return fields(cls_or_instance)
