"""What is kept of operations and of environments that are gone."""

from __future__ import annotations
