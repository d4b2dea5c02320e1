"""Where a release came from: an in-toto statement (https://in-toto.io/Statement/v1) with a SLSA provenance v1
predicate (https://slsa.dev/provenance/v1).

Nothing in it depends on when, by whom or through which branch the commit was frozen: two clones write the same.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from previewer import __version__
from previewer.domain.json_value import JsonObject, JsonValue, as_object, canonical_json
from previewer.domain.release.attestation import NOTE_PROPERTY, ImagePackages, Package, PackageKind, bill_file
from previewer.domain.release.release import Artifact, Release

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
    images: dict[str, JsonObject] = {}
    for artifact in release.artifacts:
        for base in artifact.bases:
            images[base.image] = _dependency(base.reference, base.image, base.repository_digest)
        if artifact.input_digest is None:
            name = artifact.reference
            images[artifact.image] = _dependency(name, artifact.image, artifact.repository_digest)
    yield from (images[image] for image in sorted(images))


def _dependency(reference: str, image: str, repository_digest: str | None) -> JsonObject:
    dependency: JsonObject = {"name": reference, "digest": _digest(image)}
    return {**dependency, "uri": f"docker://{repository_digest}"} if repository_digest else dependency


def _byproduct(image: str, bill: bytes) -> JsonObject:
    digest: JsonObject = {"sha256": hashlib.sha256(bill).hexdigest()}
    return {"name": bill_file(image), "digest": digest, "mediaType": BILL_MEDIA_TYPE}


def _digest(image: str) -> JsonObject:
    algorithm, _, digits = image.partition(":")
    return {algorithm: digits}


def _repository(origin: str) -> str:
    return f"git+https://{origin}"


# A bill of materials of an image: CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/).
#
# It says nothing of when or where it was made, and its serial number follows from the image: equal
# images have bills of equal bytes.

BILL_MEDIA_TYPE = "application/vnd.cyclonedx+json"
"""IANA's; provenance names bills by it."""


def write_bill(image: str, packages: ImagePackages) -> bytes:
    """The bill of an image (its config digest, ``sha256:…``)."""
    bill = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, image),
        components=[_component(package) for package in packages.packages],
        metadata=BomMetaData(
            component=Component(name=image, type=ComponentType.CONTAINER, bom_ref=image),
            properties=[Property(name=NOTE_PROPERTY, value=note) for note in packages.notes],
        ),
    )
    if bill.metadata.component is not None:
        bill.register_dependency(bill.metadata.component, bill.components)
    bill.metadata.timestamp = None  # type: ignore[assignment]  # the library takes it, its types do not
    # The library's own order of keys is not promised.
    return canonical_json(as_object(json.loads(JsonV1Dot6(bill).output_as_string())))


def _component(package: Package) -> Component:
    url = package_url(package)
    scope, _, name = package.name.rpartition("/") if package.kind is PackageKind.NPM else ("", "", package.name)
    return Component(
        name=name,
        group=scope or None,
        version=package.version,
        type=ComponentType.LIBRARY,
        purl=url,
        bom_ref=url.to_string(),
    )


def package_url(package: Package) -> PackageURL:
    """What a package is called everywhere (https://github.com/package-url/purl-spec)."""
    scope, _, name = package.name.rpartition("/") if package.kind is PackageKind.NPM else ("", "", package.name)
    return PackageURL(
        type=package.kind.value,
        namespace=scope or package.distribution or None,
        name=name,
        version=package.version,
        qualifiers={"arch": package.architecture} if package.architecture else None,
    )
