"""The health check: ``python check.py PORT`` succeeds where ``/healthz`` answers 200.

It runs often, and so imports little.
"""

from __future__ import annotations

import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=1) as connection:
    connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
    sys.exit(b" 200 " not in connection.recv(64))
