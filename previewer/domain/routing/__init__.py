"""Names instead of ports: which host name leads to which port, and how the router is told."""

from __future__ import annotations
