"""A difference between releases as Markdown, for a pull request or a changelog: lists and headings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from previewer.cli.markdown import code
from previewer.cli.rows.diff import SECTIONS, show_value
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.revision import short_id

MOST_ITEMS = 100
"""Of one list; the rest is counted. Comments on pull requests end at 65,536 characters."""


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


def _commit(row: JsonObject) -> str:
    return f"{code(short_id(as_text(row['commit'])))} {code(as_text(row['subject']))}"


def _file(row: JsonObject) -> str:
    added, removed = row["added_lines"], row["removed_lines"]
    lines = f" (+{added} −{removed})" if added is not None and removed is not None else ""
    return code(as_text(row["path"])) + lines


def _image(row: JsonObject) -> str:
    name = f"{as_text(row['definition'])}/{as_text(row['service'])}"
    return f"{code(name)} {_step(short_id(as_text(row['before'])), short_id(as_text(row['after'])))}"


def _package(row: JsonObject) -> str:
    versions = (", ".join(as_text(version) for version in as_list(row[key])) for key in ("before", "after"))
    services = ", ".join(as_text(service) for service in as_list(row["services"]))
    return f"{code(as_text(row['name']))} {_step(*versions)} in {code(services)}"


def _definition(row: JsonObject) -> str:
    path = ".".join(filter(None, (as_text(row["definition"]), as_text(row["path"]))))
    return f"{code(path)} {_step(_shown(row['before']), _shown(row['after']))}".rstrip()


def _step(before: str, after: str) -> str:
    return " → ".join(code(text) for text in (before, after) if text)


def _shown(value: JsonValue) -> str:
    return "" if value is None else show_value(value).text


_ITEMS: Mapping[str, Callable[[JsonObject], str]] = {
    "commits": _commit,
    "files": _file,
    "images": _image,
    "packages": _package,
    "definitions": _definition,
}
