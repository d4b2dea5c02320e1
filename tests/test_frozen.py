"""Our ``dataclass`` beside the standard library's: the same classes, made by both, cannot be told apart."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer import frozen


def make_classes(dataclass: Any) -> dict[str, Any]:
    """One class for each thing that a dataclass can have."""

    @dataclass(frozen=True, slots=True)
    class Plain:
        number: int
        text: str = "text"
        items: list[int] = dataclasses.field(default_factory=list)
        hidden: int = dataclasses.field(default=0, repr=False)
        aside: int = dataclasses.field(default=0, compare=False)

    @dataclass(frozen=True)
    class WithDict:
        number: int

        def __post_init__(self) -> None:
            if self.number < 0:
                raise ValueError("negative")

    @dataclass(frozen=True, slots=True)
    class Heir(WithDict):
        more: tuple[int, ...] = ()

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Named:
        text: str
        number: int = 1

    @dataclass(frozen=True, slots=True)
    class Empty:
        pass

    @dataclass(frozen=True, slots=True)
    class OwnWords:
        number: int
        text: str = ""

        def __repr__(self) -> str:
            return "own words"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, OwnWords) and other.number == self.number

        def __hash__(self) -> int:
            return 7

    @dataclass(slots=True)
    class Changing:
        number: int

    found = (Plain, WithDict, Heir, Named, Empty, OwnWords, Changing)
    return {cls.__name__: cls for cls in found}


OURS = make_classes(frozen.dataclass)
THEIRS = make_classes(dataclasses.dataclass)
NAMES = sorted(OURS)
Call = Callable[[Any], Any]


def events(act: Callable[[], Any]) -> str:
    """What somebody who does this is told."""
    try:
        found = act()
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to be the same
        return f"{type(error).__name__}: {error}".replace("make_classes.<locals>.", "")
    return repr(found)


arguments = st.lists(st.integers(-1, 2) | st.just("text"), max_size=5)
named = st.dictionaries(
    st.sampled_from(["number", "text", "items", "aside", "more", "unknown"]), st.integers(-1, 2)
)


@given(st.sampled_from(NAMES), arguments, named)
def test_making_one_is_the_same(name: str, given_arguments: list[Any], given_names: dict[str, Any]) -> None:
    def make(cls: Any) -> Any:
        return cls(*given_arguments, **given_names)

    assert events(partial(make, OURS[name])) == events(partial(make, THEIRS[name]))


@given(st.sampled_from(NAMES), named, named)
def test_being_equal_is_the_same(name: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    def compare(cls: Any) -> tuple[Any, ...]:
        first, second = cls(**one), cls(**other)
        return (first == second, first != second, [first].count(second), first == 1)

    assert events(partial(compare, OURS[name])) == events(partial(compare, THEIRS[name]))


@given(st.sampled_from(NAMES), named, named)
def test_what_is_equal_has_one_hash(name: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    def count(cls: Any) -> int:
        return len({cls(**one), cls(**other)})

    assert events(partial(count, OURS[name])) == events(partial(count, THEIRS[name]))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "Empty"])
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda one: setattr(one, "number", 3), id="assign a field"),
        pytest.param(lambda one: delattr(one, "number"), id="delete a field"),
        pytest.param(lambda one: dataclasses.replace(one, number=5), id="replace"),
        pytest.param(lambda one: dataclasses.replace(one, unknown=5), id="replace what is not there"),
        pytest.param(dataclasses.asdict, id="as a dictionary"),
        pytest.param(lambda one: [field.name for field in dataclasses.fields(one)], id="fields"),
        pytest.param(lambda one: type(one).__match_args__, id="match"),
        pytest.param(lambda one: hasattr(one, "__dict__"), id="slots"),
        pytest.param(lambda one: copy.copy(one) == one, id="copy"),
        pytest.param(lambda one: copy.deepcopy(one) == one, id="deep copy"),
    ],
)
def test_using_one_is_the_same(name: str, act: Call) -> None:
    def use(cls: Any) -> Any:
        return act(cls(text="x") if name == "Named" else cls(1))

    assert events(partial(use, OURS[name])) == events(partial(use, THEIRS[name]))


@frozen.dataclass(frozen=True, slots=True)
class Sent:
    """Importable, as what is pickled has to be."""

    number: int
    itself: list[Any] = dataclasses.field(default_factory=list)


def test_one_can_be_sent_and_may_contain_itself() -> None:
    one = Sent(1)
    assert pickle.loads(pickle.dumps(one)) == one
    one.itself.append(one)
    assert repr(one) == "Sent(number=1, itself=[...])"


def test_a_method_is_compiled_once_and_for_its_own_class() -> None:
    cls = make_classes(frozen.dataclass)["Heir"]
    before = cls.__init__
    cls(1)
    made = cls.__init__
    cls(2)
    assert before is not made is cls.__init__
    assert cls.__mro__[1](3).number == 3
