"""Objects for a repository, named here and handed over all at once: git takes a process for each otherwise.

The format is that of gitformat-pack(5), version 2, with whole objects only.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping

_KINDS = {"commit": 1, "tree": 2, "blob": 3}
_FILE, _FOLDER = "100644", "40000"
_FAST = 1
"""How hard zlib tries: git compresses anew what it stores."""


class ObjectPack:
    """Objects that ``git unpack-objects`` stores."""

    def __init__(self, algorithm: str) -> None:
        """``algorithm`` names objects: ``sha1`` or ``sha256``, as the repository has it."""
        self._algorithm = algorithm
        self._objects: dict[str, bytes] = {}

    def add(self, kind: str, content: bytes) -> str:
        """Add a ``blob``, ``tree`` or ``commit``, as git spells it; its id."""
        object_id = self._digest(f"{kind} {len(content)}\0".encode() + content).hex()
        self._objects[object_id] = _header(_KINDS[kind], len(content)) + zlib.compress(content, _FAST)
        return object_id

    def add_tree(self, files: Mapping[str, bytes], folders: Mapping[str, str]) -> str:
        """Add files and the tree that holds them; its id.

        ``folders`` are ids of trees that the repository has; names are without ``/``.
        """
        entries = {name: (_FILE, self.add("blob", content)) for name, content in files.items()}
        entries |= {name: (_FOLDER, tree) for name, tree in folders.items()}
        # git sorts a folder as if its name ended with a slash.
        names = sorted(entries, key=lambda name: f"{name}/".encode() if name in folders else name.encode())
        content = b"".join(
            f"{entries[name][0]} {name}\0".encode() + bytes.fromhex(entries[name][1]) for name in names
        )
        return self.add("tree", content)

    def content(self) -> bytes:
        """The pack."""
        packed = b"PACK" + (2).to_bytes(4) + len(self._objects).to_bytes(4) + b"".join(self._objects.values())
        return packed + self._digest(packed)

    def _digest(self, content: bytes) -> bytes:
        return hashlib.new(self._algorithm, content, usedforsecurity=False).digest()


def _header(kind: int, size: int) -> bytes:
    """Kind and size: four bits of the size beside the kind, then seven a byte, the lowest first."""
    byte, size = kind << 4 | size & 0b1111, size >> 4
    written = bytearray()
    while size:
        written.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    written.append(byte)
    return bytes(written)
