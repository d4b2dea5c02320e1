"""A bill of materials of an image: CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/).

It says nothing of when or where it was made, and its serial number follows from the image: equal images have bills
of equal bytes.
"""

from __future__ import annotations

import json
import uuid

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from previewer.domain.json_value import as_object, canonical_json
from previewer.domain.release.packages import NOTE_PROPERTY, ImagePackages, Package, PackageKind

BILL_MEDIA_TYPE = "application/vnd.cyclonedx+json"
"""IANA's; provenance names bills by it."""


def write_bill(image: str, found: ImagePackages) -> bytes:
    """The bill of an image (its config digest, ``sha256:…``)."""
    bill = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, image),
        components=[_component(package) for package in found.packages],
        metadata=BomMetaData(
            component=Component(name=image, type=ComponentType.CONTAINER, bom_ref=image),
            properties=[Property(name=NOTE_PROPERTY, value=note) for note in found.notes],
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
