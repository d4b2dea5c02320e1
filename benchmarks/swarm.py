"""Environments on three nodes of a swarm: how long they take, where they go, and what the loss of a node costs.

``python -m benchmarks.swarm [ENVIRONMENTS]`` makes the nodes in network namespaces of this machine (root, Linux),
prints lines for docs/swarm.md, and removes what it made.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.docker.swarm import Cluster
from tests.docker.swarm_site import SwarmSite, documented_cluster

COMPOSE = """
services:
  web:
    image: previewer-test/base:1
    command: [sh, -c, "echo here > /tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
    ports: ["8080"]
    restart: always
    stop_signal: SIGKILL
    deploy: {{placement: {{constraints: ["node.role == worker"]}}}}
    healthcheck: {{test: [CMD, "true"], interval: 1s}}
    security_opt: {options}
"""
AT_ONCE = 4
LOST = 2
"""The node that is killed: a worker."""


def main() -> int:
    """Measure and print; the exit code."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    with documented_cluster() as cluster, tempfile.TemporaryDirectory(prefix="pvb") as folder:
        site = SwarmSite(Path(folder) / "site", cluster)
        names = [f"b{number:02}" for number in range(count)]
        for name in names:
            site.repository.git("checkout", "--quiet", "-B", name, "main")
            site.repository.commit(
                {"compose.yaml": COMPOSE.format(options=site.security_options), "README": name}, subject=name
            )
        site.repository.git("checkout", "--quiet", "main")
        _measure(site, cluster, names)
    return 0


def _measure(site: SwarmSite, cluster: Cluster, names: list[str]) -> None:
    print(f"the first environment, with its push: {_timed(lambda: site.up(names[0])):.1f} s", flush=True)
    seconds = _timed(lambda: _together(names[1:], site.up))
    print(f"{len(names) - 1} more, {AT_ONCE} at a time: {seconds:.1f} s", flush=True)
    urls = _urls(site)
    nodes = Counter(cluster.node_at(url) for url in urls.values())
    silent = [url for url in urls.values() if not cluster.answers(url)]
    print(f"by node: {dict(sorted(nodes.items()))}; {len(silent)} do not answer", flush=True)
    looks = sorted(_timed(lambda: site.run("ls", "-o", "json")) for _each in range(5))
    print(f"ls: {statistics.median(looks):.2f} s (median of {len(looks)})", flush=True)
    _lose_a_node(site, cluster, frozenset(n for n, url in urls.items() if cluster.node_at(url) == LOST))
    site.repository.git("checkout", "--quiet", "main")
    print(f"down --all: {_timed(lambda: site.run('down', '--all', '--yes')):.1f} s", flush=True)
    site.assert_nothing_left()


def _lose_a_node(site: SwarmSite, cluster: Cluster, lost: frozenset[str]) -> None:
    """Until each environment of a killed node answers at the other one."""
    begun, back = time.monotonic(), dict[str, float]()
    cluster.crash(LOST)
    while len(back) < len(lost) and time.monotonic() - begun < 120:
        now = _urls(site)
        moved = [name for name in lost - back.keys() if name in now and cluster.node_at(now[name]) != LOST]
        back |= {name: time.monotonic() - begun for name in moved if cluster.answers(now[name])}
    cluster.restart(LOST)
    taken = sorted(back.values()) or [float("nan")]
    print(f"node lost: {len(back)} of {len(lost)} answer elsewhere, after {taken[0]:.1f} to {taken[-1]:.1f} s")
    begun = time.monotonic()
    while cluster.running(LOST) and time.monotonic() - begun < 60:
        time.sleep(0.2)
    print(f"node back: {len(cluster.running(LOST))} old tasks left there after {time.monotonic() - begun:.1f} s")


def _urls(site: SwarmSite) -> dict[str, str]:
    return {e["environment"]: e["url"] for e in site.environments() if e["url"]}


def _timed(call: Callable[[], object]) -> float:
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


def _together(names: list[str], call: Callable[[str], object]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(call, names))


if __name__ == "__main__":
    sys.exit(main())
