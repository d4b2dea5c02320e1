"""Rules about files of the host: mounts, volume drivers, and files behind secrets and configs."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.compose.definition import Definition
from previewer.domain.compose.service import Service
from previewer.domain.json_value import as_list, as_object, as_text
from previewer.domain.policy.host_paths import (
    HostMount,
    host_mounts,
    is_memory_volume,
    leaves_tree,
    normal_path,
    reaches_engine,
    replaced_binds,
)
from previewer.domain.policy.rule import Allowance, Request, Rule, in_services, is_on, service_path
from previewer.domain.policy.trust import Trust

_MOUNT_TYPES = ("bind", "volume", "tmpfs")
_PROPAGATIONS = ("", "private", "rprivate", "slave", "rslave")
_HARMLESS_VOLUME_OPTIONS = ("size",)


def _engine(definition: Definition, trust: Trust) -> Iterator[Request]:
    for mount in _wanted_mounts(definition, trust):
        if reaches_engine(mount.source):
            yield Request(mount.path, f"mounts {mount.source!r}, which leads to the engine", (mount.source,))


def _wanted_mounts(definition: Definition, trust: Trust) -> Iterator[HostMount]:
    """Without those in whose place there will be something else."""
    replaced = set(replaced_binds(definition, trust))
    return (mount for mount in host_mounts(definition) if mount not in replaced)


def _binds(definition: Definition, trust: Trust) -> Iterator[Request]:
    for mount in _wanted_mounts(definition, trust):
        if not mount.by_driver and not reaches_engine(mount.source):
            kind = "read-only" if mount.read_only else "read-write"
            yield Request(mount.path, f"mounts {mount.source!r} of the host, {kind}", _names(mount))


def _names(mount: HostMount) -> tuple[str, ...]:
    """The names of a bind mount in grants. The bare path allows both ways, unless it could be read as a mode."""
    mode = "ro" if mount.read_only else "rw"
    named = f"{mount.source}:{mode}"
    return (named,) if ":" in mount.source else (named, mount.source)


def _mount_types(service: Service) -> Iterator[Request]:
    for index, entry in enumerate(map(as_object, as_list(service.spec.get("volumes")))):
        kind = as_text(entry.get("type"), "volume")
        if kind not in _MOUNT_TYPES:
            yield Request(service_path(service, "volumes", str(index)), f"mounts a {kind!r}", (kind,))
        propagation = as_text(as_object(entry.get("bind")).get("propagation"))
        if propagation not in _PROPAGATIONS:
            path = service_path(service, "volumes", str(index), "bind", "propagation")
            yield Request(path, f"passes mounts on to the host ({propagation})", (propagation,))


def _volume_drivers(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for key, volume in definition.volumes.items():
        driver = as_text(volume.get("driver"))
        if driver not in ("", "local"):
            yield Request(("volumes", key, "driver"), f"uses the volume driver {driver!r}", (driver,))


def _volume_options(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for key, volume in definition.volumes.items():
        options = as_object(volume.get("driver_opts"))
        if not set(options) - set(_HARMLESS_VOLUME_OPTIONS) or is_memory_volume(volume):
            continue
        device = as_text(options.get("device"))
        subject = normal_path(device) if device else ",".join(sorted(options))
        message = f"mounts the device {device!r}" if device else f"sets the driver options {subject!r}"
        yield Request(("volumes", key, "driver_opts"), message, (subject,))


def _outside_files(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for section in ("secrets", "configs"):
        for key, entry in as_object(definition.model.get(section)).items():
            file = as_text(as_object(entry).get("file"))
            if file and leaves_tree(file):
                yield Request((section, key, "file"), f"reads {file!r}, outside of the commit", (file,))


def _secret_drivers(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for section in ("secrets", "configs"):
        for key, entry in as_object(definition.model.get(section)).items():
            for name in ("driver", "template_driver"):
                driver = as_object(entry).get(name)
                if is_on(driver):
                    yield Request((section, key, name), f"uses the {name} {driver!r}", (str(driver),))


MOUNT_RULES = (
    Rule(
        id="engine-socket",
        forbids="mounts of the engine's socket, state or credentials, and of folders that hold them",
        why="who holds the socket is root on the machine",
        instead="leave the mount out, or the whole service with x-previewer.omit",
        subject="the exact path",
        find=_engine,
        allowance=Allowance.EXACT,
    ),
    Rule(
        id="bind",
        forbids="bind mounts of what is outside the commit's tree",
        why="a preview would read, or change, files of the machine; and other machines have other files",
        instead="commit the file and mount it by a relative path, use a named volume, or leave the service out"
        " with x-previewer.omit",
        subject="the path, with `:ro` to allow reading only",
        find=_binds,
    ),
    Rule(
        id="mount-type",
        forbids="mounts other than `bind`, `volume` and `tmpfs`, and mount propagation to the host",
        why="an image that is mounted is not frozen, and propagated mounts leave the container",
        instead="use a named volume",
        subject="the type or propagation",
        find=in_services(_mount_types),
    ),
    Rule(
        id="volume-driver",
        forbids="volume drivers other than `local`",
        why="a plugin keeps data where previewer can neither separate nor remove it",
        instead="leave the driver out",
        subject="the driver",
        find=_volume_drivers,
    ),
    Rule(
        id="volume-option",
        forbids="`driver_opts` of volumes, other than a tmpfs and its size",
        why="`device` mounts any folder, disk or network share of the host under the name of a volume",
        instead="leave driver_opts out",
        subject="the device",
        find=_volume_options,
    ),
    Rule(
        id="outside-file",
        forbids="secrets and configs whose `file` is outside the commit's tree",
        why="they would send files of your machine into the environment",
        instead="commit the file, or take the secret from an allowed environment variable",
        subject="",
        find=_outside_files,
        allowance=Allowance.NEVER,
    ),
    Rule(
        id="secret-driver",
        forbids="`driver` and `template_driver` of secrets and configs",
        why="a plugin of the engine would choose what the environment gets",
        instead="leave the driver out",
        subject="the driver",
        find=_secret_drivers,
    ),
)
