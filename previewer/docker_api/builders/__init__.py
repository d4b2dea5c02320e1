"""Have the engine build images: at its endpoint, by buildx, by the classic builder."""

from __future__ import annotations
