"""The headless front end."""

from __future__ import annotations
