"""What a run of the tests left on an engine."""

from __future__ import annotations

from previewer.docker_api.connection import DockerConnection


def remains_of(connection: DockerConnection, label: str) -> list[str]:
    """The containers, networks and volumes with ``label`` (``key=value``), by kind and name."""
    api, filters = connection.api, {"label": [label]}
    return sorted(
        [f"container {entry['Names'][0]}" for entry in api.containers(all=True, filters=filters)]
        + [f"network {entry['Name']}" for entry in api.networks(filters=filters)]
        + [f"volume {entry['Name']}" for entry in api.volumes(filters=filters)["Volumes"] or ()]
    )
