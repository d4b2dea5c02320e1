"""npm's packages: the ``package.json`` of every folder in a ``node_modules``."""

from __future__ import annotations

import json
from collections.abc import Iterator

from previewer.domain.json_value import as_object, as_text
from previewer.domain.packages import Package, PackageKind


def read_package_json(content: bytes) -> Iterator[Package]:
    """The package; none without name or version. Raises :class:`ValueError` for what is no JSON."""
    try:
        value = as_object(json.loads(content))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    name, version = as_text(value.get("name")), as_text(value.get("version"))
    if name and version:
        yield Package(PackageKind.NPM, name, version)
