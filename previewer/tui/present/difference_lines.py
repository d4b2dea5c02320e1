"""What lies between two releases: commits, files, images, packages, definitions, a section each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from previewer.domain.file_change import Change, FileChange
from previewer.domain.json_value import JsonValue, canonical_json
from previewer.domain.release import Artifact
from previewer.domain.release_diff import DefinitionChange, ImageChange, PackageChange
from previewer.domain.revision import Commit, short_id
from previewer.operations.diff import Difference
from previewer.tui.present.pieces import Line, Piece, Tone, cut_line, line
from previewer.tui.present.status import change_line

MOST_SHOWN = 200
"""Of each section; the command line prints all."""
NOTHING = Piece("–", Tone.QUIET)


def difference_lines(found: Difference, *, width: int) -> tuple[Line, ...]:
    """All sections that have something in them."""
    if found.is_empty:
        return (line(Piece("✔ the same release: nothing differs", Tone.GOOD)),)
    content = found.content
    commits = [
        *(_commit(commit, Change.ADDED) for commit in found.added_commits),
        *(_commit(commit, Change.REMOVED) for commit in found.removed_commits),
    ]
    lines: list[Line] = []
    if not found.has_commits:
        lines += [
            line(Piece("the repository has not got both commits: commits and files are not known", Tone.WARN)),
            (),
        ]
    lines += _section("Commits", commits)
    lines += _section("Files", map(_file, found.files))
    lines += _section("Images", map(_image, content.images))
    lines += _section("Packages", map(_package, content.packages))
    lines += _section("Definitions", map(_definition, content.definitions))
    if content.unknown:
        lines.append(line(Piece(f"packages are not known of: {', '.join(content.unknown)}", Tone.QUIET)))
    return tuple(cut_line(pieces, width) for pieces in lines)


def _section(title: str, rows: Iterable[Line]) -> Iterator[Line]:
    found = list(rows)
    if not found:
        return
    yield line(Piece(title, Tone.STRONG), Piece(f"  {len(found)}", Tone.QUIET))
    for row in found[:MOST_SHOWN]:
        yield (Piece("  "), *row)
    if len(found) > MOST_SHOWN:
        yield line(Piece(f"  … {len(found) - MOST_SHOWN} more", Tone.QUIET))
    yield ()


def _commit(commit: Commit, change: Change) -> Line:
    return (
        *change_line(change),
        *line(
            "  ", Piece(commit.short, Tone.ACCENT), f"  {commit.subject}", Piece(f"  {commit.author}", Tone.QUIET)
        ),
    )


def _file(found: FileChange) -> Line:
    counts = ""
    if found.added_lines is not None and found.removed_lines is not None:
        counts = f"  +{found.added_lines} -{found.removed_lines}"
    return (*change_line(found.change), *line(f"  {found.path}", Piece(counts, Tone.QUIET)))


def _image(found: ImageChange) -> Line:
    return (
        *change_line(found.change),
        *line(f"  {found.definition} {found.service}  ", _id(found.before), " → ", _id(found.after)),
    )


def _package(found: PackageChange) -> Line:
    before, after = ", ".join(found.before), ", ".join(found.after)
    where = Piece(f"  in {', '.join(found.services)}", Tone.QUIET)
    return (
        *change_line(found.change),
        *line(f"  {found.kind} {found.name}  ", before or NOTHING, " → ", after or NOTHING, where),
    )


def _definition(found: DefinitionChange) -> Line:
    return (
        *change_line(found.change),
        *line(f"  {found.definition} {found.path}  ", _value(found.before), " → ", _value(found.after)),
    )


def _id(artifact: Artifact | None) -> Piece:
    return Piece(short_id(artifact.image)) if artifact else NOTHING


def _value(value: JsonValue) -> str | Piece:
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else canonical_json(value).decode("utf-8", "replace")
