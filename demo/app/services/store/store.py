"""The data store: keeps the guests' entries in a file on a volume, one JSON object a line."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from service import Reply, Request, healthy, json_reply, serve

PORT = int(os.environ.get("PORT", "7000"))
FILE = Path(os.environ.get("STORE_FILE", "/data/entries.jsonl"))

writing = threading.Lock()


def read_entries(_request: Request) -> Reply:
    """All entries, oldest first."""
    lines = FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []
    return json_reply([json.loads(line) for line in lines])


def add_entry(request: Request) -> Reply:
    """Keep one entry; it is on the disk before the answer leaves, so this program may be ended at any time."""
    line = json.dumps(json.loads(request.body), ensure_ascii=False)
    with writing, FILE.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())
    return json_reply({"kept": True}, 201)


if __name__ == "__main__":
    serve({"GET /healthz": healthy, "GET /entries": read_entries, "POST /entries": add_entry}, port=PORT)
