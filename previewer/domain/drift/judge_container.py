"""One container as it is against the one that was asked for: its specification and its state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from previewer.domain.compose.keys import in_units
from previewer.domain.drift.fields import (
    ASKED_FIELD,
    ENVIRONMENT,
    LABELS,
    MOUNTS,
    NETWORKS,
    PORTS,
    FieldDifference,
    compare_fields,
    read_asked,
    weigh_field,
)
from previewer.domain.drift.finding import REPLACE, Finding, Layer, Severity
from previewer.domain.drift.frozen import FrozenContainer, FrozenEnvironment
from previewer.domain.engine.examination import ExaminedContainer
from previewer.domain.engine.observation import ContainerState
from previewer.domain.json_value import JsonValue, as_text
from previewer.domain.secrecy import Secrecy
from previewer.domain.units import counted

_NOUNS = (
    (ENVIRONMENT, "the variable {}"),
    (LABELS, "the label {}"),
    (MOUNTS, "the mount at {}"),
    (PORTS, "the published port {}"),
)


class ContainerPair(Struct, frozen=True):
    """A container that was asked for, and the one that is there for it."""

    environment: FrozenEnvironment
    frozen: FrozenContainer
    live: ExaminedContainer
    secrecy: Secrecy

    def finding(
        self,
        kind: str,
        severity: Severity,
        what: str,
        why: str,
        *,
        layer: Layer = Layer.SPECIFICATION,
        where: str = "",
        frozen: str = "",
        live: str = "",
        remedy: str = REPLACE,
        at: datetime | None = None,
        taints: bool = True,
    ) -> Finding:
        """A finding about it; ``where`` is the container, if nothing else is said."""
        return Finding(
            kind=kind,
            layer=layer,
            severity=severity,
            environment=self.environment.name,
            service=self.frozen.service,
            what=what,
            why=why,
            where=where or self.live.name,
            frozen=frozen,
            live=live,
            remedy=remedy,
            at=at,
            taints=taints,
        )


def judge_specification(pair: ContainerPair) -> Iterator[Finding]:
    """The fields that are not as frozen, and a name that is another."""
    if pair.live.name != pair.frozen.name:
        yield pair.finding(
            "renamed",
            Severity.HIGH,
            "it was renamed",
            "it can no longer be found by its name, by logs and links either",
            frozen=pair.frozen.name,
            live=pair.live.name,
        )
    made = next((window for window in pair.environment.windows if window.once), None)
    if made is not None and pair.live.created_at > made.end:
        what, why = "it was made again, after its environment was there", "previewer makes a container once"
        yield pair.finding("recreated", Severity.HIGH, what, why, at=pair.live.created_at)
    if pair.frozen.fields is None:
        return
    asked, others = read_asked(pair.live.fields), []
    for difference in compare_fields(pair.frozen.fields, pair.live.fields):
        if difference.name == ASKED_FIELD or _is_takeover(pair, difference) or _is_suspended(pair, difference):
            continue
        if asked is not None and asked.holds(difference.name, difference.live):
            others.append(difference.name)
        else:
            yield _field_finding(pair, difference)
    if told := [name for name in others if not name.startswith(LABELS)]:
        yield _settings_finding(pair, told)
    edge = NETWORKS + pair.frozen.edge
    if pair.frozen.edge and edge not in pair.live.fields:
        yield _field_finding(pair, FieldDifference(edge, {}, None))


def judge_state(pair: ContainerPair) -> Iterator[Finding]:
    """Whether it does what it is to do at this moment."""
    live = pair.live
    if pair.environment.notes.asleep_since is not None:
        if live.state is ContainerState.RUNNING:
            why = "the environment sleeps: only `previewer wake` is to start it"
            yield pair.finding("running-asleep", Severity.MEDIUM, "it runs although the environment sleeps", why)
        return
    if live.state is ContainerState.PAUSED:
        yield pair.finding("paused", Severity.HIGH, "it is paused", "it answers no requests", live="paused")
    elif live.state is not ContainerState.RUNNING and _is_down(pair):
        ended = (
            f"{live.state.value}, exit code {live.exit_code}" if live.exit_code is not None else live.state.value
        )
        why = "what needs it fails"
        yield pair.finding(
            "stopped", Severity.HIGH, "it does not run", why, frozen="running", live=ended, taints=False
        )
    if live.restarts:
        what = f"the engine restarted it {counted(live.restarts, 'time')}: it exited without being stopped"
        why = "what it had in memory is gone, and it may end again"
        yield pair.finding("crashed", Severity.MEDIUM, what, why, live=str(live.restarts), taints=False)
    if live.out_of_memory:
        why = "the limit is too low, or it leaks"
        yield pair.finding("out-of-memory", Severity.MEDIUM, "it ran out of memory", why, taints=False)
    if live.commands > ("healthcheck" in live.fields):
        what = "a command is running in it right now"
        why = "what runs there was never frozen"
        yield pair.finding("command-running", Severity.HIGH, what, why, layer=Layer.TOUCH)


def _is_down(pair: ContainerPair) -> bool:
    """A job that ended with 0 is done; one that is never to end is not."""
    return pair.live.exit_code != 0 or pair.frozen.is_server


def _is_takeover(pair: ContainerPair, difference: FieldDifference) -> bool:
    """Whether previewer itself joined it to the network: it does so when a generation takes over ports."""
    return difference.frozen is None and difference.name == NETWORKS + pair.frozen.edge


def _is_suspended(pair: ContainerPair, difference: FieldDifference) -> bool:
    """Whether its restart policy is only put away for as long as it sleeps."""
    is_asleep = pair.environment.notes.asleep_since is not None and pair.live.state is not ContainerState.RUNNING
    return is_asleep and difference.name == "restart" and difference.live is None


def _settings_finding(pair: ContainerPair, names: list[str]) -> Finding:
    """The container is as it was asked for, and would be asked for otherwise today."""
    return pair.finding(
        "settings-changed",
        Severity.LOW,
        f"previewer would make it with other values today: {', '.join(names)}",
        "settings, or previewer itself, changed since it was made; it is what was asked for then",
        taints=False,
    )


def _field_finding(pair: ContainerPair, difference: FieldDifference) -> Finding:
    name, weight = difference.name, weigh_field(difference.name)
    kind = weight.kind or name
    if name.startswith(NETWORKS):
        kind, what = _network_words(difference)
    else:
        verb = (
            "was added"
            if difference.frozen is None
            else "is gone"
            if difference.live is None
            else "is not as frozen"
        )
        what = f"{_noun(name)} {verb}"
    return pair.finding(
        kind,
        weight.severity,
        what,
        weight.why,
        where=f"{pair.live.name} {name}",
        frozen=_shown(pair, name, difference.frozen),
        live=_shown(pair, name, difference.live),
    )


def _network_words(difference: FieldDifference) -> tuple[str, str]:
    network = difference.name.removeprefix(NETWORKS)
    if difference.frozen is None:
        return "network-joined", f"it was joined to the network {network}"
    if difference.live is None:
        return "network-left", f"it was cut off from the network {network}"
    return "network-endpoint", f"it has other names or addresses on the network {network}"


def _noun(name: str) -> str:
    for prefix, noun in _NOUNS:
        if name.startswith(prefix):
            return noun.format(name.removeprefix(prefix))
    return name


def _shown(pair: ContainerPair, name: str, value: JsonValue) -> str:
    if value is None:
        return ""
    if name.startswith(ENVIRONMENT):
        return pair.secrecy.hashed(as_text(value)[1:])
    if name.startswith(LABELS):
        return pair.secrecy.masked(as_text(value)[1:])
    return in_units(name, pair.secrecy.shown(value))
