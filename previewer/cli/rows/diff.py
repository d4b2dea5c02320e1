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


def difference_value(difference: Difference) -> JsonObject:
    """All of it as data; the keys of :data:`SECTIONS` hold rows."""
    return {
        "old": {"release": difference.old.id, "commit": difference.old.commit},
        "new": {"release": difference.new.id, "commit": difference.new.commit},
        **section_rows(difference),
        "unknown": list(difference.content.unknown),
    }


def section_rows(difference: Difference) -> Mapping[str, Sequence[JsonObject]]:
    """The rows of every part, by the keys of :data:`SECTIONS`."""
    return {
        "commits": [_commit(commit, change) for commit, change in _commits(difference)],
        "files": [_file(change) for change in difference.files],
        "images": [_image(change) for change in difference.content.images],
        "packages": [_package(change) for change in difference.content.packages],
        "definitions": [_definition(change) for change in difference.content.definitions],
    }


def _commits(difference: Difference) -> Iterator[tuple[Commit, Change]]:
    yield from ((commit, Change.ADDED) for commit in difference.added_commits)
    yield from ((commit, Change.REMOVED) for commit in difference.removed_commits)


def _commit(commit: Commit, change: Change) -> JsonObject:
    return {
        "change": change.value,
        "commit": commit.id,
        "author": commit.author,
        "committed_at": timestamp(commit.committed_at),
        "subject": commit.subject,
    }


def _file(file: FileChange) -> JsonObject:
    return {
        "change": file.change.value,
        "path": file.path,
        "added_lines": file.added_lines,
        "removed_lines": file.removed_lines,
    }


def _image(image: ImageChange) -> JsonObject:
    return {
        "change": image.change.value,
        "definition": image.definition,
        "service": image.service,
        "before": _id(image.before),
        "after": _id(image.after),
    }


def _package(package: PackageChange) -> JsonObject:
    return {
        "change": package.change.value,
        "services": list(package.services),
        "kind": package.kind,
        "name": package.name,
        "before": list(package.before),
        "after": list(package.after),
    }


def _definition(value: DefinitionChange) -> JsonObject:
    return {
        "change": value.change.value,
        "definition": value.definition,
        "path": value.path,
        "before": value.before,
        "after": value.after,
    }


def _id(artifact: Artifact | None) -> str | None:
    return artifact.image if artifact is not None else None


MOST_ITEMS = 100
"""Items of one list that are shown; the rest is counted. Comments on pull requests end at 65,536 characters."""


def diff_markdown(difference: Difference) -> Iterator[str]:
    """A title and a list for each part in which something differs."""
    yield f"Release {code(short_id(difference.old.id))} → {code(short_id(difference.new.id))}"
    items = _items(difference)
    for key, title, _ in SECTIONS:
        if not items[key]:
            continue
        yield from ("", f"### {title} ({len(items[key])})", "")
        for change, text in items[key][:MOST_ITEMS]:
            yield f"- {change.value}: {text}"
        if len(items[key]) > MOST_ITEMS:
            yield f"- and {len(items[key]) - MOST_ITEMS} more"


def _items(difference: Difference) -> Mapping[str, Sequence[tuple[Change, str]]]:
    content = difference.content
    return {
        "commits": [(change, _commit_item(commit)) for commit, change in _commits(difference)],
        "files": [(file.change, _file_item(file)) for file in difference.files],
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
