"""The keys of a ``build`` section about what its steps run in: network, hosts, limits, secrets, SSH."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from previewer.domain.build_means import BuildMeans, Ulimit
from previewer.domain.definition import Definition
from previewer.domain.file_tree import FileTree
from previewer.domain.given_content import given_content
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.service import BuildSection, Service
from previewer.errors import DefinitionError

MAX_SECRET_BYTES = 500 * 1024
"""BuildKit's own limit (moby/buildkit, ``session/secrets``)."""

ReadSecret = Callable[[str], bytes]
"""The content of the secret that the definition calls so. Raises :class:`DefinitionError` where there is none."""


def read_build_means(
    definition: Definition, service: Service, build: BuildSection, *, secrets: ReadSecret
) -> BuildMeans:
    """Read what ``RUN`` steps are given. Raises :class:`DefinitionError`, with file and line."""
    spec = build.spec
    network = as_text(spec.get("network"))
    return BuildMeans(
        network="" if network == "default" else network,
        extra_hosts=tuple(str(host) for host in as_list(spec.get("extra_hosts"))),
        shm_bytes=_number(spec.get("shm_size")),
        ulimits=tuple(_ulimits(as_object(spec.get("ulimits")))),
        secrets={name: secrets(source) for name, source in _secrets(spec)},
        ssh=tuple(_ssh(definition, service, spec)),
    )


def secret_reader(definition: Definition, tree: FileTree, variables: Mapping[str, str]) -> ReadSecret:
    """Reads a definition's secrets, from files of the commit or from ``variables``."""
    return lambda name: given_content(definition, f"secrets/{name}", tree, variables, limit=MAX_SECRET_BYTES)


def _secrets(spec: JsonObject) -> Iterator[tuple[str, str]]:
    """The id in the Dockerfile, and the definition's name for it (Compose: ``target`` and ``source``)."""
    for entry in as_list(spec.get("secrets")):
        source = as_text(as_object(entry).get("source")) or as_text(entry)
        yield as_text(as_object(entry).get("target")) or source, source


def _ssh(definition: Definition, service: Service, spec: JsonObject) -> Iterator[str]:
    for key in map(str, as_list(spec.get("ssh"))):
        name, _, path = key.partition("=")
        if path and not path.startswith(("/", "~")):
            raise DefinitionError(
                f"build.ssh: the key {path} is no absolute path, and none belongs into a commit",
                where=str(definition.locate(("services", service.name, "build", "ssh"))),
                hint=f"use your agent: `default`, or `{name}` with an absolute path",
            )
        yield key


def _ulimits(spec: JsonObject) -> Iterator[Ulimit]:
    for name in sorted(spec):
        both = _number(spec[name])
        if both is not None:
            yield Ulimit(name, both, both)
            continue
        limits = as_object(spec[name])
        soft, hard = _number(limits.get("soft")), _number(limits.get("hard"))
        yield Ulimit(name, soft if soft is not None else hard or 0, hard if hard is not None else soft or 0)


def _number(value: JsonValue) -> int | None:
    """The model's numbers of bytes are text."""
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return int(text) if text.removeprefix("-").isdecimal() else None
