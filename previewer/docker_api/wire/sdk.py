"""The docker SDK, imported late and without what only ``ssh://`` needs."""

from __future__ import annotations

import docker
import docker.auth
import docker.errors
import docker.tls
import docker.utils.config

__all__ = ["docker"]
