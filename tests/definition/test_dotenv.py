"""Environment files."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.definition.dotenv import read_dotenv, read_raw_environment
from previewer.errors import DefinitionError

AROUND = {"OUT": "outer", "KEY": "around"}


def read(text: str) -> dict[str, str]:
    return read_dotenv(text.encode(), file=".env", lookup=AROUND.get)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("A=1\nB: 2\nexport C=3", {"A": "1", "B": "2", "C": "3"}),
        ("# c\n\nA=x # y\nB=x#y", {"A": "x", "B": "x#y"}),
        ("A='$OUT \\n'", {"A": "$OUT \\n"}),
        ('A="$OUT\\n\\$OUT\\t\\"q\\""', {"A": 'outer\n$OUT\t"q"'}),
        ("A=${OUT}-${NONE:-d}", {"A": "outer-d"}),
        ("A=1\nB=${A}2", {"A": "1", "B": "12"}),
        ('A="one\ntwo" # three\nB=4', {"A": "one\ntwo", "B": "4"}),
        ("KEY\nNONE\nA=1", {"KEY": "around", "A": "1"}),
        ("KEY", {"KEY": "around"}),
        ("a.b-c[0]=1", {"a.b-c[0]": "1"}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=\nB=", {"A": "", "B": ""}),
    ],
)
def test_grammar(text: str, variables: dict[str, str]) -> None:
    assert read(text) == variables


@pytest.mark.parametrize(
    ("text", "line"), [("A=1\nB B=2", 2), ("A='x", 1), ('\n\nA="x', 3), ("A%=1", 1), ("A=1\nB=${", 2)]
)
def test_errors_have_a_line(text: str, line: int) -> None:
    with pytest.raises(DefinitionError) as caught:
        read(text)
    assert caught.value.where == f".env:{line}"


def test_what_earlier_files_said_comes_last() -> None:
    found = read_dotenv(b"A=$OUT\nB=$OLD", file=".env", lookup=AROUND.get, before={"OUT": "x", "OLD": "old"})
    assert found == {"A": "outer", "B": "old"}


def test_raw_files_know_neither_quotes_nor_variables() -> None:
    text = b'# c\nA="$OUT" # x\nKEY\nNONE\n'
    assert read_raw_environment(text, file="e", lookup=AROUND.get) == {"A": '"$OUT" # x', "KEY": "around"}
    with pytest.raises(DefinitionError):
        read_raw_environment(b"A B=1", file="e", lookup=AROUND.get)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(DefinitionError):
        assert isinstance(read(text), dict)


@given(
    st.dictionaries(st.from_regex(r"[A-Z]{1,5}", fullmatch=True), st.text(alphabet=st.characters(codec="ascii")))
)
def test_single_quotes_keep_what_is_in_them(variables: dict[str, str]) -> None:
    kept = {key: value.replace("'", "").replace("\\", "").replace("\r", "") for key, value in variables.items()}
    assert read("".join(f"{key}='{value}'\n" for key, value in kept.items())) == kept
