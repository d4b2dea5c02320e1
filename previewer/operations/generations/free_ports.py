"""Whether a host port can be had on this machine's loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection

LOOPBACK = "127.0.0.1"


def free_port_check(taken: Collection[int], *, is_here: bool = True) -> Callable[[int], bool]:
    """A check that a port is none of ``taken`` and, where the engine ``is_here``, that nobody listens on it.

    On another machine nobody can look; an engine has the last word anyway, when the container starts.
    """

    return lambda port: port not in taken and (not is_here or can_listen(LOOPBACK, port))


def can_listen(address: str, port: int) -> bool:
    """Whether nobody listens on a TCP port of one of this machine's addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True
