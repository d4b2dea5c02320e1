"""Whether a host port can be had on this machine's loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection

LOOPBACK = "127.0.0.1"


def free_port_check(taken: Collection[int]) -> Callable[[int], bool]:
    """A check that a port is none of ``taken`` and that nobody listens on it here.

    With a remote engine the second half looks at the wrong machine and only makes a choice rarer; the
    engine itself has the last word when the container starts.
    """

    def is_free(port: int) -> bool:
        if port in taken:
            return False
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
            return True

    return is_free
