"""What the router's log tells: which host names were asked for, and how often. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from previewer.domain.environment.environment import Environment
from previewer.domain.json_value import JsonObject, as_object, as_text

COUNTED_LINES = 2000
"""The newest requests that are counted: where they fill less than a minute, that is made up to one."""
MINUTE = 60.0


def read_requested_host(line: str) -> str:
    """The host name that a line of the router's log is about; empty where it is about none."""
    return _host(_entry(line))


def hosts_of(environment: Environment) -> frozenset[str]:
    """The host names of an environment."""
    containers = (container for service in environment.services for container in service.containers)
    return frozenset(name.host for container in containers for name in container.names)


def requests_per_minute(lines: Iterable[str], now: datetime) -> Mapping[str, int]:
    """Requests by host name in the minute before ``now``, from the newest lines of the log.

    ``now`` is told by the router's clock. Of :data:`COUNTED_LINES` lines in less time it is their rate.
    """
    entries = [_entry(line) for line in lines]
    times = [_time(entry) for entry in entries]
    since = now.timestamp() - MINUTE
    oldest = min(times, default=since) if len(entries) >= COUNTED_LINES else since
    span = max(now.timestamp() - max(oldest, since), 1.0)
    counts = Counter(_host(entry) for entry, at in zip(entries, times, strict=True) if at >= since)
    return {host: round(count * MINUTE / span) for host, count in counts.items() if host}


def _entry(line: str) -> JsonObject:
    try:
        return as_object(json.loads(line))
    except ValueError:
        return {}


def _host(entry: JsonObject) -> str:
    return as_text(as_object(entry.get("request")).get("host")).partition(":")[0]


def _time(entry: JsonObject) -> float:
    at = entry.get("ts")
    return float(at) if isinstance(at, int | float) else 0.0
