from __future__ import annotations

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
