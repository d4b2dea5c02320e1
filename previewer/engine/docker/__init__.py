"""The run stage on a Docker engine."""

from __future__ import annotations
