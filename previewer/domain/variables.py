"""The ``PREVIEWER_*`` variables that every container of an environment is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from previewer.domain.environment import FRONT_END_NAMES
from previewer.domain.labels import Ownership, format_time
from previewer.domain.naming import variable_suffix


def injected_variables(ownership: Ownership, ports: Mapping[str, Sequence[tuple[int, int]]]) -> dict[str, str]:
    """The variables for one environment.

    ``ports`` has, for each service that publishes any, its (container port, host port) pairs in the
    order of the definition. ``PREVIEWER_URL_API_9090`` names a port; ``PREVIEWER_URL_API`` is the
    service's first; ``PREVIEWER_URL`` is the front end's.
    """
    found = {
        "PREVIEWER": "1",
        "PREVIEWER_ENVIRONMENT": ownership.environment,
        "PREVIEWER_ROLE": ownership.role.value,
        "PREVIEWER_BRANCH": ownership.branch or "",
        "PREVIEWER_COMMIT": ownership.commit,
        "PREVIEWER_RELEASE": ownership.release,
        "PREVIEWER_FIRST_RUN": "1" if ownership.generation == 1 else "0",
        "PREVIEWER_EXPIRES_AT": format_time(ownership.expires_at) if ownership.expires_at else "",
    }
    first_urls: dict[str, str] = {}
    for service, pairs in ports.items():
        for target, host_port in pairs:
            url = f"http://127.0.0.1:{host_port}"
            found[f"PREVIEWER_URL_{variable_suffix(service)}_{target}"] = url
            first_urls.setdefault(service, url)
        if service in first_urls:
            found[f"PREVIEWER_URL_{variable_suffix(service)}"] = first_urls[service]
    front = next((name for name in FRONT_END_NAMES if name in first_urls), next(iter(first_urls), None))
    if front is not None:
        found["PREVIEWER_URL"] = first_urls[front]
    return found
