"""Plans: what a new generation consists of, how it takes over, and what goes."""

from __future__ import annotations
