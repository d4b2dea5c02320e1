"""The docker SDK, imported late: that takes longer than an engine takes to end a container.

``from previewer.docker_api.wire.sdk import docker``, in modules that few commands need.
"""

from __future__ import annotations

import docker
import docker.auth
import docker.errors
import docker.tls
import docker.utils.config

__all__ = ["docker"]
