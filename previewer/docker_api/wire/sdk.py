"""The docker SDK, late: importing it takes longer than an engine takes to end a container.

``from previewer.docker_api.wire.sdk import docker``, in modules that few commands need.
"""

from __future__ import annotations

from previewer.docker_api.wire.ssh_later import import_sdk

import_sdk()

import docker  # noqa: E402 - only now it goes without what it is not to bring along
import docker.auth  # noqa: E402
import docker.errors  # noqa: E402
import docker.tls  # noqa: E402

__all__ = ["docker"]
