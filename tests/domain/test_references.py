"""References to the user's variables: what they hide, what they agree with, and what becomes of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.compose.references import REFERENCE, References
from previewer.domain.json_value import JsonValue, as_object
from tests.domain.values import make_definition

KEY = b"k" * 32
VALUES = {"DB_PASSWORD": "correct horse", "TAG": "1.2", "EMPTY": ""}
OURS = References(KEY, VALUES)
URL = f"postgres://shop:{OURS.marked['DB_PASSWORD']}@db"
DEFINITION = make_definition({"web": {"image": "web", "environment": {"URL": URL, "TAG": OURS.marked["TAG"]}}})


def test_a_reference_names_its_variable_and_hides_the_value() -> None:
    assert REFERENCE.fullmatch(OURS.marked["DB_PASSWORD"])
    assert OURS.marked["EMPTY"] == ""
    assert "correct" not in str(OURS.marked)
    assert References(b"other", VALUES).marked["TAG"] != OURS.marked["TAG"]
    assert References(KEY, {"TAG": "1.3"}).marked["TAG"] != OURS.marked["TAG"]


def test_what_runs_has_the_values() -> None:
    environment = OURS.resolve(DEFINITION).services["web"].environment
    assert environment == {"URL": "postgres://shop:correct horse@db", "TAG": "1.2"}
    plain = make_definition({"web": {"image": "web", "environment": {"A": "${DB_PASSWORD}"}}})
    assert OURS.resolve(plain) is plain


def test_what_is_not_set_or_is_another_is_known() -> None:
    others = References(KEY, {"DB_PASSWORD": "rotated"})
    assert (others.missing(DEFINITION), others.changed(DEFINITION)) == (("TAG",), ("DB_PASSWORD",))
    assert (OURS.missing(DEFINITION), OURS.changed(DEFINITION)) == ((), ())
    assert References(b"other", {"DB_PASSWORD": "x", "TAG": "y"}).changed(DEFINITION) == ()
    assert OURS.used(DEFINITION) == {"DB_PASSWORD": "correct horse", "TAG": "1.2"}


@pytest.mark.parametrize(
    ("kept", "live", "agrees"),
    [
        (URL, "postgres://shop:correct horse@db", True),
        (URL, "postgres://shop:other@db", False),
        (URL, "postgres://else:correct horse@db", False),
        (URL, URL, True),
        (URL, None, False),
        (["sh", URL], ["sh", "postgres://shop:correct horse@db"], True),
        (["sh", URL], ["sh"], False),
        ({"a": URL}, {"a": "postgres://shop:correct horse@db"}, True),
        ({"a": URL}, {"b": "postgres://shop:correct horse@db"}, False),
        (f"{OURS.marked['TAG']}{OURS.marked['TAG']}", "1.21.2", True),
        (f"{OURS.marked['TAG']}-{OURS.marked['DB_PASSWORD']}", "1.2-correct horse", True),
        (7, 7, True),
    ],
)
def test_a_live_value_agrees_by_its_hash_without_the_variable(
    kept: JsonValue, live: JsonValue, agrees: bool
) -> None:
    stranger = References(KEY, {})
    assert stranger.settle(kept, live) == (live if agrees else kept)


def test_hashes_of_another_user_are_not_compared() -> None:
    theirs = References(b"other", {"DB_PASSWORD": "x", "TAG": "y"})
    one = as_object(DEFINITION.model)
    other: JsonValue = {"name": "shop", "services": {"web": {"image": "web", "environment": {
        "URL": f"postgres://shop:{theirs.marked['DB_PASSWORD']}@db", "TAG": theirs.marked["TAG"]}}},
        "networks": {"default": {}}}  # fmt: skip
    assert OURS.alike(one, other)
    assert OURS.alike(one, one)
    assert not OURS.alike({"a": OURS.marked["TAG"]}, {"a": References(KEY, {"TAG": "2"}).marked["TAG"]})
    assert not OURS.alike({"a": theirs.marked["TAG"]}, {"b": theirs.marked["TAG"]})
    assert theirs.settle(URL, "postgres://shop:anything@db") == "postgres://shop:anything@db"


@given(st.text(min_size=1), st.text().filter(lambda text: "${" not in text))
def test_every_value_comes_back(value: str, around: str) -> None:
    references = References(KEY, {"A": value})
    text = f"{around}{references.marked['A']}{around}"
    assert references.expand(text) == f"{around}{value}{around}"
    assert references.settle(text, f"{around}{value}{around}") == f"{around}{value}{around}"
