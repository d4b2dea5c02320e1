"""A release: its manifest, attestations, packages, differences and retention."""

from __future__ import annotations
