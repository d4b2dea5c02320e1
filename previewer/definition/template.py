"""Environment definitions to start from, as commented text, made from what a repository has."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence

from previewer.definition.discover import (
    DEFINITION_SUFFIXES,
    DOCKERFILE,
    ENVIRONMENTS_DIRECTORY,
    SERVICE,
    derive_from_dockerfile,
)
from previewer.domain.commit.files import FileTree
from previewer.domain.compose.definition import Role
from previewer.domain.json_value import JsonObject, as_object, as_text

_NEEDS_QUOTES = re.compile(r"[^\w./+-]")
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


def environment_templates(tree: FileTree, sources: Sequence[str] = ()) -> Mapping[str, str]:
    """By path: the text of ``envs/preview.yaml``, ``envs/staging.yaml`` and ``envs/production.yaml``.

    They include the Compose files ``sources``, each changing those before it, or build the Dockerfile that this
    is; without any they hold an example to replace. Every text loads as it is, as long as what it includes does.
    """
    services = _services(tree, sources)
    return {f"{ENVIRONMENTS_DIRECTORY}/{role.value}.yaml": f"{_head(role)}\n{services}" for role in Role}


def _services(tree: FileTree, sources: Sequence[str]) -> str:
    if not sources:
        return _EXAMPLE
    if not sources[0].endswith(DEFINITION_SUFFIXES):
        definition = derive_from_dockerfile(tree, name=Role.PREVIEW.value, role=Role.PREVIEW, path=sources[0])
        return _building(definition.services[SERVICE].spec)
    files = [_quoted(f"../{file}") for file in sources]
    return _INCLUDING.format(included=files[0] if len(files) == 1 else f"path: [{', '.join(files)}]")


def _head(role: Role) -> str:
    purpose, ttl, advice = _PURPOSES[role]
    return _HEAD.format(purpose=purpose, advice=advice, role=role.value, ttl=ttl)


def _building(spec: JsonObject) -> str:
    ports = spec.get("ports")
    entries = ports if isinstance(ports, list) else []
    texts = [
        f"{entry['target']}" + ("" if entry["protocol"] == "tcp" else f"/{entry['protocol']}")
        for entry in entries
        if isinstance(entry, Mapping)
    ]
    lines = [f'      - "{text}"\n' for text in texts]
    published = "    ports:\n" + "".join(lines) if lines else '    # ports: ["8080"]\n'
    return _BUILDING.format(service=SERVICE, ports=published, build=_build_of(as_object(spec.get("build"))))


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
services:
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
