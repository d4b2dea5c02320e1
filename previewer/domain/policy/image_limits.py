"""What a service gets from its image, held against the same limits as what its definition says."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.compose.service import Service
from previewer.domain.json_value import JsonObject, as_object
from previewer.domain.policy.rule import Request, is_on, service_path
from previewer.domain.policy.trust import Trust
from previewer.domain.units import NANOSECONDS


def image_requests(service: Service, config: JsonObject, trust: Trust) -> Iterator[tuple[str, Request]]:
    """The limits that ``config`` (the engine's, of the image of ``service``) is above, by the id of their rule."""
    path, limits = service_path(service, "build" if service.build else "image"), trust.limits
    exposed, volumes = len(as_object(config.get("ExposedPorts"))), len(as_object(config.get("Volumes")))
    if limits.max_ports is not None and exposed > limits.max_ports:
        message = f"has an image that exposes {exposed} ports, {limits.max_ports} is the most"
        yield "port-limit", Request(path, message, ())
    if limits.max_volumes is not None and volumes * service.replicas > limits.max_volumes:
        message = f"has {volumes} volumes of its image, {limits.max_volumes} is the most"
        yield "volume-limit", Request(path, message, ())
    own, inherited = as_object(service.spec.get("healthcheck")), as_object(config.get("Healthcheck"))
    for key, engine_key in (("interval", "Interval"), ("start_interval", "StartInterval")):
        nanoseconds = inherited.get(engine_key)
        if is_on(own.get("disable")) or own.get(key) or not isinstance(nanoseconds, int):
            continue
        if 0 < (seconds := nanoseconds / NANOSECONDS["s"]) < limits.min_health_interval:
            least = f"{limits.min_health_interval:g}s is the least"
            message = f"has an image whose health is checked every {seconds:g}s, {least}"
            yield "health-interval", Request(path, message, ())
