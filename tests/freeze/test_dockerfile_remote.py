"""Remote files in a Dockerfile: only those whose content is named."""

from __future__ import annotations

import pytest

from previewer.errors import DefinitionError
from previewer.freeze.dockerfile.instructions import read_dockerfile
from previewer.freeze.dockerfile.pinning import refuse_remote_files

SUM = "a" * 64
COMMIT = "b" * 40


def refuse(text: str, **args: str) -> None:
    refuse_remote_files(read_dockerfile(text), args=args, platform="linux/amd64", where="web/Dockerfile")


@pytest.mark.parametrize(
    "line",
    [
        "ADD a b /dst/",
        'ADD ["a", "/dst"]',
        f"ADD --checksum=sha256:{SUM} https://example.org/x /x",
        f"ADD https://example.org/x.git#{COMMIT} /x",
        f"ADD git@example.org:x.git#{COMMIT}:sub /x",
        f"ADD --checksum={COMMIT} https://example.org/x.git#main /x",
        "COPY https://example.org/x /x",
        "RUN wget https://example.org/x",
    ],
)
def test_files_of_the_context_and_named_content_are_fine(line: str) -> None:
    refuse(f"FROM a\n{line}\n")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("ADD https://example.org/x /x", "--checksum"),
        ("ADD local HTTP://example.org/x /x/", "--checksum"),
        ('ADD ["https://example.org/x", "/x"]', "--checksum"),
        ("ADD --chown=1:1 \\\n  'https://example.org/x' /x", "--checksum"),
        (f"ADD --checksum=md5:{SUM} https://example.org/x /x", "--checksum"),
        ("ADD https://example.org/x.git /x", "commit"),
        ("ADD https://example.org/x.git#main /x", "commit"),
        ("ADD git@example.org:x.git#v1 /x", "commit"),
    ],
)
def test_what_may_change_is_refused_with_its_line(line: str, hint: str) -> None:
    with pytest.raises(DefinitionError, match="another file tomorrow") as caught:
        refuse(f"FROM a\n\n{line}\n")
    assert caught.value.where == "web/Dockerfile:3"
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text",
    [
        f"FROM a\nARG S=sha256:{SUM}\nADD --checksum=$S https://example.org/x /x",
        f"ARG S=sha256:{SUM}\nFROM a\nARG S\nADD --checksum=${{S}} https://example.org/x /x",
        f"FROM a\nENV V=1 S={SUM}\nADD --checksum=sha256:$S https://example.org/$V /x",
        f"FROM a\nARG C={COMMIT}\nADD https://example.org/x.git#$C /x",
        "FROM a\nARG D\nADD $D ${D:-.} /x",
        "FROM a\nARG D=folder\nADD $D/x /x",
        "ARG D=folder\nFROM a AS one\nARG D\nFROM one\nADD $D /x",
    ],
)
def test_variables_count_as_what_they_stand_for(text: str) -> None:
    refuse(text)


def test_arguments_of_the_build_count() -> None:
    text = "FROM a\nARG U=x S\nADD --checksum=sha256:$S $U /x"
    refuse(text, U="https://example.org/x", S=SUM)
    with pytest.raises(DefinitionError, match="another file tomorrow"):
        refuse(text, U="https://example.org/x", S="none")


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nARG U=https://example.org/x\nADD $U /x",
        "ARG U=https://example.org/x\nFROM a\nARG U\nADD ${U} /x",
        "FROM a\nARG H=example.org\nADD https://$H/x /x",
        "FROM a\nENV P https\nADD ${P}://example.org/x /x",
        'FROM a\nARG U="https://example.org/x"\nADD "$U" /x',
        "FROM a AS one\nARG U=https://example.org/x\nFROM one\nADD $U /x",
        'FROM a\nADD ["\\u0068ttps://example.org/x", "/x"]',
        "FROM a\nADD dir\\ https://example.org/x /x",
        "FROM a\nADD ht\\tps://example.org/x /x",
        "FROM a\nADD ada@example.org:repo.git /x",
        "FROM a\nONBUILD ADD https://example.org/x /x",
        "FROM a\nADD $SET_BY_THE_BASE /x",
        "FROM a\nARG S=md5\nADD --checksum=$S https://example.org/x /x",
        "FROM a\nADD --checksum=$NOWHERE https://example.org/x /x",
    ],
)
def test_an_address_in_a_variable_or_in_disguise_is_an_address(text: str) -> None:
    with pytest.raises(DefinitionError, match="another file tomorrow"):
        refuse(text)
