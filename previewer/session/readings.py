"""What was read before of commits and images, kept in the user's cache folder."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

import msgspec

import previewer
from previewer.domain.compose.definition import Definition, Location, ModelPath, ReadingChoice, Role
from previewer.domain.json_value import JsonObject, as_object, digest_of
from previewer.domain.stored import to_json
from previewer.user_folders import cache_folder


def read_cached(path: Path) -> JsonObject:
    """What :func:`write_cached` wrote; nothing where that is gone or broken."""
    try:
        return as_object(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError):
        return {}


def write_cached(path: Path, content: JsonObject) -> None:
    """Others may write at the same time: the last one counts, and none is ever seen half. Raises nothing."""
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # its content is private
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        unfinished.write_text(json.dumps(content), encoding="utf-8")
        unfinished.replace(path)


KEPT_READINGS = 256
"""Files of either kind in the cache folder; the oldest go first."""
PROGRAM = Path(previewer.__file__).parent
READERS, SCANNERS = PROGRAM / "definition", PROGRAM / "freeze" / "packages"
"""The code whose results are remembered."""


Read = Callable[[], tuple[Definition, ...]]
"""Reads all definitions of a commit, which are at least one."""


class Readings(Protocol):
    """What the definitions of commits, and the packages of images, were found to be."""

    def definitions(self, commit: str, project: str, basis: JsonObject, *, read: Read) -> tuple[Definition, ...]:
        """All definitions of a commit, by its full id. Raises what ``read`` raises.

        ``basis`` is all that they depend on besides: variables, and what the user chose.
        """
        ...

    def bill(self, image: str, *, read: Callable[[], bytes]) -> bytes:
        """The bill of materials of an image, by its id, which names its files. Raises what ``read`` raises."""
        ...


class ForgottenReadings:
    """Remembers nothing."""

    def definitions(self, commit: str, project: str, basis: JsonObject, *, read: Read) -> tuple[Definition, ...]:
        """As they are read now."""
        del commit, project, basis
        return read()

    def bill(self, image: str, *, read: Callable[[], bytes]) -> bytes:
        """As it is read now."""
        del image
        return read()


class RememberedReadings:
    """Remembers in a folder of files, each under all that it depends on: the commit, and whatever else is read.

    The places where values are written are not kept: a request for one, to say where an error is, lets the
    definitions be read again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def definitions(self, commit: str, project: str, basis: JsonObject, *, read: Read) -> tuple[Definition, ...]:
        """All definitions of a commit, by its full id: what is kept, else as they are read now."""
        path = self._path(commit, project, basis)
        if known := _recall(path, read):
            return known
        found = read()
        _keep(path, {"definitions": [_to_json(definition) for definition in found]})
        return found

    def bill(self, image: str, *, read: Callable[[], bytes]) -> bytes:
        """What is kept of the image, whichever clone's release had it read, else as it is read now."""
        path = self._folder / "bills" / _file_name({"readers": _readers_stamp(SCANNERS), "image": image})
        if known := read_cached(path).get("bill"):
            return str(known).encode()
        found = read()
        _keep(path, {"bill": found.decode()})
        return found

    def _path(self, commit: str, project: str, basis: JsonObject) -> Path:
        whole: JsonObject = {
            "readers": _readers_stamp(READERS),
            "commit": commit,
            "project": project,
            "basis": basis,
        }
        return self._folder / _file_name(whole)


def remembered_readings(environment: Mapping[str, str]) -> Readings:
    """In the cache folder of the user whose ``environment`` it is."""
    folder = cache_folder(environment)
    return RememberedReadings(folder / "readings") if folder is not None else ForgottenReadings()


def _recall(path: Path, read: Read) -> tuple[Definition, ...]:
    try:
        kept = msgspec.convert(read_cached(path).get("definitions", []), tuple[_KeptDefinition, ...])
        places = lru_cache(maxsize=1)(lambda: {definition.name: definition.locations for definition in read()})
        return tuple(_definition(definition, places) for definition in kept)
    except (TypeError, ValueError):
        return ()


class _LateLocations(Mapping[ModelPath, Location]):
    """Where the values of a definition are written, read on first use."""

    def __init__(self, name: str, read: Callable[[], Mapping[str, Mapping[ModelPath, Location]]]) -> None:
        self._name = name
        self._read = read

    def __getitem__(self, path: ModelPath) -> Location:
        return self._read()[self._name][path]

    def __iter__(self) -> Iterator[ModelPath]:
        return iter(self._read()[self._name])

    def __len__(self) -> int:
        return len(self._read()[self._name])


def _keep(path: Path, content: JsonObject) -> None:
    write_cached(path, content)
    with suppress(OSError):  # another process may be deleting too
        found = sorted(_files(path.parent), key=itemgetter(1))
        for name, _written in found[: max(0, len(found) - KEPT_READINGS)]:
            (path.parent / name).unlink(missing_ok=True)


def _file_name(basis: JsonObject) -> str:
    return f"{digest_of(basis).removeprefix('sha256:')}.json"


def _readers_stamp(code: Path) -> str:
    """Another one for another version of the code that reads, whether it was installed or edited."""
    folders = [code, *(code / entry.name for entry in os.scandir(code) if entry.is_dir())]
    changed = [written for folder in folders for name, written in _files(folder) if not name.endswith(".pyc")]
    return f"{previewer.__version__} {len(changed)} {max(changed)}"


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    """The files of a folder, and when each was written, in nanoseconds."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file():
                yield entry.name, entry.stat().st_mtime_ns


class _KeptDefinition(msgspec.Struct, frozen=True):
    """A definition without the places where its values are written."""

    name: str
    role: Role
    files: tuple[str, ...]
    model: dict[str, Any]
    order: tuple[str, ...]
    warnings: tuple[str, ...]
    choice: ReadingChoice
    profiles_off: tuple[str, ...]


def _to_json(definition: Definition) -> JsonObject:
    return to_json({name: getattr(definition, name) for name in _KeptDefinition.__struct_fields__})


def _definition(
    kept: _KeptDefinition, places: Callable[[], Mapping[str, Mapping[ModelPath, Location]]]
) -> Definition:
    return Definition(**msgspec.structs.asdict(kept), locations=_LateLocations(kept.name, places))
