"""The create body of a volume."""

from __future__ import annotations

from previewer.domain.json_value import as_text
from previewer.domain.specification import VolumeSpec
from previewer.engine.mapping import values
from previewer.engine.mapping.labels import merge_labels
from previewer.engine.mapping.part import Raw, filled
from previewer.errors import EngineError, UnsupportedError

NEEDED_ELSEWHERE = {
    "external": "policy decides whether a volume of somebody else may be used",
    "name": "previewer gives the names",
}
_KNOWN = {"driver", "driver_opts", "labels"}


def volume_body(spec: VolumeSpec) -> Raw:
    """Of ``POST /volumes/create``. Raises :class:`UnsupportedError` for a key that cannot be honoured."""
    for key in spec.compose:
        if key not in _KNOWN | set(NEEDED_ELSEWHERE) and not key.startswith("x-"):
            raise UnsupportedError(f"{key}: previewer does not know this key", where=f"volume {spec.name}")
    try:
        return filled(
            Name=spec.name,
            Driver=as_text(spec.compose.get("driver")),
            DriverOpts=values.text_map(spec.compose.get("driver_opts") or {}),
            Labels=merge_labels(spec.compose, spec.labels, where=f"volume {spec.name}"),
        )
    except ValueError as error:
        raise EngineError(str(error), where=f"volume {spec.name}") from error
