"""Where the ledger's references and objects are: in the user's repository, or in one of previewer's own.

What other clones may have (releases and what is said about them) is kept below ``refs/previewer`` of the user's
repository. Everything else (history, locks, tombstones with last log lines) is this clone's own: it lies in a bare
repository inside git's folder, where ``git log --all`` does not list it and ``git push --mirror`` does not publish
it.
"""

from __future__ import annotations

import os
import shutil
from functools import cached_property
from pathlib import Path
from typing import Protocol

from previewer.domain.naming import PRIVATE_FOLDER, RECORD_REFS, is_shared_ref
from previewer.errors import SourceError
from previewer.git.command import GitCommand
from previewer.git.objects import GitObjects

SAMPLED_FOLDER = "objects/17"
"""One of 256 that git spreads loose objects over: it judges by this one whether to pack them, and so do we."""
LOOSE_OBJECTS = 27
"""Objects in the sampled folder that git itself puts up with (git-gc(1), ``gc.auto``)."""


class Place(Protocol):
    """A repository to read and write in."""

    @property
    def command(self) -> GitCommand:
        """git there."""
        ...

    @property
    def objects(self) -> GitObjects:
        """What is there, by name."""
        ...

    def prepare(self) -> None:
        """Make sure that it can be written to. Raises :class:`SourceError`."""
        ...

    def tidy(self) -> None:
        """Pack what was written, where that is much."""
        ...


class SharedPlace:
    """The user's repository."""

    def __init__(self, command: GitCommand, objects: GitObjects) -> None:
        self.command = command
        self.objects = objects

    def prepare(self) -> None:
        """It is there."""

    def tidy(self) -> None:
        """Its owner's git does that."""


class PrivatePlace:
    """A bare repository in the folder that all working trees of one clone share.

    It is made when something is first written. What earlier versions kept in the user's references moves there;
    where that is impossible (a repository that may only be read), it is read where it is.
    """

    def __init__(self, shared: SharedPlace, folder: Path, object_format: str) -> None:
        """``folder`` is git's common one; ``object_format`` is how it names objects."""
        self._shared = shared
        self._folder = folder / PRIVATE_FOLDER
        self._format = object_format

    @property
    def command(self) -> GitCommand:
        """git in it; in the user's repository as long as it is not there."""
        return self._own.command if self._is_ready() else self._shared.command

    @property
    def objects(self) -> GitObjects:
        """What is in it; in the user's repository as long as it is not there."""
        return self._own.objects if self._is_ready() else self._shared.objects

    def prepare(self) -> None:
        """Make it, with what the user's repository has of ours."""
        if not self._exists:
            self._make(self._left_behind())

    def tidy(self) -> None:
        """Let git pack its objects now and then."""
        try:
            loose = list((self._folder / SAMPLED_FOLDER).iterdir())
        except OSError:
            return
        if len(loose) > LOOSE_OBJECTS:
            self._own.command.ask("-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")

    @cached_property
    def _own(self) -> SharedPlace:
        command = GitCommand(str(self._folder), "--git-dir=.")
        return SharedPlace(command, GitObjects(command))

    @property
    def _exists(self) -> bool:
        return (self._folder / "HEAD").is_file()

    def _is_ready(self) -> bool:
        if not self._exists and self._had_left_behind:
            try:
                self._make(self._left_behind())
            except SourceError:
                return False
        return self._exists

    @cached_property
    def _had_left_behind(self) -> bool:
        return bool(self._left_behind())

    def _left_behind(self) -> dict[str, str]:
        """The references of ours in the user's repository that no other clone needs, with their objects."""
        form = "--format=%(refname) %(objectname)"
        lines = self._shared.command.text("for-each-ref", form, RECORD_REFS).splitlines()
        references = dict(line.split(" ") for line in lines)
        return {name: object_id for name, object_id in references.items() if not is_shared_ref(name)}

    def _make(self, left_behind: dict[str, str]) -> None:
        """Whole or not at all: it gets its name when everything is in it."""
        new = self._folder.with_name(f".{self._folder.name}-{os.getpid()}-{os.urandom(4).hex()}")
        options = ["--quiet", "--bare", "--template=", f"--object-format={self._format}"]
        if sharing := self._shared.command.ask("config", "core.sharedRepository").text.strip():
            options.append(f"--shared={sharing}")
        try:
            GitCommand(os.sep).run("init", *options, str(new))
            if left_behind:
                self._copy(left_behind, GitCommand(str(new), "--git-dir=."))
            new.rename(self._folder)
        except OSError as error:
            if not self._exists:  # otherwise another process was first
                raise SourceError(
                    f"the ledger's folder cannot be made: {error.strerror}", where=str(self._folder)
                ) from error
        else:
            # One that another version changed meanwhile stays.
            for name, object_id in left_behind.items():
                self._shared.command.ask("update-ref", "-d", name, object_id)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _copy(self, references: dict[str, str], target: GitCommand) -> None:
        object_ids = "".join(f"{object_id}\n" for object_id in dict.fromkeys(references.values()))
        pack = self._shared.command.run(
            "pack-objects", "--revs", "--stdout", "--quiet", input_bytes=object_ids.encode()
        )
        target.run("index-pack", "--stdin", input_bytes=pack)
        orders = "".join(f"create {name} {object_id}\n" for name, object_id in references.items())
        target.run("update-ref", "--stdin", input_bytes=orders.encode())
