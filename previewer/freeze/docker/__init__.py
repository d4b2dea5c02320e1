"""The build stage on a Docker engine."""

from __future__ import annotations
