"""Keep environments up to date with branches, for as long as the command runs."""

from __future__ import annotations
