"""Rules about builds: where they read from and what they may do while they run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.compose.service import Service
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.policy.host_paths import leaves_tree
from previewer.domain.policy.image_rules import IMAGE_CONTEXT
from previewer.domain.policy.rule import Request, Rule, each_of, in_services, is_on, service_path
from previewer.domain.policy.trust import Trust

_PROXIES = frozenset(f"{kind}_proxy" for kind in ("http", "https", "ftp", "no", "all"))
"""Arguments that every build has and that no builder counts among what a layer was made from."""
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|git@|github\.com/", re.IGNORECASE)


def _is_foreign(context: str) -> bool:
    return _REMOTE.match(context) is not None or leaves_tree(context)


def _contexts(service: Service) -> Iterator[Request]:
    build = service.build
    if build is None:
        return
    foreign = _is_foreign(build.context)
    if foreign:
        yield Request(
            service_path(service, "build", "context"), f"builds from {build.context!r}", (build.context,)
        )
    dockerfile = build.dockerfile
    if leaves_tree(dockerfile if foreign else posixpath.join(build.context, dockerfile)):
        path = service_path(service, "build", "dockerfile")
        yield Request(path, f"builds from the Dockerfile {dockerfile!r}", (dockerfile,))
    for name, value in as_object(build.spec.get("additional_contexts")).items():
        context = str(value)
        if _is_foreign(context) and not context.startswith(("service:", IMAGE_CONTEXT)):
            path = service_path(service, "build", "additional_contexts", name)
            yield Request(path, f"builds with the context {context!r}", (context,))


def _privileges(service: Service) -> Iterator[Request]:
    build = as_object(service.spec.get("build"))
    if is_on(build.get("privileged")):
        yield Request(service_path(service, "build", "privileged"), "builds with all privileges", ("privileged",))
    for index, value in enumerate(as_list(build.get("entitlements"))):
        path = service_path(service, "build", "entitlements", str(index))
        yield Request(path, f"builds with the entitlement {value!r}", (str(value),))


def _networks(service: Service) -> Iterator[Request]:
    network = as_text(as_object(service.spec.get("build")).get("network"))
    if network not in ("", "default", "none"):
        yield Request(service_path(service, "build", "network"), f"builds on the network {network!r}", (network,))


def _keys(value: JsonValue) -> Iterator[tuple[str, str]]:
    """Where each entry of ``build.ssh`` is and what it is called, for the list and the map form."""
    if isinstance(value, str):
        yield "", value
    for index, item in enumerate(as_list(value)):
        yield str(index), str(as_object(item).get("id", item))
    for name, place in as_object(value).items():
        yield name, f"{name}={place}" if place else name


def _ssh(service: Service) -> Iterator[Request]:
    for key, name in _keys(as_object(service.spec.get("build")).get("ssh")):
        path = service_path(service, "build", "ssh", *(part for part in (key,) if part))
        yield Request(path, f"builds with the SSH key {name!r}", (name,))


def _caches(service: Service) -> Iterator[Request]:
    build = as_object(service.spec.get("build"))
    for key in ("cache_from", "cache_to"):
        for index, value in enumerate(map(str, as_list(build.get(key)))):
            if key == "cache_to" or "=" in value:
                path = service_path(service, "build", key, str(index))
                yield Request(path, f"builds with {key} {value!r}", (value,))


def _proxies(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    shared = as_object(as_object(definition.extension.get("freeze")).get("args"))
    given: list[tuple[ModelPath, JsonObject]] = [(("x-previewer", "freeze", "args"), shared)]
    for service in definition.services.values():
        build = as_object(service.spec.get("build"))
        given.append((service_path(service, "build", "args"), as_object(build.get("args"))))
    for path, args in given:
        for name in args:
            if name.casefold() in _PROXIES:
                yield Request((*path, name), f"builds with the proxy argument {name!r}", (name,))


BUILD_RULES = (
    Rule(
        id="build-context",
        forbids="build contexts and Dockerfiles from URLs or outside the commit's tree",
        why="a file outside the commit is not frozen with it, and may be any file of the machine",
        instead="commit what the build needs",
        subject="the context as written",
        find=in_services(_contexts),
    ),
    Rule(
        id="build-privilege",
        forbids="`build.privileged` and `build.entitlements`",
        why="such a build step has the whole machine",
        instead="build without privileges",
        subject="`privileged` or the entitlement",
        find=in_services(_privileges),
    ),
    Rule(
        id="build-network",
        forbids="`build.network` other than `default` and `none`",
        why="a build on the host's network reaches everything that listens on the machine",
        instead="leave it out",
        subject="the network",
        find=in_services(_networks),
    ),
    Rule(
        id="build-ssh",
        forbids="`build.ssh`",
        why="every step of the build could use your keys",
        instead="vendor the dependency, or fetch it in a step before the build",
        subject="the key's id, with `=/path` where it names a file",
        find=in_services(_ssh),
    ),
    Rule(
        id="build-secret",
        forbids="`build.secrets`",
        why="every step of the build could print them",
        instead="give the secret to the running service",
        subject="the secret",
        find=each_of("build", "secrets", message="builds with the secret {}", naming="source"),
    ),
    Rule(
        id="build-cache",
        forbids="`build.cache_to`, and `build.cache_from` other than an image",
        why="they write to, and read from, folders and registries outside the commit",
        instead="leave it out; equal inputs are never built twice anyway",
        subject="the cache as written",
        find=in_services(_caches),
    ),
    Rule(
        id="build-proxy",
        forbids="`HTTP_PROXY` and the other proxy arguments in `build.args`",
        why="builders share layers whatever proxy they came through, other branches with this one too",
        instead="configure the engine's proxy",
        subject="the argument's name",
        find=_proxies,
    ),
)
