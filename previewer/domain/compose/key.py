"""The columns of the table of Compose keys: kinds of values, merge rules, identities, mappings and weights."""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeAlias

from msgspec import Struct

from previewer.domain.drift.finding import Severity


class Kind(Enum):
    """What a key's value is: how text is cast, which normal form it has, and how the engine wants it."""

    TEXT = auto()
    TEXTS = auto()
    WORDS = auto()
    """A command: one text is split as a shell would."""
    FLAG = auto()
    INTEGER = auto()
    LIMIT = auto()
    """A whole number, or a mapping with a soft and a hard one."""
    NUMBER = auto()
    PERCENT = auto()
    PROCESSORS = auto()
    """A number that the engine wants in billionths."""
    BYTES = auto()
    DURATION = auto()
    SECONDS = auto()
    """A duration that the engine wants in whole seconds."""
    TEXT_BY_NAME = auto()
    """A mapping to text, or a list of ``NAME=TEXT``."""
    ENVIRONMENT = auto()
    HOOK_ENVIRONMENT = auto()
    """Variables of a hook: none is taken from outside."""
    HOSTS = auto()
    TEMPORARY_FOLDERS = auto()
    FILE_MODE = auto()
    DEVICE_COUNT = auto()
    HEALTH_TEST = auto()
    SSH_KEYS = auto()
    PROVIDER_OPTIONS = auto()
    PUBLISHED_PORT = auto()
    LIMITS = auto()
    LOGGING = auto()
    RESTART = auto()


class Merge(Enum):
    """How a later file changes the value, where that is not the ordinary way."""

    ASSIGNMENTS = auto()
    """Lists of ``NAME=VALUE`` append; a mapping becomes such a list."""
    REPLACE = auto()
    BUILD = auto()
    DEPENDENCIES = auto()
    NAMES = auto()
    """A list of names is a mapping without values."""
    NEW_HOSTS = auto()
    LIMIT = auto()
    LOGGING = auto()
    ADDRESS_POOLS = auto()


class Identity(Enum):
    """What makes two items of a list one, so that the later replaces the earlier."""

    NAME = auto()
    """Up to the first ``=``."""
    VALUE = auto()
    CONFIG_TARGET = auto()
    SECRET_TARGET = auto()
    DEVICE_TARGET = auto()
    VOLUME_TARGET = auto()
    PORT = auto()
    FILE_PATH = auto()


class Part(Enum):
    """Where the Engine API has a field."""

    CONFIG = auto()
    """A field at the top of the create body."""
    HOST = auto()
    """In its ``HostConfig``."""


class EngineField(Struct, frozen=True):
    """The one field of the create body that a key becomes."""

    part: Part
    name: str
    since: tuple[int, int] | None = None
    """The API version that brought it; an older engine would ignore it without a word."""
    keeps_empty: bool = False
    """Whether an empty list clears what the image says."""


class MappedBy(Struct, frozen=True):
    """A key that takes more than one field, and the module of ``engine/mapping`` that maps it."""

    module: str


class NotMapped(Struct, frozen=True):
    """A key that needs no field of the engine."""

    reason: str


class Refused(Struct, frozen=True):
    """A key that changes what a service is and cannot be honoured."""

    reason: str


Mapping: TypeAlias = EngineField | MappedBy | NotMapped | Refused


class Weight(Struct, frozen=True):
    """How much a difference in a field matters."""

    severity: Severity
    why: str
    kind: str = ""
    """A stable word for it; the field's own name where it is empty."""


class ComposeKey(Struct, frozen=True):
    """One key of the Compose Specification, or a place below it."""

    path: str
    """Keys separated by dots; ``*`` is any key of a mapping, ``[]`` any item of a list."""
    kind: Kind | None = None
    mapping: Mapping | None = None
    merge: Merge | None = None
    identity: Identity | None = None
    drift: Weight | None = None
    """How much it weighs when a container differs from its release."""
    parity: Weight | None = None
    """How much it weighs when two environments differ; without one, drift's weight counts."""
    known_by: tuple[str, ...] | None = None
    """Of a list whose order means nothing: by which keys parity knows its entries; none for plain ones."""
    zero_is_absent: bool = False
    """Whether zero means no limit, as if the key were not there."""
    same_as: str = ""
    """The place below ``deploy.resources`` that says the same: where both are written, they have to agree."""
