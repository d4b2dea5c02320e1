"""A release with what is said about it: images, packages, provenance, signature."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.json_value import JsonObject, as_list, as_object, as_text
from previewer.domain.labels import format_time
from previewer.domain.memory_size import format_memory
from previewer.domain.release import Artifact
from previewer.domain.revision import short_id
from previewer.domain.wording import counted
from previewer.operations.inspect import Inspection
from previewer.tui.present.facts import fact, fact_lines
from previewer.tui.present.pieces import Line, Piece, Tone, cut_line, line
from previewer.tui.present.status import signature_line


def release_lines(found: Inspection, *, width: int) -> tuple[Line, ...]:
    """All of it, in sections."""
    lines = (
        *_head(found, width),
        (),
        line(Piece("Images", Tone.STRONG)),
        *_image_lines(found),
        (),
        line(Piece("Provenance", Tone.STRONG)),
        *_provenance_lines(found, width),
    )
    return tuple(cut_line(pieces, width) for pieces in lines)


def _head(found: Inspection, width: int) -> Iterator[Line]:
    release = found.release
    yield fact("release", release.id)
    yield fact("commit", short_id(release.commit), "  ", Piece(found.subject, Tone.QUIET))
    yield fact("committed", format_time(release.committed_at))
    yield fact("signature", *signature_line(found.signature))
    running = ", ".join(environment.name for environment in found.running)
    yield from fact_lines(
        "runs in", running or ("–" if found.engine_answers else "no engine answers"), width=width
    )
    yield from fact_lines("good in", ", ".join(found.known_good), width=width)


def _image_lines(found: Inspection) -> Iterator[Line]:
    for name, frozen in found.release.definitions.items():
        yield line(Piece(f"  {name}", Tone.ACCENT))
        longest = max((len(service) for service in frozen.artifacts), default=0)
        for service, artifact in sorted(frozen.artifacts.items()):
            size = found.sizes.get(artifact.image)
            yield line(
                f"    {service:<{longest}}  ",
                Piece(short_id(artifact.image), Tone.QUIET),
                f"  {artifact.origin:<8}  {format_memory(size) if size is not None else '–':>10}  ",
                _packages(found, artifact),
                Piece(_bases(artifact), Tone.QUIET),
            )


def _packages(found: Inspection, artifact: Artifact) -> Piece:
    known = found.attestations.packages.get(artifact.image)
    if known is None:
        return Piece("packages not listed", Tone.QUIET)
    counts = ", ".join(f"{kind} {count}" for kind, count in known.count().items()) or "no packages"
    return Piece(f"{counts} (incomplete)" if known.notes else counts, Tone.WARN if known.notes else Tone.PLAIN)


def _bases(artifact: Artifact) -> str:
    names = ", ".join(base.reference for base in artifact.bases)
    return f"  based on {names}" if names else ""


def _provenance_lines(found: Inspection, width: int) -> Iterator[Line]:
    statement = found.attestations.provenance
    if statement is None:
        yield line(Piece("  none is kept with this release", Tone.QUIET))
        return
    predicate = as_object(statement.get("predicate"))
    build, run = as_object(predicate.get("buildDefinition")), as_object(predicate.get("runDetails"))
    repository = as_text(as_object(build.get("externalParameters")).get("repository"))
    builder = as_object(run.get("builder"))
    yield fact("  builder", as_text(builder.get("id")), " ", Piece(_versions(builder), Tone.QUIET))
    yield from fact_lines("  source", repository, width=width)
    materials = as_list(build.get("resolvedDependencies"))
    yield fact("  made of", counted(len(materials), "material"))
    for material in map(as_object, materials):
        yield line("    ", as_text(material.get("name")) or as_text(material.get("uri")))
    yield fact("  listed", counted(len(as_list(run.get("byproducts"))), "bill of materials", "bills of materials"))


def _versions(builder: JsonObject) -> str:
    versions = as_object(builder.get("version"))
    return ", ".join(f"{name} {as_text(version)}" for name, version in versions.items())
