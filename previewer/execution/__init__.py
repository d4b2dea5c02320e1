"""How a plan is carried out, undone and verified."""

from __future__ import annotations
