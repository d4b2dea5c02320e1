"""What carries requests to an engine and answers back: Unix sockets, and the docker SDK for engines elsewhere."""

from __future__ import annotations
