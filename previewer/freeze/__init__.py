"""The build stage: a commit becomes a release. It never runs a service."""

from __future__ import annotations
