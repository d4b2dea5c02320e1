"""What the Compose Specification says, as far as several rooms need it."""

from __future__ import annotations
