"""Differences between two releases, as rows and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from previewer.cli.rows.cells import show_id, timestamp
from previewer.domain.commit.revision import Change, Commit, FileChange, short_id
from previewer.domain.json_value import JsonObject, JsonValue, canonical_json
from previewer.domain.release.diff import DefinitionChange, ImageChange, PackageChange
from previewer.domain.release.release import Artifact
from previewer.present.parity_report import code
from previewer.present.safe_text import plain
from previewer.present.tables import ABSENT, Column
from previewer.present.values import Span, signed

if TYPE_CHECKING:
    from previewer.operations.diff import Difference


def show_change(value: JsonValue) -> Span:
    """``+ added``."""
    return signed(str(value))


def show_value(value: JsonValue) -> Span:
    """A value of a definition: texts as they are, others as JSON."""
    if value is None:
        return Span(ABSENT)
    return Span(plain(value if isinstance(value, str) else canonical_json(value).decode("utf-8", "replace")))


_CHANGE = Column("change", "CHANGE", show=show_change)
COMMIT_COLUMNS = (
    _CHANGE,
    Column("commit", "COMMIT", show=show_id),
    Column("author", "AUTHOR", gives_way=True, spare=1),
    Column("subject", "SUBJECT", gives_way=True),
)
FILE_COLUMNS = (
    _CHANGE,
    Column("path", "FILE", gives_way=True),
    Column("added_lines", "+LINES"),
    Column("removed_lines", "-LINES"),
)
DIFF_IMAGE_COLUMNS = (
    _CHANGE,
    Column("definition", "DEFINITION"),
    Column("service", "SERVICE", gives_way=True),
    Column("before", "BEFORE", show=show_id),
    Column("after", "AFTER", show=show_id),
)
DIFF_PACKAGE_COLUMNS = (
    _CHANGE,
    Column("services", "SERVICES", gives_way=True),
    Column("kind", "KIND"),
    Column("name", "PACKAGE", gives_way=True),
    Column("before", "BEFORE", gives_way=True),
    Column("after", "AFTER", gives_way=True),
)
DEFINITION_COLUMNS = (
    _CHANGE,
    Column("definition", "DEFINITION"),
    Column("path", "VALUE", gives_way=True),
    Column("before", "BEFORE", show=show_value, gives_way=True),
    Column("after", "AFTER", show=show_value, gives_way=True),
)
SECTIONS = (
    ("commits", "Commits", COMMIT_COLUMNS),
    ("files", "Files", FILE_COLUMNS),
    ("images", "Images", DIFF_IMAGE_COLUMNS),
    ("packages", "Packages", DIFF_PACKAGE_COLUMNS),
    ("definitions", "Definitions", DEFINITION_COLUMNS),
)
"""Key, title and columns of each part, in the order they are shown."""


def difference_value(found: Difference) -> JsonObject:
    """All of it as data; the keys of :data:`SECTIONS` hold rows."""
    return {
        "old": {"release": found.old.id, "commit": found.old.commit},
        "new": {"release": found.new.id, "commit": found.new.commit},
        **section_rows(found),
        "unknown": list(found.content.unknown),
    }


def section_rows(found: Difference) -> Mapping[str, Sequence[JsonObject]]:
    """The rows of every part, by the keys of :data:`SECTIONS`."""
    return {
        "commits": [_commit(commit, change) for commit, change in _commits(found)],
        "files": [_file(change) for change in found.files],
        "images": [_image(change) for change in found.content.images],
        "packages": [_package(change) for change in found.content.packages],
        "definitions": [_definition(change) for change in found.content.definitions],
    }


def _commits(found: Difference) -> Iterator[tuple[Commit, Change]]:
    yield from ((commit, Change.ADDED) for commit in found.added_commits)
    yield from ((commit, Change.REMOVED) for commit in found.removed_commits)


def _commit(commit: Commit, change: Change) -> JsonObject:
    return {
        "change": change.value,
        "commit": commit.id,
        "author": commit.author,
        "committed_at": timestamp(commit.committed_at),
        "subject": commit.subject,
    }


def _file(found: FileChange) -> JsonObject:
    return {
        "change": found.change.value,
        "path": found.path,
        "added_lines": found.added_lines,
        "removed_lines": found.removed_lines,
    }


def _image(found: ImageChange) -> JsonObject:
    return {
        "change": found.change.value,
        "definition": found.definition,
        "service": found.service,
        "before": _id(found.before),
        "after": _id(found.after),
    }


def _package(found: PackageChange) -> JsonObject:
    return {
        "change": found.change.value,
        "services": list(found.services),
        "kind": found.kind,
        "name": found.name,
        "before": list(found.before),
        "after": list(found.after),
    }


def _definition(found: DefinitionChange) -> JsonObject:
    return {
        "change": found.change.value,
        "definition": found.definition,
        "path": found.path,
        "before": found.before,
        "after": found.after,
    }


def _id(artifact: Artifact | None) -> str | None:
    return artifact.image if artifact is not None else None


MOST_ITEMS = 100
"""Items of one list that are shown; the rest is counted. Comments on pull requests end at 65,536 characters."""


def diff_markdown(found: Difference) -> Iterator[str]:
    """A title and a list for each part in which something differs."""
    yield f"Release {code(short_id(found.old.id))} → {code(short_id(found.new.id))}"
    items = _items(found)
    for key, title, _ in SECTIONS:
        if not items[key]:
            continue
        yield from ("", f"### {title} ({len(items[key])})", "")
        for change, text in items[key][:MOST_ITEMS]:
            yield f"- {change.value}: {text}"
        if len(items[key]) > MOST_ITEMS:
            yield f"- and {len(items[key]) - MOST_ITEMS} more"


def _items(found: Difference) -> Mapping[str, Sequence[tuple[Change, str]]]:
    content = found.content
    return {
        "commits": [(change, _commit_item(commit)) for commit, change in _commits(found)],
        "files": [(file.change, _file_item(file)) for file in found.files],
        "images": [(image.change, _image_item(image)) for image in content.images],
        "packages": [(package.change, _package_item(package)) for package in content.packages],
        "definitions": [(value.change, _definition_item(value)) for value in content.definitions],
    }


def _commit_item(commit: Commit) -> str:
    return f"{code(short_id(commit.id))} {code(commit.subject)}"


def _file_item(file: FileChange) -> str:
    added, removed = file.added_lines, file.removed_lines
    lines = f" (+{added} −{removed})" if added is not None and removed is not None else ""
    return code(file.path) + lines


def _image_item(image: ImageChange) -> str:
    ids = (short_id(artifact.image) if artifact is not None else "" for artifact in (image.before, image.after))
    return f"{code(f'{image.definition}/{image.service}')} {_step(*ids)}"


def _package_item(package: PackageChange) -> str:
    versions = _step(", ".join(package.before), ", ".join(package.after))
    return f"{code(package.name)} {versions} in {code(', '.join(package.services))}"


def _definition_item(value: DefinitionChange) -> str:
    path = ".".join(filter(None, (value.definition, value.path)))
    return f"{code(path)} {_step(_shown(value.before), _shown(value.after))}".rstrip()


def _step(before: str, after: str) -> str:
    return " → ".join(code(text) for text in (before, after) if text)


def _shown(value: JsonValue) -> str:
    return "" if value is None else show_value(value).text
