"""The health check: ``python check.py PORT`` succeeds where ``/healthz`` answers 200.

It runs often, and so imports little.
"""

from __future__ import annotations

import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=1) as connection:
    connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
    # To the end: a server that is left in the middle of its answer writes a traceback into its log.
    answer = b"".join(iter(lambda: connection.recv(4096), b""))
sys.exit(b" 200 " not in answer[:64])
