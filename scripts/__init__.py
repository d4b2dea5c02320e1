"""What ``make`` runs before there is anything else: the standard library only."""

from __future__ import annotations
