"""The API: checks what guests write, and keeps it in the store."""

from __future__ import annotations

import json
import os

from service import Reply, Request, call, healthy, json_reply, serve
from views import describe

PORT = int(os.environ.get("PORT", "8000"))
STORE = os.environ.get("STORE_URL", "http://store:7000")
LONGEST = {"guest": 40, "message": 280}
"""Characters that each field may have."""


def list_entries(_request: Request) -> Reply:
    """The entries and what there is to say about them."""
    kept = call(STORE, "GET", "/entries")
    if kept.status != 200:
        return kept
    entries = json.loads(kept.body)
    return json_reply({"entries": entries, "facts": describe(entries)})


def add_entry(request: Request) -> Reply:
    """Keep one entry, if both of its fields are there and not too long."""
    try:
        given = json.loads(request.body)
        entry = {field: str(given[field]).strip() for field in LONGEST}
    except (ValueError, KeyError, TypeError):
        return json_reply({"error": "an entry is an object with guest and message"}, 400)
    for field, longest in LONGEST.items():
        if not 0 < len(entry[field]) <= longest:
            return json_reply({"error": f"{field} has 1 to {longest} characters"}, 400)
    return call(STORE, "POST", "/entries", json.dumps(entry).encode())


if __name__ == "__main__":
    serve({"GET /healthz": healthy, "GET /entries": list_entries, "POST /entries": add_entry}, port=PORT)
