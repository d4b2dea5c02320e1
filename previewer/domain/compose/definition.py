"""What should run: a normalised Compose model, as frozen in a release."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

import msgspec
from msgspec import Struct, field

from previewer.domain.compose.extension import KEY, Extension, read_extension
from previewer.domain.compose.resources import FileResource, Network, Resource, Volume, read_resource
from previewer.domain.compose.service import Service, read_service
from previewer.domain.json_value import JsonObject, as_object
from previewer.errors import DefinitionError

R = TypeVar("R", bound=Resource)
T = TypeVar("T")


class Role(Enum):
    """What an environment is for: which definition it runs and how it is guarded."""

    PREVIEW = "preview"
    STAGING = "staging"
    PRODUCTION = "production"


def role_of_name(name: str) -> Role:
    """What a definition of that name is for, unless it says so itself; any other one is for previews."""
    if name in ("production", "prod"):
        return Role.PRODUCTION
    return Role.STAGING if name in ("staging", "stage") else Role.PREVIEW


class ReadingChoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a user chose when a definition was read, besides its name."""

    files: tuple[str, ...] = ()
    """Compose files of the commit, instead of those that are discovered."""
    profiles: tuple[str, ...] = ()
    """Profiles that are on besides those that the definition has on."""
    env_files: tuple[str, ...] = ()
    """Environment files of the commit, instead of the project directory's ``.env``."""
    takes_examples: bool = False
    """Whether committed examples stand for environment files that are not committed."""


FILE_SECTIONS = ("secrets", "configs")
DEFAULT_CHOICE = ReadingChoice()


class Location(Struct, frozen=True):
    """A place in a file of the commit; lines and columns count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


ModelPath = tuple[str, ...]
"""The keys that lead to a value of the model: ``("services", "web", "ports", "0")``."""


class Definition(Struct, frozen=True, dict=True, eq=False):
    """A normalised definition: what ``docker compose config`` would print, with ``x-*`` kept at every level.

    ``$`` stands for itself in every value (Compose's printer doubles it; nothing is interpolated again).
    Paths are relative to the root of the commit's tree.
    """

    name: str
    """``preview`` for ``envs/preview.yaml``."""
    role: Role
    files: tuple[str, ...]
    """Every file it was loaded from, relative to the tree's root: the main ones first, then those that they
    include, extend and read variables from."""
    model: JsonObject
    """The Compose model: ``name``, ``services``, ``networks``, ``volumes``, ``secrets``, ``configs``, ``x-*``."""
    warnings: tuple[str, ...] = ()
    locations: Mapping[ModelPath, Location] = field(default_factory=lambda: MappingProxyType({}))
    """Where values were written, as far as is known; never part of a release."""
    choice: ReadingChoice = DEFAULT_CHOICE
    """How it was read; updates of an environment read the next commit's likewise."""
    profiles_off: tuple[str, ...] = ()
    """Profiles of services that were left out because none of theirs is on; never part of a release."""
    order: tuple[str, ...] = ()
    """The names of the services as the file lists them; empty where that is not known."""

    @cached_property
    def services(self) -> Mapping[str, Service]:
        """The services by name, sorted. Raises :class:`DefinitionError` for a value that no loader gives."""
        found = self._section("services", read_service)
        return MappingProxyType({name: found[name] for name in sorted(found)})

    @cached_property
    def networks(self) -> Mapping[str, Network]:
        """The networks by their key in the file."""
        return self._resources("networks", Network)

    @cached_property
    def volumes(self) -> Mapping[str, Volume]:
        """The named volumes by their key in the file."""
        return self._resources("volumes", Volume)

    @cached_property
    def served(self) -> Mapping[str, Mapping[str, FileResource]]:
        """The configs and the secrets by their key in the file, each under the name of its section."""
        return {section: self._resources(section, FileResource) for section in FILE_SECTIONS}

    @property
    def resources(self) -> Iterator[tuple[str, Resource]]:
        """Every network, volume, secret and config, and the section that it is in."""
        sections: Mapping[str, Mapping[str, Resource]] = {
            "networks": self.networks,
            "volumes": self.volumes,
            **self.served,
        }
        return ((section, resource) for section, found in sections.items() for resource in found.values())

    @cached_property
    def extension(self) -> Extension:
        """The top-level ``x-previewer``. Raises :class:`DefinitionError` for one that no loader has read."""
        return read_extension(self.raw_extension, where=self.name)

    @property
    def raw_extension(self) -> JsonObject:
        """The same as it is written."""
        return as_object(self.model.get(KEY))

    def _resources(self, section: str, kind: type[R]) -> Mapping[str, R]:
        return self._section(section, lambda key, spec: read_resource(kind, key, spec))

    def _section(self, section: str, read: Callable[[str, JsonObject], T]) -> Mapping[str, T]:
        found: dict[str, T] = {}
        for key, value in as_object(self.model.get(section)).items():
            try:
                found[key] = read(key, as_object(value))
            except ValueError as error:
                raise DefinitionError(
                    f"{section}.{key}.{error}", where=str(self.locate((section, key)))
                ) from error
        return MappingProxyType(found)

    def locate(self, path: ModelPath) -> Location:
        """The nearest known place at or above ``path``; the main file where nothing is known."""
        for end in range(len(path), -1, -1):
            if (location := self.locations.get(path[:end])) is not None:
                return location
        return Location(self.files[0] if self.files else "(derived)")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Definition) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def _compared(self) -> tuple[object, ...]:
        return (self.name, self.role, self.files, self.model, self.choice)

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name != "locations")
        return f"Definition({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"
