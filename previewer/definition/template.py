"""Environment definitions to start from, as commented text, made from what a repository has."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from previewer.definition.discover import (
    DEFINITION_SUFFIXES,
    DOCKERFILE,
    ENVIRONMENTS_DIRECTORY,
    PROCFILE,
    SERVICE,
    derive_from_dockerfile,
    normal_project_name,
)
from previewer.definition.values import MAX_ENV_FILE_BYTES
from previewer.domain.commit.files import FileTree
from previewer.domain.compose.definition import Role
from previewer.domain.json_value import JsonObject, JsonValue, as_object, as_text

_NEEDS_QUOTES = re.compile(r"[^\w./+-]")
_PLAIN = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)$)[A-Za-z][\w.-]*")
_PROCESS = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")
_DEFAULT_PROCESS, _RELEASE_PROCESS = "web", "release"
_PURPOSES = {
    Role.PREVIEW: (
        "What `previewer up BRANCH` runs: for every branch, side by side, each for a while.",
        "3d",
        "restart, fixed host ports and container_name are taken care of: a preview has its own.",
    ),
    Role.STAGING: (
        "What `previewer up REVISION --role staging` runs: what a release has to pass before production.",
        "never",
        "Keep it as close to production.yaml as you can.",
    ),
    Role.PRODUCTION: (
        "What `previewer up REVISION --role production` runs.",
        "never",
        "It is frozen with the others, so what ran in staging is what runs here.",
    ),
}
"""By role: what the file is for, how long its environments live, and a word of advice."""


class Key(Struct, frozen=True):
    """A key of ``x-previewer`` that a definition needs."""

    name: str
    value: JsonValue
    reason: str
    """One line, for a comment."""
    roles: tuple[Role, ...] = tuple(Role)

    @property
    def text(self) -> str:
        """``omit: [proxy]``, as YAML has it on one line."""
        return f"{self.name}: {_flow(self.value)}"


def environment_templates(
    tree: FileTree, sources: Sequence[str] = (), keys: Sequence[Key] = ()
) -> Mapping[str, str]:
    """By path: the text of ``envs/preview.yaml``, ``envs/staging.yaml`` and ``envs/production.yaml``.

    They include the Compose files ``sources``, each changing those before it, or build the Dockerfiles that these
    are, with the processes of the ``Procfile`` beside each; without any they hold an example to replace. ``keys``
    go into ``x-previewer``. Every text loads as it is, as long as what it includes does.
    """
    services = _services(tree, sources)
    return {f"{ENVIRONMENTS_DIRECTORY}/{role.value}.yaml": f"{_head(role, keys)}\n{services}" for role in Role}


def one_line(text: str) -> str:
    """``text`` as a comment can have it: what a branch names must not end it."""
    return "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))


def _flow(value: JsonValue) -> str:
    """A value as YAML has it on one line, with as few quotes as it needs."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(name)}: {_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    return "[" + ", ".join(map(_flow, value)) + "]" if isinstance(value, list | tuple) else json.dumps(value)


def _services(tree: FileTree, sources: Sequence[str]) -> str:
    if not sources:
        return _EXAMPLE
    if not sources[0].endswith(DEFINITION_SUFFIXES):
        built = (text for file in sources for text in _built(tree, file, sources))
        return "".join(("services:\n", *built))
    files = [_quoted(f"../{file}") for file in sources]
    return _INCLUDING.format(included=files[0] if len(files) == 1 else f"path: [{', '.join(files)}]")


def _built(tree: FileTree, dockerfile: str, sources: Sequence[str]) -> Iterator[str]:
    """What a Dockerfile builds; one of several is called like its folder."""
    definition = derive_from_dockerfile(tree, name=Role.PREVIEW.value, role=Role.PREVIEW, path=dockerfile)
    spec = definition.services[SERVICE].spec
    name = normal_project_name(posixpath.basename(posixpath.dirname(dockerfile))) if len(sources) > 1 else ""
    yield _building(name or SERVICE, spec)
    yield from _processes(tree, dockerfile, _build_of(as_object(spec.get("build"))))


def _processes(tree: FileTree, dockerfile: str, build: str) -> Iterator[str]:
    """A service for each process of the ``Procfile`` beside the Dockerfile, but the one that its CMD starts."""
    procfile = posixpath.join(posixpath.dirname(dockerfile), PROCFILE)
    if not tree.is_file(procfile):
        return
    for line in tree.read(procfile, limit=MAX_ENV_FILE_BYTES).decode("utf-8", "replace").splitlines():
        match = _PROCESS.fullmatch(line.strip())
        if match is None or match[1] in (_DEFAULT_PROCESS, SERVICE):
            continue
        command = json.dumps(["sh", "-c", match[2].replace("$", "$$")])
        once = "    # it runs once, and is done\n" if match[1] == _RELEASE_PROCESS else ""
        head = f"  {_flow(match[1])}:               # of {one_line(procfile)}\n    build: {build}\n"
        yield f"{head}    command: {command}\n{once}"


def _head(role: Role, keys: Sequence[Key]) -> str:
    purpose, ttl, advice = _PURPOSES[role]
    lines = "".join(f"  {key.text}   # {one_line(key.reason)}\n" for key in keys if role in key.roles)
    return _HEAD.format(purpose=purpose, advice=advice, role=role.value, ttl=ttl, keys=lines)


def _building(name: str, spec: JsonObject) -> str:
    ports = spec.get("ports")
    entries = ports if isinstance(ports, list) else []
    texts = [
        f"{entry['target']}" + ("" if entry["protocol"] == "tcp" else f"/{entry['protocol']}")
        for entry in entries
        if isinstance(entry, Mapping)
    ]
    lines = [f'      - "{text}"\n' for text in texts]
    published = "    ports:\n" + "".join(lines) if lines else '    # ports: ["8080"]\n'
    return _BUILDING.format(service=_flow(name), ports=published, build=_build_of(as_object(spec.get("build"))))


def _quoted(path: str) -> str:
    """A path as YAML has it."""
    return json.dumps(path) if _NEEDS_QUOTES.search(path) else path


def _build_of(build: JsonObject) -> str:
    folder = posixpath.normpath(f"../{as_text(build.get('context'))}")
    if (file := as_text(build.get("dockerfile"))) == DOCKERFILE:
        return _quoted(folder)
    return f"{{context: {_quoted(folder)}, dockerfile: {_quoted(file)}}}"


_HEAD = """\
# {purpose}
# {advice}
# This is a Compose file (https://compose-spec.io); only x-previewer is previewer's own.

x-previewer:
  role: {role}
  ttl: {ttl:<17}# 90m, 10h, 5d, 1d12h or never
{keys}\
  # routes:               # the ports that get a URL; without it, every published port does
  #   - service: web
  #     port: 8080
  # parity:
  #   allow:              # differences to other environments that are meant to be
  #     - path: services.*.deploy.resources.limits
  #       reason: a preview shares one machine with others
"""

_INCLUDING = """\
include:
  - {included}

# What is written here changes what is included:
# services:
#   web:
#     environment:
#       LOG_LEVEL: debug
#     deploy:
#       resources:
#         limits:
#           memory: 256M
"""

_BUILDING = """\
  {service}:
    build: {build}
{ports}\
    # environment:
    #   LOG_LEVEL: debug
    # healthcheck:        # `previewer up` waits for it
    #   test: ["CMD", "curl", "--fail", "http://localhost:8080/"]
    #   interval: 2s
    #   retries: 15
"""

_EXAMPLE = """\
# An example. Replace it by your own services, or write a compose.yaml and include it here:
# include:
#   - ../compose.yaml
services:
  web:
    image: nginx:alpine   # or `build: ..` for a Dockerfile at the root of the repository
    ports:
      - "80"              # a free port of 127.0.0.1 is chosen; `previewer url` tells it
    # depends_on:
    #   db:
    #     condition: service_healthy
  # db:
  #   image: postgres:17
  #   environment:
  #     POSTGRES_PASSWORD: example
  #   healthcheck:
  #     test: ["CMD", "pg_isready", "-U", "postgres"]
  #     interval: 2s
  #   volumes:
  #     - data:/var/lib/postgresql/data

# volumes:
#   data:
"""
