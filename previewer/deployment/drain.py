"""Let clients finish with what was replaced, before it is stopped."""

from __future__ import annotations

import time
from collections.abc import Iterable

from previewer.domain.engine.observation import ContainerState, ObservedContainer
from previewer.domain.progress import Noted
from previewer.domain.units import counted
from previewer.session.run import Run

POLL_SECONDS = 0.1
DEFAULT_GRACE = 10
"""Seconds that connections have to end where a definition does not say it: Compose's own default."""


def drain(run: Run, containers: Iterable[ObservedContainer]) -> None:
    """Wait until no client is connected to what was replaced, as long as its services' grace periods say."""
    engine, began = run.session.engine, time.monotonic()
    open_ports = {
        container.name: [name.port for name in container.names]
        for container in containers
        if container.names and container.state is ContainerState.RUNNING
    }
    is_told = False
    while open_ports:
        for name, ports in tuple(open_ports.items()):
            left = engine.open_connections(name, ports)
            if left.count == 0 or time.monotonic() - began > (left.grace or DEFAULT_GRACE):
                del open_ports[name]
            elif left.count is not None and not is_told:
                is_told = True
                run.report(Noted(f"waiting for {counted(left.count, 'connection')} to what was replaced"))
        if open_ports and run.cancellation.wait(POLL_SECONDS):
            return
