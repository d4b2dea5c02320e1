"""From the engine's events to what was done to an environment by others than previewer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain import labels
from previewer.domain.drift.finding import Finding, Layer, Severity
from previewer.domain.drift.frozen import FrozenContainer, FrozenEnvironment
from previewer.domain.engine.examination import EngineHappening, ExaminedContainer
from previewer.domain.engine.observation import ContainerState
from previewer.domain.json_value import as_list, as_object, as_text
from previewer.domain.naming import handover_network_name


class TouchMeaning(Struct, frozen=True):
    """One of the engine's words for an action."""

    kind: str
    severity: Severity
    what: str
    why: str
    taints: bool = True


COPIED_OUT = "copied-out"
EXPORTED = "exported"
_INSIDE = "what it changed there was never frozen, and may not show"
_INTERRUPTED = "what it had in memory is gone, and who used it was cut off"
_SEEN = "nothing was changed, but data was taken out or looked at"

CONTAINER_TOUCHES: Mapping[str, TouchMeaning] = {
    "exec_create": TouchMeaning("command-run", Severity.HIGH, "a command was run in it", _INSIDE),
    "attach": TouchMeaning("attached", Severity.HIGH, "a terminal was attached to its main process", _INSIDE),
    "extract-to-dir": TouchMeaning("copied-into", Severity.HIGH, "files were copied into it", _INSIDE),
    "update": TouchMeaning(
        "updated", Severity.HIGH, "its limits or restart policy were changed", "it no longer runs as it was tested"
    ),
    "rename": TouchMeaning("renamed", Severity.HIGH, "it was renamed", "it can no longer be found by its name"),
    "commit": TouchMeaning(
        "committed",
        Severity.MEDIUM,
        "an image was made of it",
        "that image holds what it wrote, secrets included, and it stood still meanwhile",
    ),
    "pause": TouchMeaning("paused", Severity.MEDIUM, "it was paused", "it answered no requests meanwhile"),
    "restart": TouchMeaning("restarted", Severity.HIGH, "it was restarted by hand", _INTERRUPTED),
    "stop": TouchMeaning("stopped-by-hand", Severity.HIGH, "it was stopped by hand", _INTERRUPTED),
    "kill": TouchMeaning("signalled", Severity.HIGH, "it was sent the signal", _INTERRUPTED),
    "start": TouchMeaning(
        "started-by-hand",
        Severity.MEDIUM,
        "it was started again, by hand or after the engine's own restart",
        "it ran a second time on what the first run left",
        taints=False,
    ),
    "create": TouchMeaning(
        "made-by-hand",
        Severity.HIGH,
        "a container with the environment's labels was made by hand",
        "it is not declared",
    ),
    "destroy": TouchMeaning("removed-by-hand", Severity.HIGH, "it was removed by hand", "what needs it fails"),
    "archive-path": TouchMeaning(COPIED_OUT, Severity.LOW, "files were copied out of it", _SEEN, taints=False),
    "export": TouchMeaning(EXPORTED, Severity.LOW, "its file system was exported", _SEEN, taints=False),
    "top": TouchMeaning("listed", Severity.LOW, "its processes were listed", _SEEN, taints=False),
}
"""By the engine's word for an event of a container; others mean nothing here."""

NETWORK_JOINED = TouchMeaning(
    "network-connected",
    Severity.HIGH,
    "it was connected to the network by hand",
    "it reaches, or was reached by, others than was declared",
)
NETWORK_LEFT = TouchMeaning(
    "network-disconnected",
    Severity.HIGH,
    "it was disconnected from the network",
    "services that need it failed meanwhile",
)
STRANGER_CAME = TouchMeaning(
    "stranger-connected",
    Severity.HIGH,
    "another container was connected to the network by hand",
    "it reached every service, past what is published",
)
ABSORBED = {"restart": ("kill", "stop", "start"), "stop": ("kill",), "commit": ("pause",), "destroy": ("kill",)}
"""Which events only belong to a later one of the same container."""


ABSORPTION = timedelta(minutes=5)
"""A stop gives its program time to end."""
AROUND_AN_END = timedelta(seconds=10)
"""The engine itself takes a container that ends off its networks, a moment later."""
COPY_AT_CREATION = timedelta(seconds=60)
"""previewer copies configs and secrets in right after it made a container."""


class TouchedThings(Struct, frozen=True):
    """What an environment's events are about."""

    environment: FrozenEnvironment
    wanted: Mapping[str, FrozenContainer]
    """Frozen containers by container id."""
    live: Mapping[str, ExaminedContainer]
    """All of the environment's containers by id, debug copies included."""
    network_names: frozenset[str]
    """The names of all networks that are the generation's own."""


def find_touches(things: TouchedThings, happenings: Iterable[EngineHappening]) -> tuple[Finding, ...]:
    """What was done by hand, oldest first. ``happenings`` are in the order in which they happened."""
    everything = tuple(happenings)
    passing = {event.subject for event in everything if event.attributes.get(labels.COMPOSE_ONEOFF) == "True"}
    ours = [event for event in everything if _concerns(things, event, passing)]
    counts: Counter[str] = Counter()
    found: list[tuple[EngineHappening, Finding]] = []
    for index, event in enumerate(ours):
        counts[_same(event)] += 1
        meaning = _meaning(things, event, ours, times=counts[_same(event)])
        if meaning is not None and not _is_absorbed(event, ours[index + 1 :]):
            found.append((event, _finding(things, event, meaning)))
    return tuple(finding for _event, finding in found)


def _concerns(things: TouchedThings, event: EngineHappening, passing: Collection[str]) -> bool:
    """Whether it is about the environment; debug copies, which are ``passing``, are previewer's own."""
    if event.subject in passing or event.attributes.get("container") in passing:
        return False
    if event.kind == "network":
        return event.name in things.network_names or event.attributes.get("container", "") in things.live
    if event.kind != "container":
        return False
    if event.subject in things.live:
        return True
    own = things.environment.ownership
    said = (event.attributes.get(labels.ENVIRONMENT), event.attributes.get(labels.GENERATION))
    is_before = event.attributes.get(labels.OPERATION, own.operation) != own.operation  # it was down meanwhile
    return said == (own.environment, str(own.generation)) and not is_before


def _same(event: EngineHappening) -> str:
    """The same for what happens to the same container again; a container that is made again has the same name."""
    return f"{event.action} {event.name if event.action == 'create' else event.subject}"


def _meaning(
    things: TouchedThings, event: EngineHappening, ours: Sequence[EngineHappening], *, times: int
) -> TouchMeaning | None:
    if _is_previewers(things, event, times):
        return None
    if event.kind == "network":
        return _network_meaning(things, event, ours)
    if event.action == "exec_create" and _is_health_check(things, event):
        return None
    if event.action == "extract-to-dir" and times == 1 and _is_own_copy(things, event):
        return None
    if event.action == "start" and (
        _is_engines_restart(things, event) or (times == 1 and _was_just_made(event, ours))
    ):
        return None
    return CONTAINER_TOUCHES.get(event.action)


def _is_previewers(things: TouchedThings, event: EngineHappening, times: int) -> bool:
    """Whether the ledger tells that previewer did it."""
    if event.action == "create" and event.name not in {c.name for c in things.environment.containers}:
        return False
    if event.kind == "network":
        return False
    windows = (window for window in things.environment.windows if not window.once or times == 1)
    return any(window.covers(event.action, event.at) for window in windows)


def _network_meaning(
    things: TouchedThings, event: EngineHappening, ours: Sequence[EngineHappening]
) -> TouchMeaning | None:
    """The engine itself joins a container that starts to its own networks, and takes off one that ends."""
    container, is_own = event.attributes.get("container", ""), event.name in things.network_names
    own = things.environment.ownership
    if event.name == handover_network_name(own.environment, own.generation):
        return None
    if event.action == "connect":
        if container in things.live:
            return None if is_own else NETWORK_JOINED
        return None if _is_own_past(things, container, ours) else STRANGER_CAME
    if event.action == "disconnect" and container in things.live:
        is_engines = _ended_around(event.at, container, ours) or _may_have_ended(things, event.at, container, ours)
        return NETWORK_LEFT if is_own and not is_engines else None
    return None


def _is_own_past(things: TouchedThings, container: str, ours: Sequence[EngineHappening]) -> bool:
    """Whether a container that is gone was the environment's, as far as its events tell, or is too old to tell."""
    if any(event.kind == "container" and event.subject == container for event in ours):
        return True
    first = min((event.at for event in ours), default=None)
    return first is None or first <= things.environment.begun


def _ended_around(at: datetime, container: str, ours: Sequence[EngineHappening]) -> bool:
    ends = ("die", "stop", "destroy")
    return any(
        event.subject == container and event.action in ends and abs(event.at - at) <= AROUND_AN_END
        for event in ours
    )


def _may_have_ended(things: TouchedThings, at: datetime, container: str, ours: Sequence[EngineHappening]) -> bool:
    """Whether its end may be what the engine has just forgotten: it keeps few events, and the end came first."""
    if any(event.action == "create" and event.subject == container for event in ours):
        return False
    is_oldest = at - ours[0].at <= AROUND_AN_END
    return is_oldest or things.live[container].state is not ContainerState.RUNNING


def _is_health_check(things: TouchedThings, event: EngineHappening) -> bool:
    """Whether the command is the health check's, which the engine reports as it reports a person's."""
    wanted, live = _asked_for(things, event), things.live.get(event.subject)
    fields = wanted.fields if wanted is not None else None
    if fields is None and things.environment.unjudged and live is not None:
        fields = live.fields  # what was frozen is unknown here: the engine's answer has to do
    test = [as_text(word) for word in as_list(as_object((fields or {}).get("healthcheck")).get("Test"))]
    if test[:1] == ["CMD-SHELL"]:
        return event.detail.endswith(" ".join(test[1:]).strip()) and " -c " in f" {event.detail}"
    return test[:1] == ["CMD"] and event.detail == " ".join(test[1:]).strip()


def _is_own_copy(things: TouchedThings, event: EngineHappening) -> bool:
    """Configs and secrets are copied in once, before the first start."""
    wanted, live = _asked_for(things, event), things.live.get(event.subject)
    if wanted is None or not (wanted.copied or things.environment.unjudged):
        return False
    if live is None:  # gone since
        return any(window.covers("create", event.at) for window in things.environment.windows)
    return event.at - live.created_at <= COPY_AT_CREATION


def _asked_for(things: TouchedThings, event: EngineHappening) -> FrozenContainer | None:
    """What the container of an event was to be; one that is gone is known by its name only."""
    by_name = (container for container in things.environment.containers if container.name == event.name)
    return things.wanted.get(event.subject) or next(by_name, None)


def _is_engines_restart(things: TouchedThings, event: EngineHappening) -> bool:
    live = things.live.get(event.subject)
    return live is None or live.restarts > 0


def _was_just_made(event: EngineHappening, ours: Sequence[EngineHappening]) -> bool:
    """Whether its making is known too: that is judged, and a first start is a part of it."""
    return any(other.action == "create" and other.subject == event.subject for other in ours)


def _is_absorbed(event: EngineHappening, later: Sequence[EngineHappening]) -> bool:
    """Whether it is a part of something that has a better name."""
    for other in later:
        if other.at - event.at > ABSORPTION:
            return False
        if other.kind == event.kind and other.subject == event.subject:
            if event.action in ABSORBED.get(other.action, ()):
                return True
            if (event.action, other.action) == ("pause", "unpause"):
                return False
    return False


def _finding(things: TouchedThings, event: EngineHappening, meaning: TouchMeaning) -> Finding:
    container = event.attributes.get("container", "") if event.kind == "network" else event.subject
    live, wanted = things.live.get(container), things.wanted.get(container)
    name = live.name if live else event.name if event.kind == "container" else container[:12]
    made = Finding(
        kind=meaning.kind,
        layer=Layer.TOUCH,
        severity=meaning.severity,
        environment=things.environment.name,
        service=wanted.service if wanted else event.attributes.get(labels.SERVICE, ""),
        where=name,
        what=meaning.what,
        why=meaning.why,
        live=_extra(event),
        at=event.at,
        taints=meaning.taints,
    )
    return replace(made, what=f"{meaning.what} {event.name}") if event.kind == "network" else made


def _extra(event: EngineHappening) -> str:
    """What more may be told: of a command only the program, for its arguments may be secrets."""
    if event.action == "exec_create":
        program = event.detail.split(maxsplit=1)[:1]
        return f"{program[0]} …" if program else ""
    if event.action == "kill":
        return f"signal {event.attributes.get('signal', '?')}"
    if event.action == "rename":
        return f"from {event.attributes.get('oldName', '?').lstrip('/')} to {event.name}"
    if event.action == "commit":
        return event.attributes.get("imageRef", "")
    return ""
