"""Git's plumbing, as source and ledger both use it."""

from __future__ import annotations
