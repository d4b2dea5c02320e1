"""Find the Docker engine that answers, or start one: which it is to be, what is in the way, and doing it."""

from __future__ import annotations
