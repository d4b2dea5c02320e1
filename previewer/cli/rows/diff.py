"""Differences between two releases, as rows and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from previewer.cli.rows.cells import show_id, timestamp
from previewer.domain.commit.revision import Change, Commit, FileChange, short_id
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text, canonical_json
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
        "commits": [
            *(_commit(commit, Change.ADDED) for commit in found.added_commits),
            *(_commit(commit, Change.REMOVED) for commit in found.removed_commits),
        ],
        "files": [_file(change) for change in found.files],
        "images": [_image(change) for change in found.content.images],
        "packages": [_package(change) for change in found.content.packages],
        "definitions": [_definition(change) for change in found.content.definitions],
        "unknown": list(found.content.unknown),
    }


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


def diff_markdown(difference: JsonObject) -> Iterator[str]:
    """The lines for what :func:`~previewer.cli.rows.diff.difference_value` gives."""
    ends = (as_text(as_object(difference[key])["release"]) for key in ("old", "new"))
    yield "Release {} → {}".format(*(code(short_id(end)) for end in ends))
    for key, title, _ in SECTIONS:
        rows = [as_object(row) for row in as_list(difference[key])]
        if not rows:
            continue
        yield from ("", f"### {title} ({len(rows)})", "")
        for row in rows[:MOST_ITEMS]:
            yield f"- {as_text(row['change'])}: {_ITEMS[key](row)}"
        if len(rows) > MOST_ITEMS:
            yield f"- and {len(rows) - MOST_ITEMS} more"


def _commit_item(row: JsonObject) -> str:
    return f"{code(short_id(as_text(row['commit'])))} {code(as_text(row['subject']))}"


def _file_item(row: JsonObject) -> str:
    added, removed = row["added_lines"], row["removed_lines"]
    lines = f" (+{added} −{removed})" if added is not None and removed is not None else ""
    return code(as_text(row["path"])) + lines


def _image_item(row: JsonObject) -> str:
    name = f"{as_text(row['definition'])}/{as_text(row['service'])}"
    return f"{code(name)} {_step(short_id(as_text(row['before'])), short_id(as_text(row['after'])))}"


def _package_item(row: JsonObject) -> str:
    versions = (", ".join(as_text(version) for version in as_list(row[key])) for key in ("before", "after"))
    services = ", ".join(as_text(service) for service in as_list(row["services"]))
    return f"{code(as_text(row['name']))} {_step(*versions)} in {code(services)}"


def _definition_item(row: JsonObject) -> str:
    path = ".".join(filter(None, (as_text(row["definition"]), as_text(row["path"]))))
    return f"{code(path)} {_step(_shown(row['before']), _shown(row['after']))}".rstrip()


def _step(before: str, after: str) -> str:
    return " → ".join(code(text) for text in (before, after) if text)


def _shown(value: JsonValue) -> str:
    return "" if value is None else show_value(value).text


_ITEMS: Mapping[str, Callable[[JsonObject], str]] = {
    "commits": _commit_item,
    "files": _file_item,
    "images": _image_item,
    "packages": _package_item,
    "definitions": _definition_item,
}
