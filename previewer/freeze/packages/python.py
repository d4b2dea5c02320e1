"""Python's packages: ``METADATA`` of wheels, ``PKG-INFO`` of what setuptools installed (PEP 566)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from previewer.domain.packages import Package, PackageKind

_BETWEEN_WORDS = re.compile(r"[-_.]+")


def read_python_metadata(content: bytes) -> Iterator[Package]:
    """The package, by its normalised name (PEP 503); none without name or version."""
    fields: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        if not line.strip():
            break  # the description follows
        name, colon, value = line.partition(":")
        if colon and name in ("Name", "Version"):
            fields.setdefault(name, value.strip())
    if fields.get("Name") and fields.get("Version"):
        name = _BETWEEN_WORDS.sub("-", fields["Name"]).lower()
        yield Package(PackageKind.PYTHON, name, fields["Version"])
