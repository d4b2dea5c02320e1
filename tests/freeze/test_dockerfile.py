"""Which images a Dockerfile takes from outside, and the same file with them pinned."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.errors import DefinitionError
from previewer.freeze.docker_builds import locate_step
from previewer.freeze.dockerfile.bases import find_bases
from previewer.freeze.dockerfile.instructions import read_dockerfile
from previewer.freeze.dockerfile.pinning import pin_dockerfile
from previewer.freeze.dockerfile.variables import expand

PLATFORM = "linux/amd64"


def bases(text: str, *, target: str | None = None, **args: str) -> list[str]:
    found = find_bases(read_dockerfile(text), args=args, target=target, platform=PLATFORM, where="Dockerfile")
    return [use.reference if use.platform == PLATFORM else f"{use.reference} {use.platform}" for use in found]


def pinned(text: str, **args: str) -> str:
    dockerfile = read_dockerfile(text)
    found = find_bases(dockerfile, args=args, target=None, platform=PLATFORM, where="Dockerfile")
    return pin_dockerfile(dockerfile, [(use, f"PINNED({use.reference})") for use in found])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a:1", ["a:1"]),
        ("from a as b\nrun x", ["a"]),
        ("FROM scratch", []),
        ("# FROM no\n\nFROM a", ["a"]),
        ("FROM \\\n  # a comment\n\n  a \\\n  AS x", ["a"]),
        ("# escape=`\nFROM `\n a\nRUN dir C:\\\nRUN x", ["a"]),
        ("FROM a AS x\nFROM x", ["a"]),
        ("FROM a AS X\nFROM x AS y\nCOPY --from=X / /", ["a"]),
        ("FROM a AS a\nFROM a", ["a"]),
        ("FROM a AS x\nFROM b\nCOPY --from=0 / /", ["a", "b"]),
        ("FROM a AS x\nFROM b\nCOPY --chown=1 --from=c:2 / /", ["b", "c:2"]),
        ("FROM a AS x\nFROM b", ["b"]),
        ("FROM a\nRUN --mount=type=bind,from=b,target=/b --mount=type=cache,target=/c make", ["a", "b"]),
        ("FROM a\nRUN --mount=from=b,target=/b make\nRUN echo --from=c", ["a", "b"]),
        ("FROM a\nRUN <<EOF\nFROM b\nCOPY --from=c x\nEOF\nCOPY --from=d x y", ["a", "d"]),
        ('FROM a\nCOPY <<-"ONE" <<TWO /x/\nFROM b\n\tONE\nFROM c\nTWO\nRUN x', ["a"]),
        ('FROM a\nRUN echo $((1<<2)) "<<EOF"\nCOPY --from=b x y', ["a", "b"]),
        ("ARG V=1\nFROM a:$V", ["a:1"]),
        ("ARG V\nFROM a:${V:-2}", ["a:2"]),
        ("ARG R=x.io/ N=${R}a\nFROM ${N}:1", ["x.io/a:1"]),
        ('ARG N="a"\nFROM ${N}', ["a"]),
        ("ARG D=1\nFROM a:1${D:+-debug}", ["a:1-debug"]),
        ("FROM --platform=linux/arm64 a", ["a linux/arm64"]),
        ("FROM --platform=$BUILDPLATFORM a", ["a"]),
        ("FROM --platform=linux/${TARGETARCH} a", ["a"]),
        ("\ufeffFROM a\r\nRUN x\r\n", ["a"]),
        ("FROM a\nONBUILD COPY --from=b x y", ["a"]),
    ],
)
def test_bases(text: str, expected: list[str]) -> None:
    assert bases(text) == expected


def test_build_arguments_win_over_defaults() -> None:
    assert bases("ARG V=1\nFROM a:$V", V="2") == ["a:2"]
    assert bases("FROM a:1$V", V="2") == ["a:1"], "only what an ARG declares"


def test_only_what_the_target_needs_counts() -> None:
    text = "FROM a AS one\nFROM b AS two\nCOPY --from=one / /\nFROM c AS three"
    assert bases(text, target="two") == ["a", "b"]
    assert bases(text, target="THREE") == ["c"]
    assert bases(text, target="0") == ["a"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("RUN x", None),
        ("ARG V\nFROM $V", 2),
        ("FROM a b c", 1),
        ("FROM", 1),
        ("FROM a\n\nCOPY --from=$X / /", 3),
    ],
)
def test_what_cannot_be_known_is_refused_with_its_line(text: str, line: int | None) -> None:
    with pytest.raises(DefinitionError) as caught:
        bases(text)
    assert caught.value.where == (f"Dockerfile:{line}" if line else "Dockerfile")


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(DefinitionError, match="nowhere"):
        bases("FROM a", target="nowhere")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a:1 AS x\nRUN y", "FROM PINNED(a:1) AS x\nRUN y"),
        (
            "FROM --platform=linux/amd64 \\\n a \\\n AS x\nRUN y",
            "FROM --platform=linux/amd64 PINNED(a) AS x\n\n\nRUN y",
        ),
        (
            "FROM a\nCOPY --chown=1 --from=b /b \\\n /c",
            "FROM PINNED(a)\nCOPY --chown=1 --from=PINNED(b) /b \\\n /c",
        ),
        (
            "FROM a\nRUN --mount=type=bind,from=b,target=/x true # from=b",
            "FROM PINNED(a)\nRUN --mount=type=bind,from=PINNED(b),target=/x true # from=b",
        ),
        ("# syntax=docker/dockerfile:1\nFROM a", "#\nFROM PINNED(a)"),
        ("# syntax = x\n# escape=`\nFROM a", "# escape=`\n#\nFROM PINNED(a)"),
        ("# escape=`\n# syntax=x\nFROM a", "# escape=`\n#\nFROM PINNED(a)"),
        ("# hello\n# syntax=x\nFROM a", "# hello\n# syntax=x\nFROM PINNED(a)"),
        ("FROM unneeded AS dev\nFROM a", "FROM unneeded AS dev\nFROM PINNED(a)"),
    ],
)
def test_pinning(text: str, expected: str) -> None:
    assert pinned(text) == expected


LINES = st.sampled_from(
    ["FROM a", "FROM a:1 AS x", "RUN make \\", "  all", "# c", "", "COPY --from=b:2 / /", "RUN <<E", "E",
     "ARG V=1", "# escape=`", "# syntax=x", "RUN --mount=from=c,target=/x y", "FROM \\", "COPY --from=x / /"]
)  # fmt: skip


@given(st.lists(LINES, max_size=12))
def test_pinning_keeps_line_numbers_and_finds_nothing_new(lines: list[str]) -> None:
    text = "\n".join(["FROM first", *lines])
    try:
        result = pinned(text)
    except DefinitionError:
        return
    assert result.count("\n") == text.count("\n")
    found = find_bases(read_dockerfile(result), args={}, target=None, platform=PLATFORM, where="")
    assert [use.reference for use in found] == [f"PINNED({name})" for name in bases(text)]


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    instructions = read_dockerfile(text).instructions
    assert all(one.end <= two.line for one, two in pairwise(instructions))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A ${A} $B", "1 1 "),
        ("${B:-x}${B-y}${E:-z}${E-w}", "xyz"),
        ("${A:+x}${B:+x}${E:+x}${E+y}", "xy"),
        ("${B:-${A}}", "1"),
        (r"\$A", "$A"),
        ("a$", "a$"),
    ],
)
def test_variables(text: str, expected: str) -> None:
    assert expand(text, {"A": "1", "E": ""}) == expected


def test_a_failed_step_is_found_by_its_text_or_its_error() -> None:
    text = "FROM a\nRUN make \\\n    all\nRUN test"
    assert locate_step(text, "RUN make all", "", where="web/Dockerfile") == "web/Dockerfile:2"
    assert locate_step(text, "RUN make     all", "", where="D") == "D:2"
    assert locate_step(text, "", "dockerfile parse error on line 4: unknown", where="D") == "D:4"
    assert locate_step(text, "RUN other", "it failed", where="D") == "D"
