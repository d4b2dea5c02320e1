"""Dockerfiles: what they say, what they build upon, and the same with every base pinned. Pure."""

from __future__ import annotations
