"""Every label that previewer puts on engine objects, and the one type that they are read back into.

Labels are the database: together with the git references they are the only state there is. They are set
when an object is created, never later (engines cannot edit them), so whatever changes afterwards lives in the
ledger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from previewer.domain.compose.definition import Role
from previewer.domain.units import format_time, parse_time

PREFIX = "dev.previewer."
MANAGED_BY = PREFIX + "managed-by"
MANAGED_BY_VALUE = "previewer"
INSTALLATION = PREFIX + "installation"
PROJECT = PREFIX + "project"
ENVIRONMENT = PREFIX + "environment"
ROLE = PREFIX + "role"
GENERATION = PREFIX + "generation"
BRANCH = PREFIX + "branch"
COMMIT = PREFIX + "commit"
RELEASE = PREFIX + "release"
DEFINITION = PREFIX + "definition"
SERVICE = PREFIX + "service"
OWNER = PREFIX + "owner"
CREATED_AT = PREFIX + "created-at"
EXPIRES_AT = PREFIX + "expires-at"
ENGINE_AHEAD = PREFIX + "engine-ahead"
"""Seconds that the engine's clock was ahead of the clock of the two labels before; absent for none."""
OPERATION = PREFIX + "operation"
HEAD = PREFIX + "ledger-head"
"""The newest entry of the history when the object was made: a history without it was cut off or replaced."""
ROUTES = PREFIX + "routes"
"""On containers: which of their ports get a URL, see :func:`route_label`."""
NAMES = PREFIX + "names"
"""On containers: the URLs that a router gives to their ports, see :func:`names_label`."""
ROUTER = PREFIX + "router"
"""On containers with names: which router knows them."""
ROUTER_PORT = PREFIX + "router-port"
"""On a router: the host port that it answers at, and ``tls`` where it speaks that too."""
ROUTER_CONFIGURATION = PREFIX + "router-configuration"
"""On a router: the digest of the configuration that it was made with."""
MEMORY = PREFIX + "memory"
"""On containers: their memory limit in bytes, 0 for none. The engine's list of containers does not say it."""
RESTART = PREFIX + "restart"
"""On containers: the restart policy that they were made with, as Compose spells it. One that is stopped to be kept
has none meanwhile."""
FILE_OF = PREFIX + "file-of"
"""On configs and secrets that a swarm's managers keep: the service that has them."""
ASKED = PREFIX + "asked"
"""What the object was asked to be, see :mod:`previewer.domain.drift.fields`."""
INPUT_DIGEST = PREFIX + "input-digest"
"""On built images, with the two below: what they were built from, for and by."""
PLATFORM = PREFIX + "platform"
PURPOSE = PREFIX + "purpose"
"""On containers that belong to no environment: what they are for."""
PROCESS = PREFIX + "process"
"""The process that alone needs it."""
PURPOSE_READING = "read-image"
"""Its image's files are read; it is never started."""
PURPOSE_ROUTER = "router"
"""It gives environments their host names."""
PURPOSE_PROBE = "probe"
"""`doctor` asks the nodes of a swarm by it how they reach each other."""
BUILDER = PREFIX + "builder"

DATA = PREFIX + "data"
"""On volumes that no generation owns: what they are for."""
DATA_VOLUME = "volume"
"""It holds data, which outlives the generation that wrote it."""
DATA_MARK = "mark"
"""It is empty: its labels say that a snapshot is complete."""
DATA_FLAT = "flat"
"""It is empty: its labels say that a volume holds all that several layers show."""
DATA_OF = PREFIX + "data-of"
"""The environment or seed that a volume of data was made for."""
DATA_KEY = PREFIX + "data-key"
"""What the definition calls the volume whose data it holds."""
SNAPSHOT = PREFIX + "snapshot"
SNAPSHOT_RECORD = PREFIX + "snapshot-record"
"""On marks: the snapshot, as JSON."""
FLATTENS = PREFIX + "flattens"
"""On the mark of a flat volume: the layers that it may take the place of, topmost first."""
LAYERS = PREFIX + "layers"
"""On volumes of a generation: the layers that they show, topmost first."""
LIFETIME = PREFIX + "lifetime"
OUTLIVES = "environment"
"""The lifetime of data that is handed over from generation to generation."""
ORIGIN = PREFIX + "data-origin"
"""On volumes of a generation: what they began with, for people."""

DEBUG_UNTIL = PREFIX + "debug-until"
"""On a debug copy of a service: when it may be removed, if it was forgotten."""

COMPOSE_PREFIX = "com.docker.compose."
COMPOSE_PROJECT = COMPOSE_PREFIX + "project"
COMPOSE_SERVICE = COMPOSE_PREFIX + "service"
COMPOSE_NUMBER = COMPOSE_PREFIX + "container-number"
COMPOSE_ONEOFF = COMPOSE_PREFIX + "oneoff"
COMPOSE_CONFIG_HASH = COMPOSE_PREFIX + "config-hash"
COMPOSE_IMAGE = COMPOSE_PREFIX + "image"
COMPOSE_DEPENDS_ON = COMPOSE_PREFIX + "depends_on"
COMPOSE_VERSION = COMPOSE_PREFIX + "version"
COMPOSE_VERSION_VALUE = "2.40.3"
"""The Docker Compose whose labels these are: its ``ls``, ``ps`` and ``logs`` then work on our containers."""
COMPOSE_WORKING_DIR = COMPOSE_PREFIX + "project.working_dir"
COMPOSE_CONFIG_FILES = COMPOSE_PREFIX + "project.config_files"
COMPOSE_NETWORK = COMPOSE_PREFIX + "network"
COMPOSE_VOLUME = COMPOSE_PREFIX + "volume"

RESERVED_PREFIXES = (PREFIX, COMPOSE_PREFIX, "com.docker.swarm.", "com.docker.stack.")
"""Labels that say whose an object is. Nothing that comes from a commit or an image may set one."""
IMAGE_LABELS = frozenset({MANAGED_BY, PROJECT, INPUT_DIGEST, PLATFORM, BUILDER})
"""Previewer's labels on images that it built."""
CONTAINER_LABELS = frozenset(
    {
        MANAGED_BY,
        INSTALLATION,
        PROJECT,
        ENVIRONMENT,
        ROLE,
        GENERATION,
        BRANCH,
        COMMIT,
        RELEASE,
        DEFINITION,
        SERVICE,
        OWNER,
        CREATED_AT,
        EXPIRES_AT,
        ENGINE_AHEAD,
        OPERATION,
        HEAD,
        ROUTES,
        NAMES,
        ROUTER,
        ROUTER_PORT,
        ROUTER_CONFIGURATION,
        MEMORY,
        RESTART,
        ASKED,
        PURPOSE,
        PROCESS,
        DEBUG_UNTIL,
    }
)
"""Previewer's labels that are read from containers. Each container has all of them, see :func:`sealed_labels`."""

FILE_LABELS = frozenset({FILE_OF})
"""Previewer's labels on the configs and secrets of a swarm only."""
VOLUME_LABELS = frozenset({DATA, DATA_OF, DATA_KEY, SNAPSHOT, SNAPSHOT_RECORD, FLATTENS, LAYERS, LIFETIME, ORIGIN})
"""Previewer's labels on volumes only. No container or image can lend a volume one."""
_NAMED_URL = re.compile(
    r"https?://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::\d{1,5})?(?P<path>(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){0,2})"
)
_HOST_HEADER = re.compile(r"[A-Za-z0-9.:-]{0,255}")
_AHEAD = re.compile(r"-?[0-9]{1,10}")
"""Labels can be forged by any client of the engine, and what is read from them becomes paths of files."""

OCI_REVISION = "org.opencontainers.image.revision"
OCI_CREATED = "org.opencontainers.image.created"


class Ownership(Struct, frozen=True):
    """Whose an engine object is: written as labels at creation, read back from every observation."""

    installation: str
    """The repository's installation id: two clones on one engine do not touch each other's environments."""
    project: str
    environment: str
    role: Role
    generation: int
    branch: str | None
    """``None`` where the environment was made for a tag or a bare commit."""
    commit: str
    release: str
    owner: str
    """Who made it, for people: ``ada@laptop``."""
    created_at: datetime
    """Aware, UTC, whole seconds."""
    expires_at: datetime | None
    """``None`` for an environment that never expires."""
    operation: str
    """The id of the run that made it: a failed run undoes exactly its own objects."""
    service: str | None = None
    """Only on containers."""
    definition: str | None = None
    """Which of the release's definitions runs; ``None`` on objects that an older previewer made."""
    head: str | None = None
    """The newest entry of the ledger then; ``None`` where it had none, and on an older previewer's objects."""
    process: str | None = None
    """The process that the environment ends with, as :mod:`previewer.process_identity` spells it."""
    engine_ahead: int = 0
    """Seconds by which the engine's clock was ahead of the one that ``created_at`` and ``expires_at`` are of."""


class RankedPort(Struct, frozen=True):
    """A port of a container that gets a URL."""

    rank: int
    """Its place among all URLs of the environment; 0 is the main one."""
    port: int
    """Inside the container, TCP."""


class NamedRoute(Struct, frozen=True):
    """A URL that a router gives to a port of a container."""

    port: int
    """Inside the container, TCP."""
    url: str
    """``http://api.feature.shop.localhost``, perhaps with the router's port and with a path."""
    host_header: str = ""
    """The ``Host`` header that the service is to see; empty for the name that was asked for."""

    @property
    def host(self) -> str:
        """The host name."""
        return self._part("host")

    @property
    def path(self) -> str:
        """The beginning of the paths that lead there; empty for all."""
        return self._part("path")

    def _part(self, name: str) -> str:
        found = _NAMED_URL.fullmatch(self.url)
        return found[name] if found else ""


def is_reserved(label: str) -> bool:
    """Whether ``label`` may be set by previewer and the engine's own tools only."""
    return label.startswith(RESERVED_PREFIXES)


def sealed_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """``labels`` of a container, with every other label of previewer's empty, which means absent.

    A container inherits the labels of its image that it does not set itself, and an image may come from anywhere.
    """
    return {**dict.fromkeys(sorted(CONTAINER_LABELS), ""), **labels}


def route_label(routes: Iterable[RankedPort]) -> str:
    """The value of :data:`ROUTES`: ``0:8000 3:9090``; empty for a container of which no port gets a URL."""
    return " ".join(f"{route.rank}:{route.port}" for route in routes)


def read_routes(labels: Mapping[str, str]) -> tuple[RankedPort, ...] | None:
    """What :func:`route_label` wrote; ``None`` where nothing, or nothing that makes sense, says it."""
    if ROUTES not in labels:
        return None
    try:
        pairs = [word.split(":") for word in labels[ROUTES].split()]
        return tuple(RankedPort(int(rank), int(port)) for rank, port in pairs)
    except ValueError:
        return None


def names_label(names: Iterable[NamedRoute]) -> str:
    """The value of :data:`NAMES`: ``8000=http://feature.shop.localhost 5173=http://…|localhost``."""
    return " ".join(
        f"{name.port}={name.url}{f'|{name.host_header}' if name.host_header else ''}" for name in names
    )


def read_names(labels: Mapping[str, str]) -> tuple[NamedRoute, ...]:
    """What :func:`names_label` wrote; entries that make no sense are left out."""
    found = []
    for word in labels.get(NAMES, "").split():
        port, _, rest = word.partition("=")
        url, _, header = rest.partition("|")
        if port.isdecimal() and _NAMED_URL.fullmatch(url) and _HOST_HEADER.fullmatch(header):
            found.append(NamedRoute(int(port), url, header))
    return tuple(found)


def read_memory(labels: Mapping[str, str]) -> int:
    """The memory limit of a container in bytes; 0 where there is none, or where nothing says it."""
    text = labels.get(MEMORY, "")
    return int(text) if text.isdecimal() else 0


def ownership_labels(ownership: Ownership) -> dict[str, str]:
    """The labels that say ``ownership``; what is absent is an empty label."""
    found = {
        MANAGED_BY: MANAGED_BY_VALUE,
        INSTALLATION: ownership.installation,
        PROJECT: ownership.project,
        ENVIRONMENT: ownership.environment,
        ROLE: ownership.role.value,
        GENERATION: str(ownership.generation),
        BRANCH: ownership.branch or "",
        COMMIT: ownership.commit,
        RELEASE: ownership.release,
        OWNER: ownership.owner,
        CREATED_AT: format_time(ownership.created_at),
        EXPIRES_AT: format_time(ownership.expires_at) if ownership.expires_at else "",
        OPERATION: ownership.operation,
    }
    if ownership.definition is not None:
        found[DEFINITION] = ownership.definition
    if ownership.head is not None:
        found[HEAD] = ownership.head
    if ownership.process is not None:
        found[PROCESS] = ownership.process
    if ownership.engine_ahead:
        found[ENGINE_AHEAD] = str(ownership.engine_ahead)
    return {**found, SERVICE: ownership.service} if ownership.service is not None else found


def read_ownership(labels: Mapping[str, str]) -> Ownership | None:
    """The ownership that ``labels`` say; ``None`` for an object that is not ours or is mislabelled."""
    if labels.get(MANAGED_BY) != MANAGED_BY_VALUE:
        return None
    labels = {name: value for name, value in labels.items() if value}  # an empty label is an absent one
    try:
        expires = labels.get(EXPIRES_AT)
        return Ownership(
            installation=labels[INSTALLATION],
            project=labels[PROJECT],
            environment=labels[ENVIRONMENT],
            role=Role(labels[ROLE]),
            generation=int(labels[GENERATION]),
            branch=labels.get(BRANCH),
            commit=labels[COMMIT],
            release=labels[RELEASE],
            owner=labels[OWNER],
            created_at=parse_time(labels[CREATED_AT]),
            expires_at=parse_time(expires) if expires else None,
            operation=labels[OPERATION],
            service=labels.get(SERVICE),
            definition=labels.get(DEFINITION),
            head=labels.get(HEAD),
            process=labels.get(PROCESS),
            engine_ahead=int(ahead) if _AHEAD.fullmatch(ahead := labels.get(ENGINE_AHEAD, "")) else 0,
        )
    except (KeyError, ValueError):
        return None
