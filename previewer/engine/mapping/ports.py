"""Published and exposed ports."""

from __future__ import annotations

from previewer.domain.json_value import JsonValue, as_list, as_object, as_text
from previewer.domain.specification import ContainerSpec
from previewer.engine.mapping import values
from previewer.engine.mapping.part import Part, filled


def map_ports(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``ports`` and ``expose``. An empty host port lets the engine choose a free one."""
    del api_version
    exposed: dict[str, JsonValue] = {}
    bindings: dict[str, list[JsonValue]] = {}
    for entry in as_list(spec.compose.get("expose")):
        exposed.update((port, {}) for port in _expand(values.spell(entry)))
    for entry in map(as_object, as_list(spec.compose.get("ports"))):
        port = f"{values.integer(entry.get('target'))}/{as_text(entry.get('protocol'), 'tcp')}"
        exposed[port] = {}
        published = entry.get("published")
        bindings.setdefault(port, []).append(
            {
                "HostIp": as_text(entry.get("host_ip")),
                "HostPort": "" if published is None else values.spell(published),
            }
        )
    return Part(config=filled(ExposedPorts=exposed), host=filled(PortBindings=bindings))


def _expand(text: str) -> list[str]:
    """``200-201/udp`` as its single ports."""
    ports, _, protocol = text.partition("/")
    first, _, last = ports.partition("-")
    return [
        f"{port}/{protocol or 'tcp'}" for port in range(values.integer(first), values.integer(last or first) + 1)
    ]
