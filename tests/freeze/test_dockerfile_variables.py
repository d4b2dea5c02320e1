"""Variables in words of a Dockerfile, as BuildKit's shell lexer expands them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.freeze.dockerfile.instructions import expand

VALUES = {
    "HERE": "/srv/app",
    "WORD": "v1.2.3",
    "TREE": "a/b/a/b",
    "EMPTY": "",
    "SEOUL": "서울",
    "STARS": "a**b",
    "IT": "aabb",
    "A": "a",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("$HERE", "/srv/app"),
        ("x$HERE/y", "x/srv/app/y"),
        ("${HERE}y", "/srv/appy"),
        ("$HEREy", ""),
        ("$NONE|${NONE}|$EMPTY", "||"),
        ("$SEOUL-$SEOUL", "서울-서울"),
        ("a$", "a$"),
        ("$,", "$,"),
        ("$1x ${1}x", "x x"),
        ("$$", ""),
        # quotes and escapes
        ("'$HERE'", "$HERE"),
        ('"$HERE"', "/srv/app"),
        ("\"a'b\" 'a\"b'", "a'b a\"b"),
        (r"\$HERE", "$HERE"),
        (r"\\$HERE", "\\/srv/app"),
        (r'"\$HERE"', "$HERE"),
        (r'"\x\"\\"', '\\x"\\'),
        (r"\'a\'", "'a'"),
        ("a\\", "a"),
        ("he'll'o \"wor\"ld", "hello world"),
        ("'a\\b'", "a\\b"),
        # defaults
        ("${NONE-d}|${NONE:-d}|${EMPTY-d}|${EMPTY:-d}|${WORD:-d}", "d|d||d|v1.2.3"),
        ("${NONE+d}|${NONE:+d}|${EMPTY+d}|${EMPTY:+d}|${WORD:+d}", "||d||d"),
        ("${WORD?no}|${WORD:?no}|${EMPTY?no}", "v1.2.3|v1.2.3|"),
        ("${NONE:-}", ""),
        ("${NONE:-${EMPTY:-$HERE}}x", "/srv/appx"),
        ("${NONE:-'}'}", "}"),
        ("${NONE:-\"a b\"}", "a b"),
        (r"${NONE:-\}}", "}"),
        ("${NONE-a:b-c}", "a:b-c"),
        # trimming
        ("${WORD#v}", "1.2.3"),
        ("${WORD#*.}|${WORD##*.}", "2.3|3"),
        ("${WORD%.*}|${WORD%%.*}", "v1.2|v1"),
        ("${WORD#x}|${WORD%x}|${WORD#}|${WORD%}|${WORD##}|${WORD%%}", "v1.2.3|" * 5 + "v1.2.3"),
        ("${WORD#??}|${WORD%?}", ".2.3|v1.2."),
        ("${IT#*a*b}|${IT##*a*b}|${IT#*}|${IT##*}", "b||aabb|"),
        ("${IT#$A}|${IT#$EMPTY}|${IT%%$EMPTY}", "abb|aabb|aabb"),
        (r"${STARS#a\*}|${STARS%%\**}|${STARS%\*b}", "*b|a|a*"),
        ("${NONE#x}|${EMPTY%x}", "|"),
        ("${NONE:-.}${WORD%.3}${NONE:-.}", ".v1.2."),
        ("alpine:${WORD#v}-slim", "alpine:1.2.3-slim"),
        # replacing
        ("${TREE/a/x}|${TREE//a/x}|${TREE//a/}", "x/b/a/b|x/b/x/b|/b//b"),
        (r"${TREE/\//:}|${TREE//\//:}", "a:b/a/b|a:b:a:b"),
        ("${WORD/?.?/$A}|${WORD//./$EMPTY}", "va.3|v123"),
        ("${WORD/z/y}|${NONE/a/b}", "v1.2.3|"),
        (r"${STARS//\*/+}", "a++b"),
        ("${TREE/a*b/x}", "x"),
    ],
)  # fmt: skip
def test_expansion(text: str, expected: str) -> None:
    assert expand(text, VALUES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "'a", '"a', '"$HERE', "${", "${}", "${HERE", "${:-a}", "${{HERE}", "${HERE:", "${HERE:}", "${HERE:x}",
        "${HERE=a}", "${HERE:=a}", "${HERE-a", "${HERE^}", "${HERE/a}", "${HERE/a/b", "${HERE//a}",
        "${NONE?}", "${NONE?why}", "${EMPTY:?why}", r"${HERE#\x}",
    ],
)  # fmt: skip
def test_what_buildkit_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        expand(text, VALUES)


def test_the_message_of_a_required_variable_is_told() -> None:
    with pytest.raises(ValueError, match=r"VERSION: set it like v1\.2\.3"):
        expand("${VERSION:?set it like $WORD}", VALUES)


def test_another_escape_character() -> None:
    assert expand(r"C:\x`$HERE", VALUES, escape="`") == r"C:\x$HERE"


@given(st.text("$ab{}:-+?#%/\\'\" ", max_size=40))
def test_any_text_is_expanded_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(expand(text, {"a": "b", "b": "a/b"}), str)
