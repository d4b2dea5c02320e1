"""How one generation of an environment is made, takes over and is removed."""

from __future__ import annotations
