"""The run stage on a Docker Swarm: services, overlay networks, configs and secrets."""

from __future__ import annotations
