"""The user's key: what values that may be secret are hashed with, so that hashes cannot be tried out by others."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from previewer.ledger.history import state_folder

KEY_BYTES = 32
FILE = "key"


def user_key(environment: Mapping[str, str], shared: Path) -> bytes:
    """The key in the user's state folder, which the first call makes; for a user without a home, the clone's.

    Where neither can be written, a key of this process alone: nothing is then recognised the next time.
    """
    folder = state_folder(environment)
    path = folder / FILE if folder is not None else shared / f"previewer-{FILE}"
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = path.with_name(f"{FILE}.{os.getpid()}.{os.urandom(4).hex()}")
        if not path.exists():
            with os.fdopen(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(os.urandom(KEY_BYTES))
            with suppress(FileExistsError):
                os.link(made, path)  # the first process wins
            made.unlink()
        key = path.read_bytes()
        if len(key) == KEY_BYTES:
            return key
    return os.urandom(KEY_BYTES)
