"""What a definition needs of an engine beyond what every engine can do, told before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.compose.service import Service
from previewer.domain.json_value import as_list, as_object
from previewer.errors import UnsupportedError

START_INTERVAL = "healthcheck.start_interval"
VOLUME_SUBPATH = "volume.subpath"
"""Abilities, as :attr:`previewer.engine.protocol.Capabilities.missing` names them."""


def refuse_missing(definition: Definition, missing: Mapping[str, str]) -> None:
    """Raise :class:`UnsupportedError` for what needs an ability in ``missing``, which has its reason."""
    for ability, (find, hint) in _NEEDS.items():
        if ability not in missing:
            continue
        for service in definition.services.values():
            for path in find(service):
                raise UnsupportedError(
                    f"service {service.name}: this engine cannot do {ability}: {missing[ability]}",
                    where=str(definition.locate(("services", service.name, *path))),
                    hint=hint,
                )


def _start_intervals(service: Service) -> Iterator[ModelPath]:
    if as_object(service.spec.get("healthcheck")).get("start_interval") is not None:
        yield ("healthcheck", "start_interval")


def _subpaths(service: Service) -> Iterator[ModelPath]:
    for index, entry in enumerate(map(as_object, as_list(service.spec.get("volumes")))):
        if as_object(entry.get("volume")).get("subpath"):
            yield ("volumes", str(index), "volume", "subpath")


_NEEDS: Mapping[str, tuple[Callable[[Service], Iterator[ModelPath]], str]] = {
    START_INTERVAL: (_start_intervals, "leave it out: the interval then holds from the start"),
    VOLUME_SUBPATH: (_subpaths, "give that part a volume of its own, mount the whole volume, or use Docker 26"),
}
