"""Which files define an environment, under which project name; a lone Dockerfile is a definition too."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from previewer.definition.dotenv import read_dotenv
from previewer.definition.interpolation import Interpolator, line_of
from previewer.definition.values import MAX_ENV_FILE_BYTES, MAX_FILE_BYTES, ModelError
from previewer.domain.commit.files import FileTree
from previewer.domain.compose.definition import Definition, Location, ModelPath, Role
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.errors import DefinitionError, NotFoundError, UsageError


def normal_project_name(text: str) -> str:
    """``text`` with everything left out that a project name may not hold."""
    return "".join(re.findall(r"[a-z0-9_-]", text.lower())).lstrip("_-")


def choose_project_name(
    *,
    given: str | None,
    variables: Mapping[str, str],
    written: Iterable[str],
    directory: str,
    otherwise: str,
) -> str:
    """The name that is given > ``COMPOSE_PROJECT_NAME`` > the last ``name:`` of the files > the directory's.

    ``written`` holds the names of the files in their order; ``otherwise`` stands for the directory where that is
    the root of the tree, which has no name. Raises :class:`UsageError` for a given name that is none,
    :class:`ModelError` where nothing is left of a name.
    """
    explicit = given or variables.get("COMPOSE_PROJECT_NAME")
    if explicit:
        if normal_project_name(explicit) != explicit:
            raise UsageError(
                f"{explicit!r} is not a project name",
                hint=f"use lower-case letters, digits, _ and -: {normal_project_name(explicit) or 'preview'}",
            )
        return explicit
    names = [Interpolator(variables.get).substitute(text) for text in written]
    name = normal_project_name(names[-1] if names else posixpath.basename(directory) or otherwise)
    if not name:
        raise ModelError("the project's name must hold a letter or digit", path=("name",))
    return name


DOCKERFILE = "Dockerfile"
SERVICE = "app"
_EXPOSE = re.compile(r"\s*EXPOSE\s+(.+)", re.IGNORECASE)
_FROM = re.compile(r"\s*FROM\s", re.IGNORECASE)
_PORT = re.compile(r"([0-9]{1,5})(?:/(tcp|udp|sctp))?", re.IGNORECASE)
LARGEST_PORT = 65535


def derive_from_dockerfile(
    tree: FileTree, *, name: str, role: Role, project_name: str | None = None, path: str = DOCKERFILE
) -> Definition:
    """The definition of a lone ``Dockerfile``; ports that its last stage exposes are published on free ones.

    ``EXPOSE`` with variables or ranges is not understood and only left out, with a warning. Raises
    :class:`NotFoundError` without such a file.
    """
    ports, warnings, location = _exposed_ports(_read_dockerfile(tree, path), path)
    project = project_name if project_name is not None else normal_project_name(name)
    if not project or normal_project_name(project) != project:
        raise UsageError(f"{project!r} is not a project name")
    published: list[JsonValue] = [
        {"mode": "ingress", "protocol": protocol, "target": port} for port, protocol in ports
    ]
    service: dict[str, JsonValue] = {
        "build": {"context": posixpath.dirname(path) or ".", "dockerfile": posixpath.basename(path)},
        "networks": {"default": None},
    }
    if published:
        service["ports"] = published
    model: JsonObject = {
        "name": project,
        "networks": {"default": {"name": f"{project}_default"}},
        "services": {SERVICE: service},
    }
    locations: dict[ModelPath, Location] = {("services", SERVICE): Location(path, 1)}
    if location is not None:
        locations["services", SERVICE, "ports"] = location
    return Definition(name=name, role=role, files=(), model=model, warnings=warnings, locations=locations)


def _read_dockerfile(tree: FileTree, path: str) -> str:
    entry = tree.entry(path)
    if entry is not None and (entry.size or 0) > MAX_FILE_BYTES:
        raise DefinitionError(f"the file is too large: at most {MAX_FILE_BYTES} bytes are read", where=path)
    return tree.read(path).decode("utf-8", "replace")


def _exposed_ports(text: str, path: str) -> tuple[list[tuple[int, str]], tuple[str, ...], Location | None]:
    """The ports of the last stage with their protocols, warnings, and where the first is written."""
    ports: dict[tuple[int, str], None] = {}
    warnings: list[str] = []
    location: Location | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if _FROM.match(line):
            ports, warnings, location = {}, [], None
        match = _EXPOSE.match(line)
        for word in match.group(1).split() if match else ():
            port = _PORT.fullmatch(word)
            if port is None or not 0 < int(port.group(1)) <= LARGEST_PORT:
                warnings.append(f"{path}:{number}: EXPOSE {word} is not understood, so it is not published")
                continue
            location = location or Location(path, number)
            ports[int(port.group(1)), (port.group(2) or "tcp").lower()] = None
    return list(ports), tuple(warnings), location


ENVIRONMENTS_DIRECTORY = "envs"
DEFINITION_SUFFIXES = (".yaml", ".yml")
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""The first one that is there counts."""
OVERRIDE_FILES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
"""The first one that is there changes the Compose file."""
DOTENV = ".env"
PROCFILE = "Procfile"
_DEV_CONTAINER = ".devcontainer"
DEFAULT_NAME = "preview"
MOST_NAMED = 6
"""Files that a hint names."""
_OTHER_COMPOSE_FILE = re.compile(r"(docker-)?compose[.-].+\.ya?ml")
_FOREIGN_FOLDERS = frozenset({"node_modules", "vendor", "third_party", "testdata"})
"""With files of others, as are folders whose name begins with a dot."""
FIRST_NAMES = (DEFAULT_NAME, "staging", "production")
"""Named before all others."""


def discover_files(tree: FileTree, name: str) -> tuple[str, ...]:
    """The Compose files of the definition ``name``, the main one first; none for a lone ``Dockerfile``.

    Raises :class:`NotFoundError` that says what was looked for.
    """
    own = [f"{ENVIRONMENTS_DIRECTORY}/{name}{suffix}" for suffix in DEFINITION_SUFFIXES]
    if file := _first_file(tree, own):
        return (file,)
    names = _names_in_environments(tree)
    if names and name != DEFAULT_NAME:
        raise NotFoundError(
            f"there is no definition {name!r} at this commit",
            hint=f"looked for {' and '.join(own)}; there are {', '.join(names)}",
        )
    if files := root_files(tree):
        return () if files == (DOCKERFILE,) else files
    raise NotFoundError(
        f"there is no definition {name!r} at this commit",
        hint=f"looked for {', '.join((*own, *COMPOSE_FILES, DOCKERFILE))}",
    )


def root_files(tree: FileTree) -> tuple[str, ...]:
    """The Compose files that ``.env`` names, else the one at the root with its override, else ``Dockerfile``."""
    if files := files_in_dotenv(tree):
        return files
    if main := _first_file(tree, COMPOSE_FILES):
        override = _first_file(tree, OVERRIDE_FILES)
        return (main, override) if override else (main,)
    return (DOCKERFILE,) if tree.is_file(DOCKERFILE) else ()


def starting_points(tree: FileTree) -> tuple[str, ...]:
    """Files anywhere in the tree that a definition could begin with, the outermost first.

    They are Compose files, of those that stand for each other in a folder only the first; where there is none,
    Dockerfiles.
    """
    folders: dict[str, list[str]] = {}
    for entry in tree:
        folder, name = posixpath.split(entry.path)
        if not any(part in _FOREIGN_FOLDERS or part.startswith(".") for part in folder.split("/")):
            folders.setdefault(folder, []).append(name)
    ranked = sorted(folders.items(), key=lambda item: (item[0].count("/") + bool(item[0]), item[0]))
    compose = [posixpath.join(folder, name) for folder, names in ranked for name in _compose_files(names)]
    return tuple(
        compose or (posixpath.join(folder, DOCKERFILE) for folder, names in ranked if DOCKERFILE in names)
    )


def how_to_begin(tree: FileTree) -> str:
    """The hint for a tree without a definition."""
    points = starting_points(tree)
    if not points:
        return _how_to_begin_without(tree)
    more = f"; there is {', '.join(points[1:MOST_NAMED])} too" if len(points) > 1 else ""
    return f"there is {points[0]}: `previewer init --from {points[0]}` writes envs/preview.yaml with it{more}"


def _how_to_begin_without(tree: FileTree) -> str:
    """The hint where there is neither a Compose file nor a Dockerfile, but maybe what says a part of it."""
    if tree.is_file(PROCFILE):
        return f"{PROCFILE} says what to start, and not on which image: add a {DOCKERFILE} beside it"
    container = [f"{_DEV_CONTAINER}/{name}" for name in (*COMPOSE_FILES, DOCKERFILE)]
    if (file := _first_file(tree, container)) is not None:
        return f"there is a dev container, made for editors: `previewer init --from {file}` begins with it"
    return "add envs/preview.yaml, a compose.yaml or a Dockerfile; `previewer init` writes a commented start"


def _compose_files(names: list[str]) -> Iterator[str]:
    yield from [name for name in COMPOSE_FILES if name in names][:1]
    for name in sorted(names):
        if _OTHER_COMPOSE_FILE.fullmatch(name) and name not in (*COMPOSE_FILES, *OVERRIDE_FILES):
            yield name


def definition_names(tree: FileTree) -> tuple[str, ...]:
    """The names of the definitions: those in ``envs/``, else ``preview`` where there is anything to run."""
    if names := _names_in_environments(tree):
        return names
    return (DEFAULT_NAME,) if root_files(tree) else ()


def files_in_dotenv(tree: FileTree) -> tuple[str, ...]:
    """The Compose files that ``COMPOSE_FILE`` in the ``.env`` of the tree's root names; none where it names none.

    They take the place of ``compose.yaml``, as in Compose. Raises :class:`DefinitionError` for a file that is not
    in the commit, with the line that names it.
    """
    if not tree.is_file(DOTENV) or b"COMPOSE_FILE" not in (content := tree.read(DOTENV, limit=MAX_ENV_FILE_BYTES)):
        return ()
    variables = read_dotenv(content, file=DOTENV, lookup=lambda _: None)
    if "COMPOSE_FILE" not in variables:
        return ()
    files = variables["COMPOSE_FILE"].split(variables.get("COMPOSE_PATH_SEPARATOR") or ":")
    for file in files:
        if not tree.is_file(posixpath.normpath(file)):
            raise DefinitionError(
                f"COMPOSE_FILE names {file!r}, which is no file of the commit",
                where=f"{DOTENV}:{line_of(content, 'COMPOSE_FILE')}",
            )
    return tuple(posixpath.normpath(file) for file in files)


def _names_in_environments(tree: FileTree) -> tuple[str, ...]:
    names = set()
    for file in tree.list_directory(ENVIRONMENTS_DIRECTORY):
        stem, suffix = posixpath.splitext(file)
        if suffix in DEFINITION_SUFFIXES and stem and tree.is_file(f"{ENVIRONMENTS_DIRECTORY}/{file}"):
            names.add(stem)
    first = [name for name in FIRST_NAMES if name in names]
    return (*first, *sorted(names.difference(first)))


def _first_file(tree: FileTree, paths: tuple[str, ...] | list[str]) -> str | None:
    return next((path for path in paths if tree.is_file(path)), None)
