"""Sizes, durations, numbers as Go prints them, and command lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.definition.typed_values import (
    format_duration,
    normal_duration,
    parse_duration,
    size_in_bytes,
    split_words,
)
from previewer.definition.values import ModelError, Value
from previewer.definition.yaml.scalars import go_text


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("64m", "67108864"),
        ("1.5g", "1610612736"),
        ("1KB", "1024"),
        ("2kib", "2048"),
        ("10b", "10"),
        ("5", "5"),
        (1024, "1024"),
        (" 3 k", "3072"),
    ],
)
def test_sizes(value: Value, size: str) -> None:
    assert size_in_bytes(value) == size


@pytest.mark.parametrize("value", ["64Ki", "-1", "m", "", "1x", True, "1,5g", "1 000"])
def test_no_sizes(value: Value) -> None:
    with pytest.raises(ModelError):
        size_in_bytes(value)


@given(st.integers(min_value=0, max_value=2**50))
def test_sizes_round_trip(size: int) -> None:
    assert size_in_bytes(f"{size}b") == size_in_bytes(size) == str(size)
    assert size_in_bytes(f"{size}k") == str(size * 1024)


@pytest.mark.parametrize(
    ("value", "duration"),
    [
        ("90s", "1m30s"),
        ("1h", "1h0m0s"),
        ("2d", "48h0m0s"),
        ("1w", "168h0m0s"),
        ("1.5s", "1.5s"),
        ("150ms", "150ms"),
        ("3us", "3µs"),
        ("7ns", "7ns"),
        ("0", "0s"),
        (0, "0s"),
        ("-1m", "-1m0s"),
        ("1m30s500ms", "1m30.5s"),
    ],
)
def test_durations(value: Value, duration: str) -> None:
    assert normal_duration(value) == duration


@pytest.mark.parametrize("value", ["10", 10, "s", "1x", "", "1s ", "1.5.5s", "--1s"])
def test_no_durations(value: Value) -> None:
    with pytest.raises(ModelError):
        normal_duration(value)


@given(st.integers(min_value=-(10**18), max_value=10**18))
def test_durations_round_trip(nanoseconds: int) -> None:
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1.10, "1.1"),
        (0.0, "0"),
        (-0.25, "-0.25"),
        (1e10, "1e+10"),
        (1000000.0, "1e+06"),
        (123456.0, "123456"),
        (0.0001, "0.0001"),
        (0.00001234, "1.234e-05"),
        (float("inf"), "+Inf"),
        (True, "true"),
        (7, "7"),
    ],
)
def test_numbers_as_go_prints_them(value: Value, text: str) -> None:
    assert go_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_printed_numbers_are_the_same_numbers(number: float) -> None:
    assert float(go_text(number)) == number


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b  c", ["a", "b", "c"]),
        ("sh -c 'a b'", ["sh", "-c", "a b"]),
        ('a "b \\" c" d\\ e', ["a", 'b " c', "d e"]),
        ("a ''", ["a", ""]),
        ("echo $HOME # no comment", ["echo", "$HOME", "#", "no", "comment"]),
        ("a; b", ["a"]),
        ("a 2> b", ["a"]),
        ("a && b", ["a"]),
        ("echo '&&' \"|\"", ["echo", "&&", "|"]),
        ("", []),
    ],
)
def test_command_lines(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize("text", ["'a", '"a', "a\\", "f(x)"])
def test_no_command_lines(text: str) -> None:
    with pytest.raises(ModelError):
        split_words(text)


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="'")), min_size=1))
def test_quoted_words_round_trip(words: list[str]) -> None:
    assert split_words(" ".join(f"'{word}'" for word in words)) == words
