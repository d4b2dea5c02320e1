"""What the ledger keeps: notes, entries, claims, tombstones."""

from __future__ import annotations
