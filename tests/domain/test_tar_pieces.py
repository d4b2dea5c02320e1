from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.tar_pieces import BUFFER_BYTES, open_tar

FILES = {"a": b"first", "b/c": bytes(70_000), "d": b""}


def archive_of(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()


def read(pieces: Iterator[bytes]) -> dict[str, bytes]:
    with open_tar(pieces) as archive:
        return {entry.name: file.read() for entry in archive if (file := archive.extractfile(entry)) is not None}


@given(st.integers(500, 200_000), st.integers(0, 3))
def test_it_is_read_wherever_pieces_end_and_however_many_are_empty(size: int, gaps: int) -> None:
    whole = archive_of(FILES)
    pieces: list[bytes] = []
    for at in range(0, len(whole), size):
        pieces += [whole[at : at + size], *[b""] * gaps]
    assert read(iter(pieces)) == FILES


@pytest.mark.parametrize("kept", [100, 600, 40_000])
def test_what_is_cut_off_is_an_error(kept: int) -> None:
    with pytest.raises(tarfile.TarError):
        read(iter([archive_of(FILES)[:kept]]))


def test_no_more_is_taken_than_is_read() -> None:
    taken = []

    def pieces() -> Iterator[bytes]:
        whole = archive_of({"a": b"first", "b": bytes(10 * BUFFER_BYTES)})
        for at in range(0, len(whole), 1000):
            taken.append(at)
            yield whole[at : at + 1000]

    with open_tar(pieces()) as archive:
        assert archive.next() is not None
    assert len(taken) <= BUFFER_BYTES // 1000 + 1
