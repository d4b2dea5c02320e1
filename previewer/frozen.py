"""``dataclass``, as the standard library's, with all of it made when it is needed.

The standard library's compiles six functions for each frozen class and looks closely at every field, about half
a millisecond in all. A command imports well over a hundred such classes and makes instances of some, and two
fifths of its time went there. Here they share their methods, ``__init__`` is compiled by its first call, and
fields are looked at for whoever asks first. ``fields``, ``replace``, ``match``, copies and type checkers find what
they know.

Annotations are text (``from __future__ import annotations``); there are no ``InitVar`` and no ``init=False``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from functools import cache, partial
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool = False, **options: bool):
        """Make a class a dataclass; the options mean what they mean to the standard library's.

        Of a frozen one these are ``slots`` and ``kw_only``. One that is not frozen is the standard library's work.
        """
        return partial(_make, **options) if frozen else dataclasses.dataclass(**options)


_DECLARED = "__declared_fields__"
_FIELDS = "__dataclass_fields__"


class _Declared(NamedTuple):
    """What a class says of a field."""

    value: Any
    """What stands behind the name: the default, what ``field()`` gave, or ``MISSING``."""
    kw_only: bool

    @property
    def default(self) -> Any:
        return self.value.default if isinstance(self.value, Field) else self.value

    @property
    def factory(self) -> Any:
        return self.value.default_factory if isinstance(self.value, Field) else MISSING

    @property
    def is_compared(self) -> bool:
        return not isinstance(self.value, Field) or self.value.compare


def _make(cls: type[Any], *, slots: bool = False, kw_only: bool = False) -> type[Any]:
    annotations: dict[str, str] = vars(cls).get("__annotations__", {})
    own = {
        name: _declared(cls.__dict__.get(name, MISSING), kw_only)
        for name, annotation in annotations.items()
        if "ClassVar" not in annotation
    }
    for name, declared in own.items():
        if isinstance(declared.value, Field):  # it stood there for its default
            if declared.default is MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, declared.default)
    if slots:
        cls = _with_slots(cls, own)
    everything: dict[str, _Declared] = {}
    for base in reversed(cls.__mro__[1:]):
        everything.update(base.__dict__.get(_DECLARED, {}))
    everything.update(own)
    setattr(cls, _DECLARED, everything)
    setattr(cls, _FIELDS, _FieldsLater(cls, {name: (annotations[name], own[name]) for name in own}))
    if "__match_args__" not in cls.__dict__:
        cls.__match_args__ = tuple(  # type: ignore[misc]
            name for name, declared in everything.items() if not declared.kw_only
        )
    return _complete(cls)


def _declared(value: Any, kw_only: bool) -> _Declared:
    said = value.kw_only if isinstance(value, Field) else MISSING
    return _Declared(value, kw_only if said is MISSING else bool(said))


def _with_slots(cls: type[Any], own: Mapping[str, _Declared]) -> type[Any]:
    """The class made anew, for its instances to have no ``__dict__``."""
    inherited = {name for base in cls.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
    left_out = {*own, "__dict__", "__weakref__"}
    namespace = {name: value for name, value in cls.__dict__.items() if name not in left_out}
    namespace["__slots__"] = tuple(name for name in own if name not in inherited)
    make: Any = type(cls)
    made: type[Any] = make(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    return made


class _FieldsLater:
    """The standard library's description of the fields, made when somebody asks for it."""

    def __init__(self, cls: type[Any], own: Mapping[str, tuple[str, _Declared]]) -> None:
        self._cls = cls
        self._own = own

    def __get__(self, instance: object, owner: object = None) -> dict[str, Field[Any]]:
        del instance, owner
        cls, annotations, defaults = self._cls, {}, {}
        for name, (annotation, declared) in self._own.items():
            annotations[name] = annotation
            value = declared.value if isinstance(declared.value, Field) else dataclasses.field()
            if value is not declared.value:
                value.default = declared.value
            value.kw_only = declared.kw_only
            defaults[name] = value
        namespace = {"__annotations__": annotations, "__module__": cls.__module__, **defaults}
        bare: type[Any] = dataclasses.dataclass(init=False, repr=False, eq=False)(
            type(cls.__name__, (), namespace)
        )
        found: dict[str, Field[Any]] = {}
        for base in reversed(cls.__mro__[1:]):
            found.update(getattr(base, _FIELDS, {}))
        found.update(getattr(bare, _FIELDS))
        setattr(cls, _FIELDS, found)
        return found


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
    for name, declared in _declared_by(cls).items():
        default, value = "", name
        if declared.default is not MISSING:
            known[f"default_{name}"] = declared.default
            default = f"=default_{name}"
        elif declared.factory is not MISSING:
            known[f"make_{name}"] = declared.factory
            default, value = "=MISSING", f"make_{name}() if {name} is MISSING else {name}"
        (only_named if declared.kw_only else parameters).append(f"{name}{default}")
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
    names = [name for name, declared in _declared_by(cls).items() if declared.is_compared]
    return attrgetter(*names) if names else lambda _instance: ()


def _declared_by(cls: Any) -> Mapping[str, _Declared]:
    """By name, those of the classes above included."""
    return getattr(cls, _DECLARED)  # type: ignore[no-any-return]


def _fields(cls_or_instance: Any) -> tuple[Field[Any], ...]:
    return fields(cls_or_instance)
