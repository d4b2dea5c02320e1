"""Read git objects through one ``git cat-file --batch`` process that is kept open."""

from __future__ import annotations

import io
import os
import subprocess
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO

from msgspec import Struct

from previewer.errors import SourceError
from previewer.git.command import GitCommand
from previewer.git.complaint import refuse_unusable

CHUNK_BYTES = 1 << 20
MANY = 50
"""Questions that a process of their own answers sooner: they need not wait for each other's answers."""
_GONE = (OSError, EOFError, ValueError)
"""What talking to a process that is gone raises."""


class GitObject(Struct, frozen=True):
    """An object, as git stores it."""

    id: str
    type: str
    """``blob``, ``tree``, ``commit`` or ``tag``."""
    content: bytes


class GitObjects:
    """Answers "what is behind this name" without starting a process each time. Thread-safe.

    A process that died (an administrator kills it) is replaced. It ends with us at the latest: its input does.
    """

    def __init__(self, command: GitCommand) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._forget: weakref.finalize[..., GitObjects] | None = None

    def find(self, name: str) -> GitObject | None:
        """The object that ``name`` (an id, or any revision in git's syntax) means; ``None`` for none or several.

        The name travels over a pipe, one a line, so it can never be taken for an option.
        """
        if "\n" in name or "\0" in name:
            return None
        with self._lock:
            try:
                return self._ask(name)
            except _GONE:
                self._drop()
            try:
                return self._ask(name)
            except _GONE as error:
                complaint = self._drop()
                refuse_unusable(complaint, self._command.path)
                # It says what is wrong with the repository, if it is that.
                self._command.run("rev-parse", "--git-dir")
                raise SourceError(f"git cat-file ended: {complaint or error}", where=name) from error

    def find_all(self, names: Sequence[str]) -> list[GitObject | None]:
        """As :meth:`find` for each of ``names``, in their order."""
        return [self.find(name) for name in names] if len(names) < MANY else read_many(self._command, names)

    def read(self, object_id: str) -> bytes:
        """The content of an object that must exist. Raises :class:`SourceError` if it does not."""
        git_object = self.find(object_id)
        if git_object is None:
            raise SourceError("an object is missing from the repository", where=object_id, hint="run git fsck")
        return git_object.content

    def stream(self, object_id: str) -> Iterator[bytes]:
        """The content of a blob in pieces, through a process of its own: for blobs too large to hold."""
        process = self._command.start("cat-file", "blob", object_id)
        output = _pipe(process.stdout)
        while chunk := output.read(CHUNK_BYTES):
            yield chunk
        complaint = _pipe(process.stderr).read().decode("utf-8", "replace").strip()
        if process.proc is not None and process.proc.wait():
            raise SourceError(f"a blob cannot be read: {complaint}", where=object_id)

    def close(self) -> None:
        """End the process; the next question starts another."""
        with self._lock:
            self._drop()

    def _ask(self, name: str) -> GitObject | None:
        process = self._process or self._start()
        try:
            _drain(_pipe(process.stderr))
            requests, answers = _pipe(process.stdin), _pipe(process.stdout)
            requests.write(name.encode("utf-8", "surrogateescape") + b"\n")
            requests.flush()
            return read_batch_answer(answers)
        except _GONE:
            raise
        except BaseException:
            self._drop()  # an unread answer would be taken for that of the next question
            raise

    def _start(self) -> subprocess.Popen[bytes]:
        process = self._process = self._command.converse("cat-file", "--batch")
        os.set_blocking(_pipe(process.stderr).fileno(), False)
        self._forget = forget = weakref.finalize(self, _end, process)
        forget.atexit = False  # the end of its input ends it
        return process

    def _drop(self) -> str:
        process, self._process = self._process, None
        if self._forget is not None:
            self._forget.detach()
        return _end(process) if process is not None else ""


def _end(process: subprocess.Popen[bytes]) -> str:
    """End it; what it last complained of."""
    process.kill()
    process.wait()
    complaint = _drain(_pipe(process.stderr))
    for stream in (process.stdin, process.stdout, process.stderr):
        with suppress(OSError):  # what is still to be written to a process that is gone
            _pipe(stream).close()
    return complaint


def read_many(command: GitCommand, names: Sequence[str]) -> list[GitObject | None]:
    """The objects behind many names, asked all at once in one process; ``None`` where there is none."""
    if not names:
        return []
    asked = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
    with io.BytesIO(command.run("cat-file", "--batch", input_bytes=asked)) as answers:
        return [read_batch_answer(answers) for _ in names]


def read_batch_answer(answers: IO[bytes]) -> GitObject | None:
    """One answer of ``cat-file --batch``. Raises :class:`EOFError` where the process has gone."""
    header = answers.readline()
    if not header.endswith(b"\n"):
        raise EOFError("no answer")
    parts = header.split()
    if len(parts) != 3 or not parts[2].isdigit():
        return None  # "NAME missing", "NAME ambiguous"
    size = int(parts[2])
    content = answers.read(size + 1)
    if len(content) != size + 1:
        raise EOFError("the answer is cut off")
    return GitObject(parts[0].decode(), parts[1].decode(), content[:-1])


def parse_tree_object(tree: GitObject) -> dict[str, str]:
    """The ids of what is in a tree, by name, as git stores it: mode, blank, name, zero byte, id."""
    entries: dict[str, str] = {}
    rest, id_bytes = tree.content, len(tree.id) // 2
    while rest:
        header, _, rest = rest.partition(b"\0")
        entries[header.partition(b" ")[2].decode("utf-8", "surrogateescape")] = rest[:id_bytes].hex()
        rest = rest[id_bytes:]
    return entries


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the process has no such pipe")
    return stream


def _drain(stream: IO[bytes]) -> str:
    """Read the warnings that wait in a pipe that does not block, lest git blocks on writing more of them."""
    try:
        return (os.read(stream.fileno(), 1 << 16) or b"").decode("utf-8", "replace").strip()
    except (BlockingIOError, ValueError):
        return ""
