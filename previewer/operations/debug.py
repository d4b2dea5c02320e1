"""A disposable copy of a service to look into: there is no way into the service itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from previewer.background import begin
from previewer.deployment.frozen_environment import frozen_target
from previewer.domain import labels
from previewer.domain.compose.mounted_files import FileOwner
from previewer.domain.compose.served_files import FILES_VOLUME
from previewer.domain.compose.service import STDIN_ONCE_KEY, Mount, Service
from previewer.domain.deploy.plan import CreateContainer, CreateVolume, FillVolume, Plan, StartContainer, Step
from previewer.domain.deploy.target import Target, container_spec
from previewer.domain.drift.fields import LABELS
from previewer.domain.engine.examination import Examination
from previewer.domain.engine.specs import ContainerSpec, FillSpec, VolumeSpec
from previewer.domain.environment.environment import Environment
from previewer.domain.json_value import JsonObject, JsonValue, as_text
from previewer.domain.naming import scope
from previewer.domain.progress import Noted
from previewer.domain.units import format_time, parse_time
from previewer.errors import EngineError, NotFoundError
from previewer.execution.execute import execute
from previewer.records.environments import find_environment
from previewer.records.masking import Mask, mask_of, masking
from previewer.session.release_files import read_contents, release_tree
from previewer.session.run import Run
from previewer.session.secrets import with_secrets
from previewer.session.session import Session

TIME_TO_LIVE = timedelta(hours=1)
"""After which a copy that was left behind may be removed by anybody."""
SHELL = ("sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh")
KEPT_KEYS = frozenset(
    {
        "cap_add",
        "cap_drop",
        "configs",
        "cpus",
        "deploy",
        "devices",
        "dns",
        "dns_opt",
        "dns_search",
        "environment",
        "extra_hosts",
        "group_add",
        "init",
        "ipc",
        "mem_limit",
        "network_mode",
        "pid",
        "pids_limit",
        "read_only",
        "secrets",
        "security_opt",
        "shm_size",
        "sysctls",
        "tmpfs",
        "ulimits",
        "user",
        "working_dir",
    }
)
"""Keys of the service that a copy keeps: it publishes no port, has no health check and never restarts."""


class DebugCopy(Struct, frozen=True):
    """What is to be made."""

    container: ContainerSpec
    plan: Plan
    """All of it; the last step, the start, is taken by the client that attaches to it."""
    volumes: tuple[str, ...]
    """The engine's names of the volumes that are cloned for it."""
    release: str
    """The id of the release that the service runs."""
    missing: tuple[str, ...] = ()
    """Variables of the user's that it has, and the copy has not: nothing gives them."""


def plan_debug(session: Session, environment: str, service: str, command: Sequence[str] = ()) -> Plan:
    """What :func:`debug` would make. Raises :class:`NotFoundError` for a service that there is none of."""
    return _prepare(session, environment, service, command, identifier="copy", terminal=True).plan


def debug(
    run: Run,
    environment: str,
    service: str,
    command: Sequence[str] = (),
    *,
    terminal: bool,
    shows_secrets: bool = False,
) -> int:
    """Make a copy of ``service``, run ``command`` in it (a shell without one), and remove it; the exit code.

    It has the service's image, variables, configs, secrets, limits and rights. Volumes that the service writes to
    are cloned; those that it only reads are shared, read-only. It hangs on the environment's networks under
    a name of its own. Nothing of it is left, however it ends; what a killed run leaves goes with `down`, and is
    removed by the next `debug` once its hour is over. Without a terminal, values of secrets in what it writes are
    masked, unless ``shows_secrets`` asks for every byte as it is.
    """
    session = run.session
    remove_forgotten(session)
    copy = _prepare(session, environment, service, command, identifier=session.new_id()[:6], terminal=terminal)
    mask = mask_of(session, copy.release)
    if copy.missing:
        message = f"{', '.join(copy.missing)}: not set here, so the copy has *** in their place"
        run.report(Noted(message, "give a file of this machine with --env-file FILE"))
    try:
        making = replace(copy.plan, steps=copy.plan.steps[:-1])
        with masking(run, mask) as masked:
            execute(masked, making, stage="run")
        hides = not terminal and not shows_secrets
        return _run_until_interrupted(run, copy.container.name, terminal=terminal, mask=mask if hides else None)
    finally:
        session.engine.remove_container(copy.container.name)
        for volume in copy.volumes:
            session.engine.remove_volume(volume)


def _run_until_interrupted(run: Run, container: str, *, terminal: bool, mask: Mask | None) -> int:
    """Attach to the copy until its command ends. Raises :class:`CancelledError` where an interruption ends it."""

    def end() -> None:  # not in the thread that is attached, which a signal's handler runs in
        begin(partial(run.session.engine.remove_container, container), name="previewer-debug-end")

    forget = run.cancellation.on_request(end)
    try:
        code = run.session.debugger.run(container, terminal=terminal, mask=mask)
    except EngineError:
        run.cancellation.check()
        raise
    finally:
        forget()
    run.cancellation.check()
    return code


def remove_forgotten(session: Session) -> tuple[str, ...]:
    """Remove debug copies of killed runs whose time is over; their names."""
    seen = session.examiner.examine(session.source.installation)
    now = session.clock()
    gone = [container.name for container in seen.containers if _is_over(container.fields, now)]
    volumes = [
        volume.name
        for volume in seen.volumes
        if _is_ours(session, volume.ownership) and _is_over(volume.fields, now)
    ]
    for name in gone:
        session.engine.remove_container(name)
    for name in volumes:
        with suppress(EngineError):  # another copy may use it
            session.engine.remove_volume(name)
    return (*gone, *volumes)


def _prepare(
    session: Session, environment: str, service: str, command: Sequence[str], *, identifier: str, terminal: bool
) -> DebugCopy:
    found = find_environment(session, environment)
    seen = session.examiner.examine(session.source.installation)
    owner = found.ownership
    knowing = with_secrets(Run(session), owner.role, branch=owner.branch, commit=owner.commit).session
    target, missing = _complete_target(knowing, found, seen)
    if service not in target.definition.services:
        known = ", ".join(target.definition.services)
        raise NotFoundError("there is no such service", where=f"{found.name} {service}", hint=f"there is {known}")
    name = f"{scope(found.name, target.ownership.generation)}-{service}-debug-{identifier}"
    said = _labels(target, service, until=session.clock() + TIME_TO_LIVE)
    original = container_spec(target, target.definition.services[service], 1)
    cloned = {key: f"{name}_{key}" for key in _written_volumes(target.definition.services[service])}
    container = replace(
        original,
        name=name,
        service=f"{service}-debug",  # its name on the networks: the service's own traffic is not for it
        labels=said,
        compose=_compose_of(original, command, terminal=terminal),
        volumes={**original.volumes, **cloned},
    )
    plan = Plan(f"debug {found.name} {service}", tuple(_steps(session, target, container, cloned, original)))
    return DebugCopy(container, plan, tuple(cloned.values()), found.ownership.release, missing)


def _complete_target(
    session: Session, environment: Environment, seen: Examination
) -> tuple[Target, tuple[str, ...]]:
    """With the contents of configs and secrets, which are copied in; and the variables that nothing gives."""
    target, release, definition = frozen_target(session, environment, seen)
    tree = release_tree(session, release.commit)
    frozen = session.references.resolve(release.definitions[definition].definition)
    missing = session.references.missing(release.definitions[definition].definition)
    complete = replace(
        target,
        definition=session.references.resolve(target.definition),
        contents=read_contents(frozen, tree, session.settings.allowed_variables),
    )
    return complete, missing


def _steps(
    session: Session, target: Target, container: ContainerSpec, cloned: Mapping[str, str], original: ContainerSpec
) -> Iterator[Step]:
    needs = set()
    for key, volume in cloned.items():
        said = {**container.labels, labels.COMPOSE_VOLUME: key}
        made = Step(
            CreateVolume(VolumeSpec(volume, said, target.definition.volumes[key].spec)),
            "the copy has data of its own",
        )
        source = original.volumes[key]
        read = partial(_read_whole, session, source, container.image, said)
        fill = FillSpec(volume=volume, image=container.image, labels=said, archive=read)
        filled = Step(FillVolume(fill), f"it is a clone of {source}", frozenset({made.id}))
        needs.add(filled.id)
        yield from (made, filled)
    create = Step(CreateContainer(container), f"it is a copy of {original.name}", frozenset(needs))
    yield create
    yield Step(
        StartContainer(container.name),
        "a shell is opened in it, and it goes when that ends",
        frozenset({create.id}),
    )


def _read_whole(
    session: Session, volume: str, image: str, said: Mapping[str, str], owner: FileOwner
) -> Iterator[bytes]:
    """What a volume holds, with the owners that it has: ``owner`` is for what is new."""
    del owner
    return session.debugger.read_volume(volume, image=image, labels=said)


def _compose_of(original: ContainerSpec, command: Sequence[str], *, terminal: bool) -> JsonObject:
    service = original.declared
    networks: dict[str, JsonValue] = {key: {} for key in service.networks}
    mounts = zip(service.volumes, service.entries("volumes"), strict=True)
    return {
        **{key: value for key, value in original.compose.items() if key in KEPT_KEYS},
        "volumes": [_without_writing(mount, entry) for mount, entry in mounts],
        **({"networks": networks} if networks else {}),
        "entrypoint": [],
        "command": list(command) or list(SHELL),
        "healthcheck": {"disable": True},
        "tty": terminal,
        "stdin_open": True,
        STDIN_ONCE_KEY: not terminal,  # what is piped into it ends
    }


def _without_writing(mount: Mount, entry: JsonObject) -> JsonObject:
    """A mount of the copy: what it shares with the service it can only read. Memory and volumes without a name are
    its own."""
    is_own = mount.type == "tmpfs" or (mount.type == "volume" and not mount.source)
    return entry if is_own or _is_written(mount) else {**entry, "read_only": True}


def _written_volumes(service: Service) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mount.source for mount in service.volumes if _is_written(mount)))


def _is_written(mount: Mount) -> bool:
    return mount.type == "volume" and mount.source not in ("", FILES_VOLUME) and not mount.read_only


def _labels(target: Target, service: str, *, until: datetime) -> dict[str, str]:
    """The environment's own, so that `down` finds it; and that it is no part of the service."""
    owner = target.ownership
    return {
        **labels.ownership_labels(replace(owner, service=service)),
        labels.DEBUG_UNTIL: format_time(until),
        labels.COMPOSE_PROJECT: scope(owner.environment, owner.generation),
        labels.COMPOSE_SERVICE: service,
        labels.COMPOSE_ONEOFF: "True",
    }


def _is_over(fields: JsonObject, now: datetime) -> bool:
    said = as_text(fields.get(LABELS + labels.DEBUG_UNTIL))
    return bool(said) and parse_time(said[1:]) <= now


def _is_ours(session: Session, owner: labels.Ownership | None) -> bool:
    return owner is not None and owner.installation == session.source.installation
