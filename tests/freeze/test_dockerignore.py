"""``.dockerignore`` as moby reads it (cases of moby/patternmatcher's own tests among them)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.errors import DefinitionError
from previewer.freeze.build_context import read_dockerignore

NAMES = st.text(alphabet="ab.-", min_size=1, max_size=3).filter(lambda name: name not in (".", ".."))
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


def ignores(text: str, path: str) -> bool:
    return read_dockerignore(text.encode(), where=".dockerignore").ignores(path)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("", "a", False),
        ("a", "a", True),
        ("a", "b/a", False),
        ("a", "a/b/c", True),
        ("/a", "a", True),
        ("//a", "a", True),
        ("./a/", "a/b", True),
        ("a/../b", "b", True),
        ("*", "a/b", True),
        ("*.md", "a.md", True),
        ("*.md", "x/a.md", False),
        ("*/a", "x/a", True),
        ("*/a", "x/y/a", False),
        ("**", "a/b", True),
        ("**/a", "a", True),
        ("**/a", "x/y/a", True),
        ("**/a", "xa", False),
        ("**a", "x/ya", True),
        ("a/**", "a/b/c", True),
        ("a/**", "a", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a**/b", "ab", True),
        ("**/*.txt", "x/y.txt", True),
        ("**/foo/bar", "x/foo/bar", True),
        ("abc?", "abcd", True),
        ("abc?", "abc/", False),
        ("[ab]c", "bc", True),
        ("[^ab]c", "bc", False),
        ("[^ab]c", "xc", True),
        ("[a-c]x", "bx", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        ("a.b", "axb", False),
        ("a+(b)|{c}$^", "a+(b)|{c}$^", True),
        ("*\n!a", "a", False),
        ("*\n!a", "b", True),
        ("*\n!a/b", "a/b", False),
        ("*\n!a/b", "a/c", True),
        ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", True),
        ("*.md\n!README*.md\nREADME-secret.md", "README-x.md", False),
        ("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", False),
        ("a\n! a/b ", "a/b", False),
        ("# a\n a \n\n", "a", True),
        ("#a", "#a", False),
        (" #a", "#a", True),
        ("\ufeffa", "a", True),
        ("a\r\nb", "a", True),
    ],
)
def test_patterns(text: str, path: str, expected: bool) -> None:
    assert ignores(text, path) is expected


@pytest.mark.parametrize(("text", "line"), [("a\n!", 2), ("[", 1), ("x\n\n[a-", 3), ("[b-a]", 1)])
def test_malformed_patterns_are_shown_with_their_line(text: str, line: int) -> None:
    with pytest.raises(DefinitionError) as caught:
        ignores(text, "a")
    assert caught.value.where == f".dockerignore:{line}"


@given(PATHS)
def test_a_path_ignores_itself_and_what_is_below(path: str) -> None:
    assert ignores(path, path)
    assert ignores(path, f"{path}/x")
    assert not ignores(f"{path}\n!{path}", path)


@given(st.lists(PATHS, max_size=3), PATHS)
def test_everything_ignored_and_then_allowed_is_allowed(before: list[str], path: str) -> None:
    assert not ignores("\n".join([*before, f"!{path}"]), path)


@given(st.text(max_size=40), PATHS)
def test_any_text_is_read_or_refused(text: str, path: str) -> None:
    with suppress(DefinitionError):
        assert ignores(text, path) in (True, False)
