"""YAML as Compose reads it: syntax trees with positions, scalars, documents."""

from __future__ import annotations
