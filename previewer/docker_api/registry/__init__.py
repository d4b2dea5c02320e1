"""Registries: our own client for manifests and small files, the engine for images."""

from __future__ import annotations
