"""Which images a branch may name, wherever it names them: in a definition or in a Dockerfile."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.compose.service import Service
from previewer.domain.glob import any_glob_matches
from previewer.domain.json_value import JsonObject, as_object, value_at
from previewer.domain.naming import OWN_REPOSITORIES
from previewer.domain.policy.mount_rules import leaves_tree
from previewer.domain.policy.rule import Request, Rule, each_of, in_services, service_path
from previewer.domain.policy.trust import Trust
from previewer.domain.release.registry_address import HUB, familiar_address
from previewer.domain.units import NANOSECONDS
from previewer.errors import UsageError

IMAGE_CONTEXT = "docker-image://"
"""Begins the value of an additional context that is an image."""
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_HUB_NAMES = ("index.docker.io", "registry-1.docker.io", HUB)
_THIS_MACHINE = "localhost/"
"""What Podman puts before the names of images that come from no registry."""


def named_images(definition: Definition) -> Iterator[tuple[ModelPath, str]]:
    """Every image that a definition itself names and something of which is read or run, and where."""
    services = definition.services
    built = {service.image for service in services.values() if service.build is not None}
    for service in services.values():
        if service.build is None and service.image is not None and service.image not in built:
            yield service_path(service, "image"), service.image
        for name, value in service.build.additional_contexts.items() if service.build else ():
            if value.startswith(IMAGE_CONTEXT):
                path = service_path(service, "build", "additional_contexts", name)
                yield path, value.removeprefix(IMAGE_CONTEXT)
        for index, mount in enumerate(service.volumes):
            if mount.type == "image":
                yield service_path(service, "volumes", str(index), "source"), mount.source


def image_request(reference: str, trust: Trust, path: ModelPath, *, owner: str = "") -> Request | None:
    """What is refused about naming an image, unless it is granted; ``None`` where nothing is.

    ``owner`` is the project that the engine's image was built for, if it is another one. Every image that a branch
    names is judged here, before it is asked for and again when it is known what the engine has.
    """
    subjects = _subjects(reference)
    if owner:
        message = f"reads {reference}, which previewer has built for the project {owner}"
    elif _is_own(subjects[0]):
        message = f"reads {reference}, an image that previewer keeps for itself or that only the engine knows"
    elif trust.images is not None and not any(any_glob_matches(trust.images, subject) for subject in subjects):
        message = f"reads {reference}, which is not among the images of [policy]"
    else:
        return None
    return Request(path, message, subjects)


def _subjects(reference: str) -> tuple[str, ...]:
    """What patterns are held against: the name as Docker shows it, its tag ``latest`` if none; without tag and
    digest; and with the registry."""
    if _ID.fullmatch(reference):
        return (reference,)
    try:
        address = familiar_address(reference)
    except UsageError:
        return (reference,)
    registry = HUB if address.registry in _HUB_NAMES else address.registry
    name = f"{registry}/{address.repository}"
    familiar = name.removeprefix(f"{HUB}/").removeprefix("library/") if registry == HUB else name
    tag = f":{address.tag}" if address.tag else "" if address.digest else ":latest"
    suffix = f"{tag}@{address.digest}" if address.digest else tag
    return (f"{familiar}{suffix}", familiar, f"{name}{suffix}")


def _is_own(subject: str) -> bool:
    name = subject.removeprefix(_THIS_MACHINE).partition("@")[0].partition(":")[0]
    return _ID.fullmatch(subject) is not None or name.split("/")[0] in OWN_REPOSITORIES


def _find(definition: Definition, trust: Trust) -> Iterator[Request]:
    for path, reference in named_images(definition):
        if (request := image_request(reference, trust, path)) is not None:
            yield request


IMAGE_RULES = (
    Rule(
        id="image",
        forbids="images of the engine by their id, those that previewer built or keeps for itself, and, where "
        "`[policy] images` is set, all that it does not list; in `image`, in contexts and in Dockerfiles",
        why="any branch could read images of other projects on the engine, or images that you may pull",
        instead="name an image that a registry offers publicly, or build it in the definition",
        subject="the image, with or without its tag",
        find=_find,
    ),
)


def image_requests(service: Service, config: JsonObject, trust: Trust) -> Iterator[tuple[str, Request]]:
    """The limits that ``config`` (the engine's, of the image of ``service``) is above, by the id of their rule."""
    path, limits = service_path(service, "build" if service.build else "image"), trust.limits
    exposed, volumes = len(as_object(config.get("ExposedPorts"))), len(as_object(config.get("Volumes")))
    if limits.max_ports is not None and exposed > limits.max_ports:
        message = f"has an image that exposes {exposed} ports, {limits.max_ports} is the most"
        yield "port-limit", Request(path, message, ())
    if limits.max_volumes is not None and volumes * service.replicas > limits.max_volumes:
        message = f"has {volumes} volumes of its image, {limits.max_volumes} is the most"
        yield "volume-limit", Request(path, message, ())
    own = service.healthcheck
    for interval, engine_key in ((own.interval, "Interval"), (own.start_interval, "StartInterval")):
        nanoseconds = value_at(config, "Healthcheck", engine_key)
        if own.disable or interval or not isinstance(nanoseconds, int):
            continue
        if 0 < (seconds := nanoseconds / NANOSECONDS["s"]) < limits.min_health_interval:
            least = f"{limits.min_health_interval:g}s is the least"
            message = f"has an image whose health is checked every {seconds:g}s, {least}"
            yield "health-interval", Request(path, message, ())


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
    for name, context in build.additional_contexts.items():
        if _is_foreign(context) and not context.startswith(("service:", IMAGE_CONTEXT)):
            path = service_path(service, "build", "additional_contexts", name)
            yield Request(path, f"builds with the context {context!r}", (context,))


def _privileges(service: Service) -> Iterator[Request]:
    build = service.build
    if build is None:
        return
    if build.privileged:
        yield Request(service_path(service, "build", "privileged"), "builds with all privileges", ("privileged",))
    for index, value in enumerate(build.entitlements):
        path = service_path(service, "build", "entitlements", str(index))
        yield Request(path, f"builds with the entitlement {value!r}", (value,))


def _networks(service: Service) -> Iterator[Request]:
    network = service.build.network if service.build else ""
    if network not in ("", "default", "none"):
        yield Request(service_path(service, "build", "network"), f"builds on the network {network!r}", (network,))


def _ssh(service: Service) -> Iterator[Request]:
    for index, name in enumerate(service.build.ssh if service.build else ()):
        path = service_path(service, "build", "ssh", str(index))
        yield Request(path, f"builds with the SSH key {name!r}", (name,))


def _caches(service: Service) -> Iterator[Request]:
    build = service.build
    if build is None:
        return
    for key, caches in (("cache_from", build.cache_from), ("cache_to", build.cache_to)):
        for index, value in enumerate(caches):
            if key == "cache_to" or "=" in value:
                path = service_path(service, "build", key, str(index))
                yield Request(path, f"builds with {key} {value!r}", (value,))


def _proxies(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    shared = definition.extension.freeze.args
    arguments: list[tuple[ModelPath, Collection[str]]] = [(("x-previewer", "freeze", "args"), shared)]
    arguments += [
        (service_path(s, "build", "args"), s.build.args) for s in definition.services.values() if s.build
    ]
    for path, args in arguments:
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
