"""Run a command beside an environment that exists for it alone."""

from __future__ import annotations
