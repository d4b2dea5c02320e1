"""The wire to a Docker engine: the only room that imports the docker SDK."""

from __future__ import annotations
