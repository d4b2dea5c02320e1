"""Variables in texts."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.definition.casting import interpolate_model
from previewer.definition.interpolation import Interpolator
from previewer.definition.values import Budget, ModelError
from previewer.errors import DefinitionError

VARIABLES = {"SET": "value", "EMPTY": "", "DOLLAR": "$SET", "N": "3"}


def substitute(text: str) -> str:
    return Interpolator(VARIABLES.get).substitute(text)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$SET ${SET}", "value value"),
        ("$$SET $${SET}", "$SET ${SET}"),
        ("$UNSET-", "-"),
        ("${UNSET:-a} ${EMPTY:-a} ${EMPTY-a} ${SET:-a}", "a a  value"),
        ("${UNSET:+a}|${SET:+a}|${EMPTY+a}|${EMPTY:+a}", "|a|a|"),
        ("${SET:?needed} ${EMPTY?needed}", "value "),
        ("${UNSET:-${SET:-b}c}", "valuec"),
        ("${UNSET:-${A:-${B:-deep}}}!", "deep!"),
        ("${UNSET:-{}}", "{}"),
        ('${UNSET:-{"a": 1}}', '{"a": 1}'),
        ("${UNSET-a:-b}", "a:-b"),
        ("${DOLLAR}", "$SET"),
        ("$ $1 $(x) 5$", "$ $1 $(x) 5$"),
        ("a\n${SET}\n$$", "a\nvalue\n$"),
        ("${SET:-${MISSING:?never evaluated}}", "value"),
    ],
)
def test_substitution(text: str, result: str) -> None:
    assert substitute(text) == result


@pytest.mark.parametrize("text", ["${}", "${1}", "${A", "${A:-b", "${A:-b\n}", "${A!b}", "${ A}", "${UNSET:?x}"])
def test_refusals(text: str) -> None:
    with pytest.raises(ModelError):
        substitute(text)


def test_required_variable_says_why() -> None:
    with pytest.raises(ModelError, match="required variable KEY is missing a value: set it to value"):
        substitute("${KEY:?set it to $SET}")


@given(st.text())
def test_doubled_dollars_round_trip(text: str) -> None:
    assert substitute(text.replace("$", "$$")) == text


@given(st.text(alphabet="${}:-+?AB \n", max_size=40))
def test_any_text_is_substituted_or_refused(text: str) -> None:
    with suppress(ModelError):
        assert isinstance(substitute(text), str)


def test_unset_variables_are_reported_unless_they_have_a_default() -> None:
    reported: list[str] = []
    Interpolator(VARIABLES.get, reported.append).substitute("$A ${B} ${C:-x} ${D:+y}")
    assert reported == ["A", "B"]


def test_text_has_an_end() -> None:
    many = Interpolator({"A": "x" * 1000}.get, budget=Budget(10_000, "characters"))
    with pytest.raises(DefinitionError, match="too large"):
        many.substitute("$A" * 100)
    with pytest.raises(ModelError, match="nested"):
        substitute("${A:-" * 60 + "}" * 60)


def test_typed_places_are_cast_and_keys_are_left_alone() -> None:
    model = {"services": {"$N": {"scale": "${N}", "init": "yes", "cpus": "0.5", "image": "$N"}}}
    assert interpolate_model(model, Interpolator(VARIABLES.get)) == {  # type: ignore[arg-type]
        "services": {"$N": {"scale": 3, "init": True, "cpus": 0.5, "image": "3"}}
    }


def test_failed_cast_names_the_place() -> None:
    with pytest.raises(ModelError, match=r"services\.a\.scale: '' is not an integer") as caught:
        interpolate_model({"services": {"a": {"scale": "$UNSET"}}}, Interpolator(VARIABLES.get))
    assert caught.value.path == ("services", "a", "scale")
