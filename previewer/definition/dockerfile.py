"""A definition for a repository with a lone ``Dockerfile``: one service, ``app``, with its exposed ports."""

from __future__ import annotations

import posixpath
import re

from previewer.definition.discover import DOCKERFILE
from previewer.definition.limits import MAX_FILE_BYTES
from previewer.definition.project_name import normal_project_name
from previewer.domain.definition import Definition, Location, ModelPath, Role
from previewer.domain.file_tree import FileTree
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.errors import DefinitionError, UsageError

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
        found = _EXPOSE.match(line)
        for word in found.group(1).split() if found else ():
            port = _PORT.fullmatch(word)
            if port is None or not 0 < int(port.group(1)) <= LARGEST_PORT:
                warnings.append(f"{path}:{number}: EXPOSE {word} is not understood, so it is not published")
                continue
            location = location or Location(path, number)
            ports[int(port.group(1)), (port.group(2) or "tcp").lower()] = None
    return list(ports), tuple(warnings), location
