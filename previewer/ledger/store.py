"""Objects and references in a repository, written deterministically; repositories for releases alone."""

from __future__ import annotations

import hashlib
import os
import shlex
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from previewer.errors import SourceError
from previewer.git.command import GitCommand
from previewer.git.complaint import is_forbidden
from previewer.git.configuration import STORE_KEY
from previewer.git.objects import GitObject
from previewer.ledger.place import Place
from previewer.source.git import INSTALLATION_KEY, PROJECT_KEY

_KINDS = {"commit": 1, "tree": 2, "blob": 3}
_FILE, _FOLDER = "100644", "40000"
_FAST = 1
"""How hard zlib tries: git recompresses what it stores."""


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


IDENTITY = "previewer <previewer@localhost>"
"""Author of every object, so that the same content gives the same id in every clone."""
CONTENTION_SECONDS = 10.0
"""How long a reference may be held by other writers before that is an error."""
HOPELESS = ("couldn't write", "No space left", "quota exceeded", "Read-only file system")
"""What git says where no time would help, though the file's name that it says has ``lock`` in it."""


class Reference(Struct, frozen=True):
    """A reference and what it points at."""

    name: str
    object_id: str
    parents: tuple[str, ...]
    """The parents of the commit it points at; empty for anything else."""


class GitStore:
    """Reads and writes in one repository."""

    def __init__(self, place: Place, *, object_format: str) -> None:
        """``object_format`` is how it names objects: ``sha1`` or ``sha256``."""
        self._place = place
        self._object_format = object_format

    def find(self, name: str) -> GitObject | None:
        """The object that a name means (an id, a reference, ``REFERENCE:FILE``); ``None`` where there is none."""
        return self._place.objects.find(name)

    def find_all(self, names: Sequence[str]) -> list[GitObject | None]:
        """As :meth:`find` for each of ``names``, in their order."""
        return self._place.objects.find_all(names)

    def write_blob(self, content: bytes) -> str:
        """Store a blob; its id."""
        return self._write("blob", content)

    def write_commit(
        self,
        files: dict[str, bytes],
        *,
        folders: Mapping[str, str] | None = None,
        parents: tuple[str, ...],
        at: datetime,
        message: str,
    ) -> str:
        """Store a commit that holds ``files`` and ``folders`` (names without ``/``); it depends on these alone.

        ``folders`` are ids of trees that the repository has.
        """
        pack = ObjectPack(self._object_format)
        tree = pack.add_tree(files, folders or {})
        timestamp = f"{IDENTITY} {int(at.timestamp())} +0000"
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {timestamp}", f"committer {timestamp}", "", message, ""]
        made = pack.add("commit", "\n".join(lines).encode("utf-8", "replace"))
        self._unpack(pack)
        return made

    def write_tree(self, files: Mapping[str, bytes]) -> str:
        """Store the tree of :meth:`write_commit`; its id."""
        pack = ObjectPack(self._object_format)
        tree = pack.add_tree(files, {})
        self._unpack(pack)
        return tree

    def write_raw_commit(self, content: bytes) -> str:
        """Store a commit as git spells it, signature included; its id."""
        return self._write("commit", content)

    def has_commit(self, object_id: str) -> bool:
        """Whether the repository holds this commit."""
        return self._place.command.ask("cat-file", "-e", f"{object_id}^{{commit}}").code == 0

    def references(self, *patterns: str) -> tuple[Reference, ...]:
        """The references at or below ``patterns`` (git-for-each-ref(1)), sorted by name."""
        git = self._place.command
        answer = git.ask("for-each-ref", "--format=%(refname)%00%(objectname)%00%(parent)", *patterns)
        output = answer.output
        if answer.code:  # an object is broken: what references are called, and point at, is known without it
            output = git.run("for-each-ref", "--format=%(refname)%00%(objectname)%00", *patterns)
        records = (line.split("\0") for line in output.decode().splitlines())
        return tuple(Reference(name, object_id, tuple(parents.split())) for name, object_id, parents in records)

    def read_reference(self, name: str) -> str | None:
        """The id that a reference points at, or ``None``."""
        object_ids = [reference.object_id for reference in self.references(name) if reference.name == name]
        return object_ids[0] if object_ids else None

    def reference_times(self, pattern: str) -> Mapping[str, datetime]:
        """When the commits were written that references at or below ``pattern`` point at, by their names."""
        form = "--format=%(refname)%00%(committerdate:unix)"
        output = self._place.command.run("for-each-ref", form, pattern).decode()
        records = (line.split("\0") for line in output.splitlines())
        return {name: datetime.fromtimestamp(int(seconds), UTC) for name, seconds in records if seconds}

    def chain(self, tip: str, *, limit: int | None = None) -> tuple[list[str], str]:
        """The newest commits that end in ``tip``, each the first parent of the one before, newest first; and what
        git complains of where it breaks off."""
        counted = () if limit is None else (f"--max-count={limit}",)
        answer = self._place.command.ask("rev-list", "--first-parent", *counted, tip)
        return answer.output.decode().split(), answer.complaint.strip() if answer.code else ""

    def is_ancestor(self, commit: str, tip: str) -> bool:
        """Whether ``tip`` is ``commit`` or follows from it."""
        return self._place.command.ask("merge-base", "--is-ancestor", commit, tip).code == 0

    def find_whole(self, name: str) -> GitObject | None:
        """As :meth:`find`; ``None`` for one that is broken, too."""
        try:
            return self.find(name)
        except SourceError:
            return None

    def find_each(self, names: Sequence[str]) -> list[GitObject | None]:
        """As :meth:`find_whole` for each of ``names``: one that is broken ends git's answer to all."""
        try:
            return self.find_all(names)
        except (SourceError, EOFError):
            return [self.find_whole(name) for name in names]

    def drop_command(self, name: str) -> str:
        """What a person types to remove a reference."""
        return f"git -C {shlex.quote(self._place.command.path)} update-ref -d {name}"

    def tidy(self) -> None:
        """Pack what was written, where that is much and no other process does it."""
        self._place.tidy()

    def swap(self, name: str, *, old: str | None, new: str | None, also: Mapping[str, str] | None = None) -> bool:
        """Point a reference from ``old`` to ``new`` (``None``: absent) if it still is at ``old``; whether it was.

        The references ``also`` are then pointed where they say, wherever they were. Raises :class:`SourceError`
        where git can't write at all, or not for :data:`CONTENTION_SECONDS`.
        """
        order = _update(name, old=old, new=new)
        order += b"".join(f"update {other} {target}\n".encode() for other, target in (also or {}).items())
        return self._change(name, order, is_moot=lambda: self.read_reference(name) != old)

    def point(self, name: str, new: str) -> None:
        """Point a reference to ``new``, wherever it was. Raises :class:`SourceError` as :meth:`swap` does."""
        self._change(name, f"update {name} {new}\n".encode(), is_moot=lambda: False)

    def drop(self, name: str) -> None:
        """Remove a reference, if it is there. Raises :class:`SourceError` as :meth:`swap` does."""
        self._change(name, f"delete {name}\n".encode(), is_moot=lambda: self.read_reference(name) is None)

    def _change(self, name: str, order: bytes, *, is_moot: Callable[[], bool]) -> bool:
        """Whether git did it before it was moot."""
        self._place.prepare()
        deadline = time.monotonic() + CONTENTION_SECONDS
        while True:
            answer = self._place.command.ask("update-ref", "--stdin", input_bytes=order)
            if answer.code == 0:
                return True
            if is_moot():
                return False
            # Another process held git's own lock file just now; it exists for milliseconds.
            if not _is_contention(answer.complaint) or time.monotonic() > deadline:
                hint = self._place.command.writing_hint_for(answer.complaint)
                raise SourceError(f"a reference cannot be written: {answer.complaint}", where=name, hint=hint)
            time.sleep(0.005 + 0.045 * os.urandom(1)[0] / 255)  # spreads writers

    def _unpack(self, pack: ObjectPack) -> None:
        """Objects of a pack are stored by one process; those that are there already stay."""
        self._place.prepare()
        self._place.command.run("unpack-objects", "-q", input_bytes=pack.content())

    def _write(self, kind: str, content: bytes) -> str:
        self._place.prepare()
        written = self._place.command.run("hash-object", "-t", kind, "-w", "--stdin", input_bytes=content)
        return written.decode().strip()


def _is_contention(complaint: str) -> bool:
    return "lock" in complaint and not (is_forbidden(complaint) or any(word in complaint for word in HOPELESS))


def _update(name: str, *, old: str | None, new: str | None) -> bytes:
    """A command of ``git update-ref --stdin``."""
    if old is None:
        return f"create {name} {new}\n".encode()
    if new is None:
        return f"delete {name} {old}\n".encode()
    return f"update {name} {new} {old}\n".encode()


SHA1_DIGITS = 40


def make_store(folder: Path, *, project: str, installation: str, id_length: int) -> None:
    """Make a bare repository at ``folder``; nothing happens if it is there.

    ``installation`` is that of the project's repository, so that both see one another's environments, and
    ``id_length`` the number of digits of its objects' ids. Raises :class:`SourceError`.
    """
    if folder.is_dir():
        return
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # definitions hold values that may be secret
    format_option = () if id_length == SHA1_DIGITS else ("--object-format=sha256",)
    # Whole or not there at all: a store without its settings would look foreign.
    unfinished = folder.with_name(f".{folder.name}.new")
    GitCommand(str(folder.parent)).run("init", "--quiet", "--bare", *format_option, unfinished.name)
    command = GitCommand(str(unfinished))
    for key, value in ((STORE_KEY, "true"), (INSTALLATION_KEY, installation), (PROJECT_KEY, project)):
        command.run("config", key, value)
    if not folder.is_dir():
        unfinished.rename(folder)
