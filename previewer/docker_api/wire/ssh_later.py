"""Import the docker SDK without what only ``ssh://`` needs.

Where paramiko is installed the SDK imports it at once, which takes longer than all the rest of it. Here the SDK's
module for SSH is imported when the first ``ssh://`` client is made, by whomever in this process.
"""

from __future__ import annotations

import sys
from typing import Any

SSH_MODULE = "docker.transport.sshconn"


def import_sdk() -> None:
    """Import the docker SDK; nothing happens where somebody has imported it already."""
    if "docker" in sys.modules:
        return
    # The import system's way to say that a module is missing; the SDK then goes without it.
    sys.modules[SSH_MODULE] = None  # type: ignore[assignment]
    try:
        import docker.api.client
    finally:
        del sys.modules[SSH_MODULE]
    docker.api.client.__dict__["SSHHTTPAdapter"] = _new_ssh_adapter


def _new_ssh_adapter(*arguments: Any, **options: Any) -> Any:
    """What the SDK calls with its adapter's arguments: ours for the user's own ssh, where that can share logins.

    The SDK's needs paramiko; its absence is said as the SDK says it.
    """
    if options.get("shell_out") and sys.platform != "win32":
        from previewer.docker_api.wire.ssh_adapter import SshAdapter

        return SshAdapter(*arguments, max_pool_size=options["max_pool_size"])
    import docker.errors

    try:
        from docker.transport.sshconn import SSHHTTPAdapter
    except ImportError as error:
        raise docker.errors.DockerException("Install paramiko package to enable ssh:// support") from error
    return SSHHTTPAdapter(*arguments, **options)
