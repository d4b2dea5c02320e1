"""Where a release came from: an in-toto statement (https://in-toto.io/Statement/v1) with a SLSA provenance v1
predicate (https://slsa.dev/provenance/v1).

Nothing in it depends on when, by whom or through which branch the commit was frozen: two clones write the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from previewer import __version__
from previewer.domain.json_value import JsonObject, JsonValue, canonical_json
from previewer.domain.release.attestation import bill_file
from previewer.domain.release.release import Artifact, Release
from previewer.freeze.sbom import BILL_MEDIA_TYPE

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "https://previewer.dev/freeze/v1"
"""How external parameters become subjects: as docs/provenance.md says."""
BUILDER_ID = "https://previewer.dev/builder/local"
"""The user who ran previewer, on a machine of their own choosing: no hosted platform vouches for it."""


def write_provenance(release: Release, *, origin: str | None, bills: Mapping[str, bytes]) -> bytes:
    """The statement about a release as canonical JSON.

    ``origin`` is where the repository is found (``example.org/shop``); ``bills`` are bills of materials by image.
    """
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [_subject(artifact) for artifact in release.artifacts],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": _external(release, origin),
                    "internalParameters": {"images": [_internal(artifact) for artifact in release.artifacts]},
                    "resolvedDependencies": [_commit(release, origin), *_images(release)],
                },
                "runDetails": {
                    "builder": {"id": BUILDER_ID, "version": {"previewer": __version__}},
                    "byproducts": [_byproduct(image, bills[image]) for image in sorted(bills)],
                },
            },
        }
    )


def _subject(artifact: Artifact) -> JsonObject:
    return {"name": artifact.reference, "digest": _digest(artifact.image)}


def _external(release: Release, origin: str | None) -> JsonObject:
    definitions: list[JsonValue] = [
        {"name": name, "role": frozen.definition.role.value, "files": list(frozen.definition.files)}
        for name, frozen in sorted(release.definitions.items())
    ]
    return {
        "project": release.project,
        "commit": release.commit,
        "definitions": definitions,
        **({"repository": _repository(origin)} if origin else {}),
    }


def _internal(artifact: Artifact) -> JsonObject:
    """What the freeze itself chose or found."""
    return {
        "image": artifact.image,
        "platform": artifact.platform,
        "origin": artifact.origin,
        **({"inputDigest": artifact.input_digest} if artifact.input_digest else {}),
    }


def _commit(release: Release, origin: str | None) -> JsonObject:
    uri = f"{_repository(origin)}@{release.commit}" if origin else f"git+commit:{release.commit}"
    return {"uri": uri, "digest": {"gitCommit": release.commit, "gitTree": release.tree}}


def _images(release: Release) -> Iterator[JsonObject]:
    """Everything that came from elsewhere: images that run as they are, and those that others were built from."""
    found: dict[str, JsonObject] = {}
    for artifact in release.artifacts:
        for base in artifact.bases:
            found[base.image] = _dependency(base.reference, base.image, base.repository_digest)
        if artifact.input_digest is None:
            name = artifact.reference
            found[artifact.image] = _dependency(name, artifact.image, artifact.repository_digest)
    yield from (found[image] for image in sorted(found))


def _dependency(reference: str, image: str, repository_digest: str | None) -> JsonObject:
    found: JsonObject = {"name": reference, "digest": _digest(image)}
    return {**found, "uri": f"docker://{repository_digest}"} if repository_digest else found


def _byproduct(image: str, bill: bytes) -> JsonObject:
    digest: JsonObject = {"sha256": hashlib.sha256(bill).hexdigest()}
    return {"name": bill_file(image), "digest": digest, "mediaType": BILL_MEDIA_TYPE}


def _digest(image: str) -> JsonObject:
    algorithm, _, digits = image.partition(":")
    return {algorithm: digits}


def _repository(origin: str) -> str:
    return f"git+https://{origin}"
