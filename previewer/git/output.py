"""What git's plumbing prints, as values. Pure functions over bytes.

Branch names and paths keep bytes that are not UTF-8 as surrogate escapes, so that they can be handed back to git;
authors and subjects are for people and get U+FFFD instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from previewer.domain.commit.files import EntryKind, TreeEntry
from previewer.domain.commit.revision import Branch, Commit, RefKind

BRANCH_FORMAT = "%00".join(
    (
        "%(refname)",
        "%(objectname)",
        "%(committerdate:unix)",
        "%(authorname)",
        "%(contents:subject)",
        "%(HEAD)",
        "%(upstream:track,nobracket)",
        "%(symref)",
    )
)
"""The format for ``git for-each-ref``; one line a reference."""

COMMIT_FORMAT = "%H%x00%T%x00%ct%x00%an%x00%s"
"""The format for ``git rev-list --no-commit-header``; one line a commit."""

HEADS = "refs/heads/"
REMOTES = "refs/remotes/"

TAGS = "refs/tags/"
PULLS = ("refs/pull/", "refs/merge-requests/", "refs/pull-requests/")
"""Where clones that fetch them have the pull requests of GitHub, GitLab and Bitbucket."""
NAMED_FORMAT = "%00".join(
    f"%(if)%(*objectname)%(then)%(*{name})%(else)%({name})%(end)" if name != "refname" else "%(refname)"
    for name in ("refname", "objectname", "committerdate:unix", "authorname", "contents:subject")
)
"""The format for ``git for-each-ref`` of tags and pull requests: of an annotated tag its commit."""
_PULL_HEAD = re.compile(r"refs/(pull|merge-requests|pull-requests)/(\d+)/(?:head|from)")

_TRACK = re.compile(r"(ahead|behind) (\d+)")


def parse_branches(lines: Iterable[bytes]) -> Iterator[Branch]:
    """Branches out of :data:`BRANCH_FORMAT`, in its order; without a remote's ``HEAD`` and what is no commit."""
    for raw in lines:
        line = raw.decode("utf-8", "surrogateescape").rstrip("\n")
        if not line:
            continue
        name, commit, seconds, author, subject, head, track, symref = line.split("\0")
        is_remote = name.startswith(REMOTES)
        if not seconds or (is_remote and symref):
            continue
        ahead, behind = parse_track(track) if track else (None, None)
        yield Branch(
            name=name[len(REMOTES if is_remote else HEADS) :],
            commit=commit,
            committed_at=datetime.fromtimestamp(int(seconds), UTC),
            author=_for_people(author),
            subject=_for_people(subject),
            is_remote=is_remote,
            is_current=head == "*",
            ahead=ahead,
            behind=behind,
        )


def parse_named(lines: Iterable[bytes]) -> Iterator[Branch]:
    """Tags, and the heads of pull requests, out of :data:`NAMED_FORMAT`; without tags of what is no commit.

    A tag is called as git calls it, a pull request by its whole reference, which git resolves too.
    """
    for raw in lines:
        name, commit, seconds, author, subject = raw.decode("utf-8", "surrogateescape").rstrip("\n").split("\0")
        is_tag = name.startswith(TAGS)
        if not seconds or not (is_tag or _PULL_HEAD.fullmatch(name)):
            continue
        yield Branch(
            name=name.removeprefix(TAGS),
            commit=commit,
            committed_at=datetime.fromtimestamp(int(seconds), UTC),
            author=_for_people(author),
            subject=_for_people(subject),
            kind=RefKind.TAG if is_tag else RefKind.PULL_REQUEST,
        )


def parse_track(text: str) -> tuple[int | None, int | None]:
    """``ahead 2, behind 1`` as numbers; both ``None`` where the upstream is gone."""
    if text == "gone":
        return None, None
    counts = {word: int(number) for word, number in _TRACK.findall(text)}
    return counts.get("ahead", 0), counts.get("behind", 0)


def parse_commits(output: bytes) -> tuple[Commit, ...]:
    """Commits out of :data:`COMMIT_FORMAT`."""
    lines = output.decode("utf-8", "replace").split("\n")
    return tuple(_commit(*line.split("\0")) for line in lines if line)


def parse_commit_object(object_id: str, content: bytes) -> Commit:
    """A commit out of the object itself (git-hash-object(1); headers, a blank line, the message)."""
    head, _, message = content.partition(b"\n\n")
    headers = dict(line.split(b" ", 1) for line in reversed(head.split(b"\n")) if b" " in line)
    encoding = headers.get(b"encoding", b"utf-8").decode("ascii", "replace")
    author = headers.get(b"author", b"").rpartition(b" <")[0]
    paragraph = message.lstrip(b"\n").partition(b"\n\n")[0]
    return _commit(
        object_id,
        headers[b"tree"].decode(),
        headers[b"committer"].rsplit(b" ", 2)[1].decode(),
        _decode(author, encoding),
        " ".join(_decode(paragraph, encoding).split("\n")).strip(),
    )


def parse_tree(output: bytes) -> Iterator[TreeEntry]:
    """Entries out of ``git ls-tree -r -z``, with or without ``-l``."""
    for record in output.decode("utf-8", "surrogateescape").split("\0"):
        if not record:
            continue
        fields, path = record.split("\t", 1)
        mode, _, object_id, *size = fields.split()
        yield TreeEntry(
            path=path,
            kind=_entry_kind(mode),
            object_id=object_id,
            size=int(size[0]) if size and size[0].isdigit() else None,
        )


def _entry_kind(mode: str) -> EntryKind:
    """Old repositories hold modes such as 100664, which git itself treats as 100644."""
    if mode in ("120000", "160000"):
        return EntryKind(mode)
    return EntryKind.EXECUTABLE if int(mode, 8) & 0o100 else EntryKind.FILE


def _commit(object_id: str, tree: str, seconds: str, author: str, subject: str) -> Commit:
    return Commit(
        id=object_id,
        tree=tree,
        committed_at=datetime.fromtimestamp(int(seconds), UTC),
        author=author,
        subject=subject,
    )


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding, "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _for_people(text: str) -> str:
    """Surrogate escapes can't be printed; U+FFFD can."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
