"""The run stage: containers, networks and volumes on an engine. It never builds, pulls or reads git."""

from __future__ import annotations
