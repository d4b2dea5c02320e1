"""A tar archive that arrives in pieces, wherever they begin and end."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import IO, cast

BUFFER_BYTES = 1 << 16


def open_tar(pieces: Iterator[bytes]) -> tarfile.TarFile:
    """The archive, to be read forward, once; no more is taken of ``pieces`` than is read, and a buffer.

    Raises :class:`tarfile.TarError` for what is none, as reading it does where it is cut off.
    """
    return tarfile.open(fileobj=cast("IO[bytes]", _PieceReader(pieces)), mode="r|", bufsize=BUFFER_BYTES)


class _PieceReader:
    """As much of a file as :mod:`tarfile` asks for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes; fewer at the end."""
        parts, missing = [self._rest], size - len(self._rest)
        while missing > 0 and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            missing -= len(piece)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]
