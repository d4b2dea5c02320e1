"""Which images a Dockerfile takes from outside, and the same file with them pinned."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.errors import DefinitionError
from previewer.freeze.docker.builds import locate_step
from previewer.freeze.dockerfile.bases import find_bases
from previewer.freeze.dockerfile.instructions import read_dockerfile
from previewer.freeze.dockerfile.pinning import leave_out, pin_dockerfile
from previewer.freeze.dockerfile.repository_files import declares_commit, refuse_git_folder

PLATFORM = "linux/amd64"


def bases(text: str, *, target: str | None = None, **args: str) -> list[str]:
    found = find_bases(read_dockerfile(text), args=args, target=target, platform=PLATFORM, where="Dockerfile")
    return [use.reference if use.platform == PLATFORM else f"{use.reference} {use.platform}" for use in found.uses]


def pinned(text: str, **args: str) -> str:
    dockerfile = read_dockerfile(text)
    found = find_bases(dockerfile, args=args, target=None, platform=PLATFORM, where="Dockerfile")
    return pin_dockerfile(
        dockerfile, [(use, f"PINNED({use.reference})") for use in found.uses], where="Dockerfile"
    )


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
        ("FROM a AS x\nONBUILD COPY --from=b x y\nFROM x", ["a", "b"]),
        ("FROM a AS x\nONBUILD RUN <<EOF\nFROM c\nEOF\nFROM x", ["a"]),
        ("ARG V=v1.2\nFROM a:${V#v}", ["a:1.2"]),
        ("ARG V=1.2.3\nFROM a:${V%.*}-${V//./_}", ["a:1.2-1_2_3"]),
        ("ARG R='$V'\nARG V=1\nFROM a:$V", ["a:1"]),
        ("FROM --platform=linux/${TARGETARCH%64} a", ["a linux/amd"]),
        ("FROM a\nRUN --mount=type=bind,FROM=b,target=/x true", ["a", "b"]),
        ('FROM a\nRUN --mount=type=bind,"from=b",target=/x true', ["a", "b"]),
        ("FROM a\nRUN --mount=target=/x,\\from=b true", ["a", "b"]),
        ("FROM a\nCOPY --fr\\om=b x y", ["a", "b"]),
        ("FROM a\nCOPY --from='b' x y", ["a", "b"]),
        ("FROM\fa\nRUN x", ["a"]),
        ("FROM a\nRUN x \\\f\nFROM b", ["b"]),
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
        ("FROM a\nCOPY --from b / /", 2),
        ("FROM a\nRUN --mount type=bind,from=b x", 2),
        ("ARG V\nFROM a:${V:?which version}", 2),
        ("FROM a:${V", 1),
        ("FROM a:${V^^}", 1),
        ('FROM a\nRUN <<"RUN true"\nFROM b\nRUN true', 2),
        ('{"syntax": "evil/frontend", "from": "a"}', None),
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
        ("#syntax=x\nFROM a", "#\nFROM PINNED(a)"),
        ("#\tSynTax\t=\tx y\r\nFROM a\r\n", "#\nFROM PINNED(a)\n"),
        ("\ufeff# syntax=x\nFROM a", "#\nFROM PINNED(a)"),
        ("// syntax=evil/frontend\nFROM a", "#\nFROM PINNED(a)"),
        ("//check=skip=all\n//SYNTAX = evil\nFROM a", "//check=skip=all\n#\nFROM PINNED(a)"),
        ("#!x\n# syntax=evil\nFROM a", "#!x\n#\nFROM PINNED(a)"),
        ("\ufeff#!/usr/bin/env x\r\n// syntax=evil\r\nFROM a", "#!/usr/bin/env x\n#\nFROM PINNED(a)"),
        ("# other=1\n# syntax=evil\nFROM a", "# other=1\n#\nFROM PINNED(a)"),
        ("# syntax=x\n# syntax=y\n# escape=`\nFROM `\n a", "# escape=`\n#\n#\nFROM PINNED(a)\n"),
        (
            "FROM a\nCOPY \\\n# --from=b\n --from=b /b /c",
            "FROM PINNED(a)\nCOPY \\\n# --from=b\n --from=PINNED(b) /b /c",
        ),
        (
            "FROM a AS x\nONBUILD COPY --from=b / /\nFROM x",
            "FROM PINNED(a) AS x\nONBUILD COPY --from=PINNED(b) / /\nFROM x",
        ),
        ("FROM unneeded AS dev\nFROM a", "FROM unneeded AS dev\nFROM PINNED(a)"),
    ],
)
def test_pinning(text: str, expected: str) -> None:
    assert pinned(text) == expected


@pytest.mark.parametrize("flag", ["--fr\\om=b", '--"from"=b', "--mount=target=/x,\\from=b"])
def test_an_image_that_cannot_be_replaced_with_certainty_is_refused(flag: str) -> None:
    keyword = "RUN" if "mount" in flag else "COPY"
    with pytest.raises(DefinitionError, match="cannot be pinned") as caught:
        pinned(f"FROM a\n\n{keyword} {flag} x y")
    assert caught.value.where == "Dockerfile:3"


@pytest.mark.parametrize(
    "text",
    ["# syntax=docker/dockerfile:1", "// syntax=x", "#!a\n#syntax=x", '{"syntax": "x"}', "\ufeff# SYNTAX=x\r"],
)
def test_a_frontend_is_found_with_its_line(text: str) -> None:
    (found,) = read_dockerfile(f"{text}\n").frontends
    assert found.line == text.count("\n") + 1
    assert found.frontend in ("docker/dockerfile:1", "x")


@pytest.mark.parametrize(
    "text", ["# a\n# syntax=x", "\n# syntax=x", "FROM a\n# syntax=x", "#!a\n#!b\n#syntax=x", "{"]
)
def test_a_comment_is_no_frontend(text: str) -> None:
    assert read_dockerfile(text).frontends == ()


def left_out(text: str, target: str | None = None) -> str:
    dockerfile = read_dockerfile(text)
    found = find_bases(dockerfile, args={}, target=target, platform=PLATFORM, where="Dockerfile")
    return leave_out(text, found.unneeded)


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("FROM a AS x\nRUN y\nFROM x", None, None),
        ("FROM a AS dev\nRUN <<E\nx\nE\nFROM b\nRUN y", None, "FROM scratch AS dev\n\n\n\nFROM b\nRUN y"),
        ("ARG V\nFROM a\nRUN x\nFROM b\nCOPY --from=0 / /", None, None),
        (
            "FROM a\nFROM b AS wanted\nRUN y\nFROM c\nRUN <<E\nE\n",
            "wanted",
            "FROM scratch\nFROM b AS wanted\nRUN y\n\n\n\n",
        ),
        ("FROM a AS x\nFROM b\nRUN --mount=from=x,target=/x y", None, None),
    ],
)
def test_stages_that_the_target_does_without_are_left_out(
    text: str, target: str | None, expected: str | None
) -> None:
    result = left_out(text, target)
    assert result == (text if expected is None else expected)
    assert result.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("RUN --mount=type=bind,source=.git,target=/r git describe", ".git"),
        ("RUN --mount=src=.git/HEAD,target=/r cat /r", ".git/HEAD"),
        ("COPY ./.git /r", "./.git"),
        ('ADD [".git", "/r"]', ".git"),
    ],
)
def test_the_git_folder_is_in_no_commit(line: str, path: str) -> None:
    dockerfile = read_dockerfile(f"FROM a\n{line}\n")
    with pytest.raises(DefinitionError, match="git folder") as caught:
        refuse_git_folder(dockerfile, (), where="Dockerfile")
    assert path in caught.value.message
    assert "PREVIEWER_COMMIT" in (caught.value.hint or "")
    needed = find_bases(
        read_dockerfile(f"FROM a\n{line}\nFROM b"), args={}, target=None, platform=PLATFORM, where="Dockerfile"
    )
    refuse_git_folder(dockerfile, needed.unneeded, where="Dockerfile")


@pytest.mark.parametrize(
    "line", ["COPY .gitignore /", "COPY --from=x .git /", "RUN --mount=from=x,source=.git y", "COPY . /"]
)
def test_other_files_are(line: str) -> None:
    refuse_git_folder(read_dockerfile(f"FROM a AS x\nFROM b\n{line}"), (), where="Dockerfile")


@pytest.mark.parametrize(
    ("line", "declares"),
    [("ARG PREVIEWER_COMMIT", True), ("ARG A PREVIEWER_COMMIT=none", True), ("ENV PREVIEWER_COMMIT=x", False)],
)
def test_a_dockerfile_declares_that_it_wants_the_commit(line: str, declares: bool) -> None:
    assert declares_commit(read_dockerfile(f"FROM a\n{line}")) is declares


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
    assert [use.reference for use in found.uses] == [f"PINNED({name})" for name in bases(text)]


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    instructions = read_dockerfile(text).instructions
    assert all(one.end <= two.line for one, two in pairwise(instructions))


def test_a_failed_step_is_found_by_its_text_or_its_error() -> None:
    text = "FROM a\nRUN make \\\n    all\nRUN test"
    assert locate_step(text, "RUN make all", "", where="web/Dockerfile") == "web/Dockerfile:2"
    assert locate_step(text, "RUN make     all", "", where="D") == "D:2"
    assert locate_step(text, "", "dockerfile parse error on line 4: unknown", where="D") == "D:4"
    assert locate_step(text, "RUN other", "it failed", where="D") == "D"
