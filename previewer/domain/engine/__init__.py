"""What an engine is asked to make, what it was seen to hold, and what fits on it."""

from __future__ import annotations
