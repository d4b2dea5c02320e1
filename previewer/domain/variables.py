"""The ``PREVIEWER_*`` variables that every container of an environment is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from previewer.domain.labels import Ownership, format_time
from previewer.domain.naming import variable_suffix
from previewer.domain.routes import Route


def injected_variables(
    ownership: Ownership, urls: Mapping[tuple[str, int], str], routes: Sequence[Route]
) -> dict[str, str]:
    """The variables for one environment.

    ``urls`` are those of the published TCP ports, by service and container port. ``PREVIEWER_URL_API_9090``
    names a port; ``PREVIEWER_URL_API`` is the service's first; ``PREVIEWER_URL`` is the first of ``routes``. A
    route with a name has its URL under that too, unless a service or port is called so.
    """
    found = {
        "PREVIEWER": "1",
        "PREVIEWER_ENVIRONMENT": ownership.environment,
        "PREVIEWER_ROLE": ownership.role.value,
        "PREVIEWER_BRANCH": ownership.branch or "",
        "PREVIEWER_COMMIT": ownership.commit,
        "PREVIEWER_RELEASE": ownership.release,
        "PREVIEWER_FIRST_RUN": "1",  # every generation begins with empty volumes
        "PREVIEWER_EXPIRES_AT": format_time(ownership.expires_at) if ownership.expires_at else "",
    }
    routed = [(route, urls[key]) for route in routes if (key := (route.service, route.port)) in urls]
    for route, url in routed:
        found.setdefault("PREVIEWER_URL", url)
        found.setdefault(f"PREVIEWER_URL_{variable_suffix(route.service)}", url)
    for (service, port), url in urls.items():
        found.setdefault(f"PREVIEWER_URL_{variable_suffix(service)}", url)
        found[f"PREVIEWER_URL_{variable_suffix(service)}_{port}"] = url
    for route, url in routed:
        if route.name:
            found.setdefault(f"PREVIEWER_URL_{variable_suffix(route.name)}", url)
    return found
