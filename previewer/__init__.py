"""previewer: ephemeral preview environments from frozen images, on the Docker engine you already have."""

from __future__ import annotations

__version__ = "0.1.0"
