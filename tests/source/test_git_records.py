"""What git prints, read by pure functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.git.configuration import normalise_remote_url
from previewer.git.output import parse_commit_object, parse_track, parse_tree
from previewer.source.revisions import strip_remote


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/team/web.git", "github.com/team/web"),
        ("https://GitHub.com/team/web/", "github.com/team/web"),
        ("https://user:secret@github.com:443/team/web", "github.com/team/web"),
        ("git@github.com:team/web.git", "github.com/team/web"),
        ("github.com:team/web", "github.com/team/web"),
        ("ssh://git@github.com:22/team/web.git", "github.com/team/web"),
        ("git@host:/srv/web.git", "host/srv/web"),
        ("[::1]:web", "::1/web"),
        ("/srv/web.git", None),
        ("../web", None),
        ("file:///srv/web", None),
        (r"C:\web", None),
        ("C:/web", None),
        ("", None),
        ("https://[bad/web", None),
    ],
)
def test_a_remote_s_url_has_one_spelling(url: str, expected: str | None) -> None:
    assert normalise_remote_url(url) == expected


@given(st.text())
def test_any_url_is_read(url: str) -> None:
    normalise_remote_url(url)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ahead 2, behind 1", (2, 1)), ("ahead 3", (3, 0)), ("behind 4", (0, 4)), ("gone", (None, None))],
)
def test_ahead_and_behind(text: str, expected: tuple[int | None, int | None]) -> None:
    assert parse_track(text) == expected


@pytest.mark.parametrize(
    ("name", "remotes", "expected"),
    [
        ("origin/a/b", ["origin"], "a/b"),
        ("team/fork/a", ["team", "team/fork"], "a"),
        ("gone/a", [], "a"),
    ],
)
def test_the_remote_s_name_is_taken_off(name: str, remotes: list[str], expected: str) -> None:
    assert strip_remote(name, remotes) == expected


def test_a_commit_object_with_every_oddity() -> None:
    content = (
        b"tree "
        + b"a" * 40
        + b"\nparent "
        + b"b" * 40
        + b"\nparent "
        + b"c" * 40
        + b"\nauthor J\xf6rg <j@x> 1 +0000\ncommitter C <c@x> 1700000000 +0200\nencoding ISO-8859-1\n"
        b"gpgsig -----BEGIN\n author fake <x> 1 +0000\n -----END\n\n\nsubj\xe9ct\ngoes on\n\nbody\n"
    )
    commit = parse_commit_object("d" * 40, content)
    assert (commit.author, commit.subject, commit.tree) == ("Jörg", "subjéct goes on", "a" * 40)
    assert commit.committed_at.timestamp() == 1_700_000_000


def test_old_modes_are_read_as_git_reads_them() -> None:
    listing = b"100664 blob %s      5\told\x00120000 blob %s      1\tlink\0" % (b"a" * 40, b"b" * 40)
    assert [(e.path, e.kind.value, e.size) for e in parse_tree(listing)] == [
        ("old", "100644", 5),
        ("link", "120000", 1),
    ]
