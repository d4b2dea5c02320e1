"""The same containers by the docker SDK alone: a network, and in threads create, start and look at each container.

``python -m benchmarks.bare_engine up|down SESSION COUNT IMAGE checked|unchecked``, or ``list INSTALLATION``. This
is what the engine itself cannot be asked to do faster.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker

LABEL = "dev.previewer-benchmark"
"""On all it makes; the value is the session."""
INSTALLATION = "dev.previewer.installation"
POLL = 0.02


def up(client: Any, session: str, count: int, image: str, *, are_checked: bool) -> None:  # Any: the SDK's
    """Make the containers and return when all are healthy, or run if nothing checks them."""
    made = {"labels": {LABEL: session}}
    network = client.networks.create(f"bench-{session}", **made)
    check = {"test": ["CMD", "busybox", "true"], "interval": 200_000_000, "timeout": 5_000_000_000, "retries": 20}

    def run(number: int) -> None:
        container = client.containers.create(
            image,
            ["busybox", "sleep", "3600"],
            name=f"bench-{session}-{number}",
            network=network.name,
            healthcheck=check if are_checked else None,
            **made,
        )
        container.start()
        while are_checked and client.api.inspect_container(container.id)["State"]["Health"]["Status"] != "healthy":
            time.sleep(POLL)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run, range(count)))


def down(client: Any, session: str) -> None:
    """Kill and remove it all."""
    filters = {"label": f"{LABEL}={session}"}
    containers = client.api.containers(all=True, filters=filters)
    with ThreadPoolExecutor(max(1, len(containers))) as pool:
        list(pool.map(lambda found: client.api.remove_container(found["Id"], force=True, v=True), containers))
    for network in client.api.networks(filters=filters):
        client.api.remove_network(network["Id"])


def look(client: Any, installation: str) -> None:
    """Ask for all containers, networks and volumes of an installation, one kind after the other."""
    filters = {"label": f"{INSTALLATION}={installation}"}
    client.api.containers(all=True, filters=filters)
    client.api.networks(filters=filters)
    client.api.volumes(filters=filters)


def main() -> None:
    """Do what the arguments say."""
    verb, *rest = sys.argv[1:]
    if verb == "list":
        look(docker.from_env(), rest[0])
        return
    session, count, image, checks = rest
    client = docker.from_env(max_pool_size=int(count) + 1)
    if verb == "up":
        up(client, session, int(count), image, are_checked=checks == "checked")
    else:
        down(client, session)


if __name__ == "__main__":
    main()
