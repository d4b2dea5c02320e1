"""From normalised Compose mappings to raw bodies of the Engine API. Pure: nothing here talks to an engine."""

from __future__ import annotations
