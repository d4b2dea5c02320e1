"""An environment: its state, URLs, ports and lifetime."""

from __future__ import annotations
