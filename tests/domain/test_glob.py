from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.glob import any_glob_matches, glob_matches


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("main", "main", True),
        ("main", "mainline", False),
        ("release/*", "release/1.1", True),
        ("release/*", "release/1/1", False),
        ("release/**", "release/1/1", True),
        ("**", "a/b\nc", True),
        ("APP_?", "APP_1", True),
        ("APP_?", "APP_", False),
        ("[ab]", "a", False),
        ("a.c", "abc", False),
        ("Main", "main", False),
    ],
)
def test_patterns(pattern: str, text: str, matches: bool) -> None:
    assert glob_matches(pattern, text) is matches


@given(st.text(alphabet=st.characters(blacklist_characters="*?")))
def test_a_pattern_without_wildcards_matches_itself_alone(text: str) -> None:
    assert glob_matches(text, text)
    assert not glob_matches(text, f"{text}x")


def test_any() -> None:
    assert any_glob_matches(["a", "b*"], "bc")
    assert not any_glob_matches([], "a")


MEANINGS = {"*": "[^/]*", "?": "[^/]"}
letters = st.text(alphabet="ab/\n", max_size=8)


@given(st.lists(st.sampled_from(["*", "**", "***", "?", "a", "b", "/"]), max_size=7), letters)
def test_it_is_what_an_expression_says(tokens: list[str], text: str) -> None:
    pattern = "".join(tokens)
    parts = re.findall(r"\*\*+|\*|\?|[^*?]", pattern)
    expression = "".join(".*" if part.startswith("**") else MEANINGS.get(part, part) for part in parts)
    assert glob_matches(pattern, text) is (re.fullmatch(expression, text, re.DOTALL) is not None)


@pytest.mark.parametrize("star", ["*", "**", "*?", "**/*"])
def test_many_stars_take_no_longer_than_few(star: str) -> None:
    begun = time.process_time()
    assert not glob_matches(f"{star}a" * 100 + "b", "a/" * 10_000)
    assert not glob_matches(f"{star}a" * 100 + "b", "a" * 20_000)
    assert time.process_time() - begun < 5
