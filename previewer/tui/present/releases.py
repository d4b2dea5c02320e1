"""A release with its attestations, and the differences between two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from previewer.domain.commit.revision import Change, Commit, FileChange, short_id
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text, canonical_json
from previewer.domain.policy.check import Explanation
from previewer.domain.release.diff import DefinitionChange, ImageChange, PackageChange
from previewer.domain.release.release import Artifact
from previewer.domain.units import counted, format_memory, format_time
from previewer.operations.diff import Difference
from previewer.operations.inspect import Inspection
from previewer.present.values import Span, Tone, signed
from previewer.tui.present.states import change_line, signature_line
from previewer.tui.present.text import Line, cut_line, fact, fact_lines, hanging_indent, line


def release_lines(found: Inspection, *, width: int) -> tuple[Line, ...]:
    """All of it, in sections."""
    lines = (
        *_head(found, width),
        (),
        line(Span("Images", Tone.STRONG)),
        *_image_lines(found),
        (),
        line(Span("Provenance", Tone.STRONG)),
        *_provenance_lines(found, width),
    )
    return tuple(cut_line(spans, width) for spans in lines)


def policy_lines(explanations: Mapping[str, Explanation], *, width: int) -> tuple[Line, ...]:
    """What each definition asks for that a rule is about, with the verdict, and what helps where it is refused."""
    return tuple(part for one in _policy_lines(explanations) for part in hanging_indent((one,), width, indent=6))


def _policy_lines(explanations: Mapping[str, Explanation]) -> Iterator[Line]:
    for name, explanation in explanations.items():
        found = [(outcome.rule, finding) for outcome in explanation.outcomes for finding in outcome.findings]
        about = f"  {counted(len(explanation.outcomes), 'rule')} looked at, {counted(len(found), 'thing')} found"
        yield line(Span(name, Tone.STRONG), Span(about, Tone.QUIET))
        for rule, finding in found:
            verdict = rule.effect.value if finding.allowed_by is None else "allowed"
            place = Span(f"  {finding.location}", Tone.QUIET)
            yield line(
                "  ",
                signed(verdict, text=f"{verdict:<9} "),
                Span(f"{rule.id}  ", Tone.ACCENT),
                finding.message,
                place,
            )
            if verdict == "refused":
                yield line(Span(f"      {finding.hint}", Tone.QUIET))
        yield ()


def _head(found: Inspection, width: int) -> Iterator[Line]:
    release = found.release
    yield fact("release", release.id)
    yield fact("commit", short_id(release.commit), "  ", Span(found.subject, Tone.QUIET))
    yield fact("committed", format_time(release.committed_at))
    yield fact("signature", *signature_line(found.signature))
    running = ", ".join(environment.name for environment in found.running)
    yield from fact_lines(
        "runs in", running or ("–" if found.engine_answers else "no engine answers"), width=width
    )
    yield from fact_lines("good in", ", ".join(found.known_good), width=width)


def _image_lines(found: Inspection) -> Iterator[Line]:
    for name, frozen in found.release.definitions.items():
        yield line(Span(f"  {name}", Tone.ACCENT))
        longest = max((len(service) for service in frozen.artifacts), default=0)
        for service, artifact in sorted(frozen.artifacts.items()):
            size = found.sizes.get(artifact.image)
            yield line(
                f"    {service:<{longest}}  ",
                Span(short_id(artifact.image), Tone.QUIET),
                f"  {artifact.origin:<8}  {format_memory(size) if size is not None else '–':>10}  ",
                _packages(found, artifact),
                Span(_bases(artifact), Tone.QUIET),
            )


def _packages(found: Inspection, artifact: Artifact) -> Span:
    known = found.attestations.packages.get(artifact.image)
    if known is None:
        return Span("packages not listed", Tone.QUIET)
    counts = ", ".join(f"{kind} {count}" for kind, count in known.count().items()) or "no packages"
    return Span(f"{counts} (incomplete)" if known.notes else counts, Tone.WARN if known.notes else Tone.PLAIN)


def _bases(artifact: Artifact) -> str:
    names = ", ".join(base.reference for base in artifact.bases)
    return f"  based on {names}" if names else ""


def _provenance_lines(found: Inspection, width: int) -> Iterator[Line]:
    statement = found.attestations.provenance
    if statement is None:
        yield line(Span("  none is kept with this release", Tone.QUIET))
        return
    predicate = as_object(statement.get("predicate"))
    build, run = as_object(predicate.get("buildDefinition")), as_object(predicate.get("runDetails"))
    repository = as_text(as_object(build.get("externalParameters")).get("repository"))
    builder = as_object(run.get("builder"))
    yield fact("  builder", as_text(builder.get("id")), " ", Span(_versions(builder), Tone.QUIET))
    yield from fact_lines("  source", repository, width=width)
    materials = as_list(build.get("resolvedDependencies"))
    yield fact("  made of", counted(len(materials), "material"))
    for material in map(as_object, materials):
        yield line("    ", as_text(material.get("name")) or as_text(material.get("uri")))
    yield fact("  listed", counted(len(as_list(run.get("byproducts"))), "bill of materials", "bills of materials"))


def _versions(builder: JsonObject) -> str:
    versions = as_object(builder.get("version"))
    return ", ".join(f"{name} {as_text(version)}" for name, version in versions.items())


MOST_SHOWN = 200
"""Of each section; the command line prints all."""
NOTHING = Span("–", Tone.QUIET)


def difference_lines(found: Difference, *, width: int) -> tuple[Line, ...]:
    """All sections that have something in them."""
    if found.is_empty:
        return (line(Span("✔ the same release: nothing differs", Tone.GOOD)),)
    content = found.content
    commits = [
        *(_commit(commit, Change.ADDED) for commit in found.added_commits),
        *(_commit(commit, Change.REMOVED) for commit in found.removed_commits),
    ]
    lines: list[Line] = []
    if not found.has_commits:
        lines += [
            line(Span("the repository has not got both commits: commits and files are not known", Tone.WARN)),
            (),
        ]
    lines += _section("Commits", commits)
    lines += _section("Files", map(_file, found.files))
    lines += _section("Images", map(_image, content.images))
    lines += _section("Packages", map(_package, content.packages))
    lines += _section("Definitions", map(_definition, content.definitions))
    if content.unknown:
        lines.append(line(Span(f"packages are not known of: {', '.join(content.unknown)}", Tone.QUIET)))
    return tuple(cut_line(spans, width) for spans in lines)


def _section(title: str, rows: Iterable[Line]) -> Iterator[Line]:
    found = list(rows)
    if not found:
        return
    yield line(Span(title, Tone.STRONG), Span(f"  {len(found)}", Tone.QUIET))
    for row in found[:MOST_SHOWN]:
        yield (Span("  "), *row)
    if len(found) > MOST_SHOWN:
        yield line(Span(f"  … {len(found) - MOST_SHOWN} more", Tone.QUIET))
    yield ()


def _commit(commit: Commit, change: Change) -> Line:
    return (
        *change_line(change),
        *line(
            "  ", Span(commit.short, Tone.ACCENT), f"  {commit.subject}", Span(f"  {commit.author}", Tone.QUIET)
        ),
    )


def _file(found: FileChange) -> Line:
    counts = ""
    if found.added_lines is not None and found.removed_lines is not None:
        counts = f"  +{found.added_lines} -{found.removed_lines}"
    return (*change_line(found.change), *line(f"  {found.path}", Span(counts, Tone.QUIET)))


def _image(found: ImageChange) -> Line:
    return (
        *change_line(found.change),
        *line(f"  {found.definition} {found.service}  ", _id(found.before), " → ", _id(found.after)),
    )


def _package(found: PackageChange) -> Line:
    before, after = ", ".join(found.before), ", ".join(found.after)
    where = Span(f"  in {', '.join(found.services)}", Tone.QUIET)
    return (
        *change_line(found.change),
        *line(f"  {found.kind} {found.name}  ", before or NOTHING, " → ", after or NOTHING, where),
    )


def _definition(found: DefinitionChange) -> Line:
    return (
        *change_line(found.change),
        *line(f"  {found.definition} {found.path}  ", _value(found.before), " → ", _value(found.after)),
    )


def _id(artifact: Artifact | None) -> Span:
    return Span(short_id(artifact.image)) if artifact else NOTHING


def _value(value: JsonValue) -> str | Span:
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else canonical_json(value).decode("utf-8", "replace")
