"""Engine, images, ledger, source and session in memory: deterministic doubles for tests of decisions."""

from __future__ import annotations
