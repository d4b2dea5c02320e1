"""Domain values to what is seen: pure functions, and the only way of foreign text into a widget."""

from __future__ import annotations
