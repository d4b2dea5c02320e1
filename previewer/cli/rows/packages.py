"""What is in the images of a release, package by package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from previewer.cli.table import Column
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.packages import Package

if TYPE_CHECKING:
    from previewer.operations.inspect import Inspection

PACKAGE_COLUMNS = (
    Column("service", "SERVICE", gives_way=True),
    Column("kind", "KIND"),
    Column("name", "PACKAGE", gives_way=True),
    Column("version", "VERSION", gives_way=True),
    Column("architecture", "ARCHITECTURE", spare=1),
)
"""Of ``previewer inspect --packages``."""


def package_rows(found: Inspection) -> tuple[JsonObject, ...]:
    """Every package of every service's image; an image that several definitions have counts once."""
    pairs = {
        (service, artifact.image)
        for frozen in found.release.definitions.values()
        for service, artifact in frozen.artifacts.items()
    }
    return tuple(
        {"service": service, "image": image, **_package(package)}
        for service, image in sorted(pairs)
        if image in found.attestations.packages
        for package in found.attestations.packages[image].packages
    )


def incomplete_bills(found: Inspection) -> tuple[tuple[str, str], ...]:
    """Services, and why their images may have more packages than are listed; each pair once."""
    services: dict[str, set[str]] = {}
    for frozen in found.release.definitions.values():
        for service, artifact in frozen.artifacts.items():
            services.setdefault(artifact.image, set()).add(service)
    packages = found.attestations.packages
    return tuple(
        (", ".join(sorted(names)), note)
        for image, names in sorted(services.items())
        if image in packages
        for note in packages[image].notes
    )


def _package(package: Package) -> dict[str, JsonValue]:
    return {
        "kind": package.kind.value,
        "name": package.name,
        "version": package.version,
        "architecture": package.architecture or None,
    }
