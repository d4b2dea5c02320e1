"""Run a command, then wait until an HTTP server answers on each of some ports of this machine.

``python -I -S answering.py PORT,PORT… COMMAND…``. Little is imported: its own start counts.
An open port is no answer: the engine's proxy accepts connections before the service does, and closes them.
"""

from __future__ import annotations

import os
import socket
import sys
import time

POLL = 0.01
PATIENCE = 60
"""Seconds for all ports together."""


def main() -> None:
    """Do what the arguments say; the exit code is the command's."""
    ports, *command = sys.argv[1:]
    code = os.waitstatus_to_exitcode(os.waitpid(os.posix_spawnp(command[0], command, os.environ), 0)[1])
    deadline = time.monotonic() + PATIENCE
    for port in filter(None, ports.split(",")):
        while code == 0 and not _answers(int(port)):
            if time.monotonic() > deadline:
                sys.exit(f"port {port} does not answer")
            time.sleep(POLL)
    sys.exit(code)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False


if __name__ == "__main__":
    main()
