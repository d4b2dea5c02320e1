"""The one spelling of a tar entry: POSIX.1-2001, with an extended header only where ustar cannot say it.

Python's own ``tarfile`` writes what its version happens to write; an image's id hangs on every byte, so these are
written here.
"""

from __future__ import annotations

import tarfile
from collections.abc import Mapping

from msgspec import Struct, field

BLOCK = tarfile.BLOCKSIZE
REGULAR, HARD_LINK, SYMBOLIC_LINK, CHARACTER, DEVICE, DIRECTORY, FIFO, EXTENDED = (
    bytes([code]) for code in b"0123456x"
)
END = bytes(2 * BLOCK)
_NAME, _PREFIX, _OCTAL_7, _OCTAL_11 = 100, 155, 0o7777777, 0o77777777777


class LayerEntry(Struct, frozen=True):
    """What a layer says about one path."""

    path: bytes
    """From the root, without a leading or trailing ``/``."""
    kind: bytes
    """POSIX's type flag."""
    mode: int
    uid: int
    gid: int
    mtime: int
    """Seconds since the epoch."""
    size: int = 0
    link: bytes = b""
    device: tuple[int, int] = (0, 0)
    attributes: Mapping[bytes, bytes] = field(default_factory=dict)
    """Extended attributes, by the name that the extended header gives them (``SCHILY.xattr.…``)."""


def write_header(entry: LayerEntry) -> bytes:
    """The entry's header blocks. Owners have numbers only."""
    path = entry.path + b"/" if entry.kind == DIRECTORY else entry.path
    prefix, name = _split(path)
    records = dict(entry.attributes)
    if name is None:
        records[b"path"], prefix, name = path, b"", path[:_NAME]
    if len(entry.link) > _NAME or not entry.link.isascii():
        records[b"linkpath"] = entry.link
    numbers = {b"uid": (entry.uid, _OCTAL_7), b"gid": (entry.gid, _OCTAL_7), b"size": (entry.size, _OCTAL_11)}
    records |= {key: b"%d" % value for key, (value, limit) in numbers.items() if value > limit}
    head = _header(entry, prefix, name)
    return _extended(records) + head if records else head


def padding(size: int) -> bytes:
    """What follows a content of ``size`` bytes."""
    return bytes(-size % BLOCK)


def _split(path: bytes) -> tuple[bytes, bytes | None]:
    """The prefix and name fields; no name where they cannot hold the path."""
    if not path.isascii():
        return b"", None
    if len(path) <= _NAME:
        return b"", path
    at = path.find(b"/", len(path) - _NAME - 1, -1)
    return (path[:at], path[at + 1 :]) if 0 < at <= _PREFIX else (b"", None)


def _header(entry: LayerEntry, prefix: bytes, name: bytes) -> bytes:
    major, minor = entry.device
    is_device = entry.kind in (CHARACTER, DEVICE)
    fields = (
        name.ljust(_NAME, b"\0"),
        _octal(entry.mode & 0o7777, 7),
        _octal(min(entry.uid, _OCTAL_7), 7),
        _octal(min(entry.gid, _OCTAL_7), 7),
        _octal(min(entry.size, _OCTAL_11), 11),
        _octal(entry.mtime, 11),
        b" " * 8,
        entry.kind,
        entry.link[:_NAME].ljust(_NAME, b"\0"),
        b"ustar\x0000",
        bytes(64),
        _octal(major, 7) if is_device else bytes(8),
        _octal(minor, 7) if is_device else bytes(8),
        prefix.ljust(_PREFIX, b"\0"),
    )
    block = b"".join(fields).ljust(BLOCK, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _octal(value: int, digits: int) -> bytes:
    return b"%0*o\0" % (digits, value)


def _extended(records: Mapping[bytes, bytes]) -> bytes:
    """The extended header that holds ``records``, sorted."""
    body = b"".join(_record(key, records[key]) for key in sorted(records))
    entry = LayerEntry(b"", EXTENDED, 0o644, 0, 0, 0, len(body))
    return _header(entry, b"", b"PaxHeaders") + body + padding(len(body))


def _record(key: bytes, value: bytes) -> bytes:
    """``LENGTH KEY=VALUE`` and a line's end; the length counts itself."""
    rest = b" %s=%s\n" % (key, value)
    length = len(rest) + 1
    while len(b"%d" % length) + len(rest) != length:
        length = len(b"%d" % length) + len(rest)
    return b"%d" % length + rest
