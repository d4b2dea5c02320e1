"""Releases that went to a registry or came from one, and what verifying one showed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, convert

from previewer.cli.rows.cells import show_id
from previewer.cli.rows.provenance import show_signature
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.release.image_comparison import Sameness
from previewer.operations.verify import VerifiedImage, VerifyResult
from previewer.present.safe_text import plain
from previewer.present.tables import ABSENT, Column
from previewer.present.values import Span, Tone
from previewer.releases.attested import Attested

if TYPE_CHECKING:
    from previewer.operations.pull import PullResult
    from previewer.operations.push import PushResult


PUSH_COLUMNS = (
    Column("release", "RELEASE", show=show_id),
    Column("reference", "REFERENCE"),
    Column("tag", "TAG"),
    Column("images", "IMAGES"),
)
"""The columns of the head of ``previewer push``."""
PULL_COLUMNS = (
    Column("release", "RELEASE", show=show_id),
    Column("project", "PROJECT"),
    Column("commit", "COMMIT", show=show_id),
    Column("reference", "REFERENCE"),
    Column("pulled", "PULLED"),
)
"""The columns of ``previewer pull``."""
PUSHED_IMAGE_COLUMNS = (
    Column("image", "IMAGE", show=show_id),
    Column("name", "NAME", gives_way=True),
    Column("reference", "REFERENCE"),
    Column("was_there", "WAS THERE"),
)


def push_row(result: PushResult) -> JsonObject:
    """Where the release is."""
    return {
        "release": result.release.id,
        "reference": result.reference,
        "tag": result.tag,
        "images": len(result.images),
    }


def pushed_image_rows(result: PushResult) -> tuple[JsonObject, ...]:
    """Where its images are."""
    return tuple(
        {
            "image": image.artifact.image,
            "name": image.artifact.reference,
            "reference": image.reference,
            "was_there": image.was_there,
        }
        for image in result.images
    )


def pull_row(result: PullResult) -> JsonObject:
    """What came."""
    return {
        "release": result.release.id,
        "project": result.release.project,
        "commit": result.release.commit,
        "reference": result.reference,
        "pulled": result.pulled,
    }


_WORDS: Mapping[str, tuple[str, Tone]] = {
    Sameness.IDENTICAL.value: ("✔ identical", Tone.GOOD),
    Sameness.EQUAL.value: ("✔ equal content", Tone.GOOD),
    Sameness.DIFFERENT.value: ("✖ different", Tone.BAD),
}


def show_sameness(value: JsonValue) -> Span:
    """``✔ identical``; ``-`` for an image that was not built again."""
    return Span(*_WORDS[str(value)]) if value is not None else Span(ABSENT)


def show_presence(value: JsonValue) -> Span:
    """Whether the engine has it."""
    return Span("✔ there", Tone.GOOD) if value else Span("✖ missing", Tone.BAD)


def show_files(value: JsonValue) -> Span:
    """The paths of files that changed."""
    names = value if isinstance(value, list) else []
    return Span("✖ " + ", ".join(plain(str(name)) for name in names), Tone.BAD) if names else Span("✔ as frozen")


class _AttestationsRow(Struct, frozen=True):
    verdict: Attested
    reasons: tuple[str, ...]


def show_attestations(value: JsonValue) -> Span:
    """``✔ as noted``, ``? unchecked``, or what is not as it was."""
    row = convert(value, _AttestationsRow)
    verdict = row.verdict
    if verdict is Attested.CHANGED:
        return Span("✖ " + "; ".join(map(plain, row.reasons)), Tone.BAD)
    if verdict is Attested.CHECKED:
        return Span(f"✔ {verdict.value}", Tone.GOOD)
    return Span(f"? {verdict.value}", Tone.BUSY) if verdict is Attested.UNCHECKED else Span(ABSENT)


HEAD_COLUMNS = (
    Column("release", "RELEASE", show=show_id),
    Column("commit", "COMMIT", show=show_id),
    Column("signature", "SIGNATURE", show=show_signature),
    Column("changed_files", "FILES", show=show_files),
    Column("attestations", "ATTESTATIONS", show=show_attestations),
)
IMAGE_COLUMNS = (
    Column("definition", "DEFINITION"),
    Column("service", "SERVICE", gives_way=True),
    Column("image", "IMAGE", show=show_id),
    Column("origin", "ORIGIN"),
    Column("present", "ENGINE", show=show_presence),
    Column("sameness", "REBUILT", show=show_sameness),
)
DIFFERENCE_COLUMNS = (
    Column("service", "SERVICE"),
    Column("path", "PATH", gives_way=True),
    Column("change", "CHANGE"),
)


def verified_row(result: VerifyResult) -> JsonObject:
    """The release, without its images."""
    signature = result.signature
    return {
        "release": result.release.id,
        "commit": result.release.commit,
        "well": result.is_well,
        "signature": {
            "verdict": signature.verdict.value,
            "signer": signature.signer or None,
            "reason": signature.reason or None,
        },
        "changed_files": list(result.changed_files),
        "attestations": {
            "verdict": result.attestations.verdict.value,
            "reasons": list(result.attestations.reasons),
        },
    }


def image_row(image: VerifiedImage) -> JsonObject:
    """One service's image."""
    return {
        "definition": image.definition,
        "service": image.service,
        "image": image.artifact.image,
        "origin": image.artifact.origin,
        "present": image.is_present,
        "sameness": image.sameness.value if image.sameness is not None else None,
        "rebuilt": image.rebuilt,
        "differences": [{"path": each.path, "change": each.change} for each in image.differences],
    }


def difference_rows(result: VerifyResult) -> tuple[JsonObject, ...]:
    """Every difference of every image; an image of several definitions once."""
    rows = {
        (image.service, each.path): {"service": image.service, "path": each.path, "change": each.change}
        for image in result.images
        for each in image.differences
    }
    return tuple(rows[key] for key in sorted(rows))
