"""Fill the guest book once: every environment with the same code begins with these guests, each in a copy."""

from __future__ import annotations

import json
import os
from pathlib import Path

FILE = Path(os.environ.get("STORE_FILE", "/data/entries.jsonl"))
GUESTS = (
    {"guest": "Mei", "message": "I was here when the book was made."},
    {"guest": "Ben", "message": "So was I: this line is in every branch's copy."},
)

if __name__ == "__main__":
    FILE.write_text("".join(f"{json.dumps(entry)}\n" for entry in GUESTS), encoding="utf-8")
