"""Requests to the manager of a Docker Swarm, one file a subject."""

from __future__ import annotations
