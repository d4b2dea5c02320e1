"""What is found where reality left what was frozen, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from previewer.domain import labels
from previewer.domain.drift.finding import Severity
from previewer.domain.engine.examination import (
    EngineHappening,
    ExaminedVolume,
    Stranger,
)
from previewer.domain.engine.observation import ContainerState
from previewer.domain.record.notes import EnvironmentNotes
from tests.domain.drift_values import (
    FIELDS,
    FROZEN,
    LIVE,
    NETWORK,
    NOW,
    OWNER,
    SEEN,
    VOLUME,
    WEB,
    happening,
    judge,
    kinds,
)


def test_what_is_as_frozen_has_no_findings() -> None:
    assert judge() == ()


@pytest.mark.parametrize(
    ("field", "value", "kind", "severity"),
    [
        ("image", "sha256:2", "image", Severity.HIGH),
        ("mem_limit", 5, "mem_limit", Severity.MEDIUM),
        ("privileged", True, "privileged", Severity.HIGH),
        ("environment.DB_PASSWORD", "=other-secret", "environment", Severity.HIGH),
        ("environment.MORE", "=x", "environment", Severity.HIGH),
        ("labels.com.example", "=x", "label", Severity.MEDIUM),
        (f"labels.{labels.OWNER}", "=x", "ownership-label", Severity.HIGH),
        ("networks.foreign", {"aliases": []}, "network-joined", Severity.HIGH),
        (f"networks.{NETWORK}", None, "network-left", Severity.HIGH),
        (f"networks.{NETWORK}", {"aliases": ["x"]}, "network-endpoint", Severity.HIGH),
        ("mounts./host", {"type": "bind"}, "mount", Severity.HIGH),
        ("ports.80/tcp", [":80"], "port", Severity.HIGH),
        ("restart", "always", "restart", Severity.MEDIUM),
        ("something_new", "x", "something_new", Severity.MEDIUM),
    ],
)
def test_a_field_that_differs_is_named(field: str, value: Any, kind: str, severity: Severity) -> None:
    fields = {key: item for key, item in {**FIELDS, field: value}.items() if item is not None}
    (found,) = judge(replace(LIVE, fields=fields))
    assert (found.kind, found.severity, found.taints) == (kind, severity, True)
    assert field in found.where
    assert "hunter22" not in repr(found)
    assert "other-secret" not in repr(found)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"state": ContainerState.EXITED, "exit_code": 0}, ["stopped"]),
        ({"state": ContainerState.EXITED, "exit_code": 1}, ["stopped"]),
        ({"state": ContainerState.PAUSED}, ["paused"]),
        ({"restarts": 2}, ["crashed"]),
        ({"out_of_memory": True}, ["out-of-memory"]),
        ({"commands": 1}, []),  # its health check
        ({"commands": 2}, ["command-running"]),
        ({"name": "other"}, ["renamed"]),
    ],
)
def test_a_state_that_should_not_be_is_named(change: dict[str, Any], expected: list[str]) -> None:
    assert kinds(judge(replace(LIVE, **change))) == expected


def test_a_job_that_ended_well_is_done() -> None:
    job = replace(FROZEN, containers=(replace(WEB, is_server=False),))
    assert judge(replace(LIVE, state=ContainerState.EXITED, exit_code=0), frozen=job) == ()


def test_one_that_sleeps_is_not_stopped() -> None:
    asleep = replace(FROZEN, notes=EnvironmentNotes(generation=1, asleep_since=NOW))
    assert judge(replace(LIVE, state=ContainerState.EXITED, exit_code=137), frozen=asleep) == ()
    assert kinds(judge(frozen=asleep)) == ["running-asleep"]


def test_the_restart_policy_of_one_that_sleeps_is_put_away() -> None:
    wanted = replace(WEB, fields={**FIELDS, "restart": "on-failure"})
    awake = replace(FROZEN, containers=(wanted,))
    asleep = replace(awake, notes=EnvironmentNotes(generation=1, asleep_since=NOW))
    stopped = replace(LIVE, state=ContainerState.EXITED, exit_code=137)
    assert judge(stopped, frozen=asleep) == ()
    assert kinds(judge(frozen=awake)) == ["restart"]
    changed = replace(stopped, fields={**FIELDS, "restart": "always"})
    assert kinds(judge(changed, frozen=asleep)) == ["restart"]


def test_what_is_missing_or_added_is_named() -> None:
    assert kinds(judge(None)) == ["container-missing"]
    extra = replace(LIVE, id="x", name="x")
    assert kinds(judge(seen=replace(SEEN, containers=(LIVE, extra)))) == ["container-added"]
    copy = replace(extra, is_one_off=True)
    (found,) = judge(seen=replace(SEEN, containers=(LIVE, copy)))
    assert (found.kind, found.taints) == ("debug-copy", False)
    assert kinds(judge(seen=replace(SEEN, networks=()))) == ["network-missing"]
    assert kinds(judge(seen=replace(SEEN, volumes=()))) == ["volume-missing"]
    more = ExaminedVolume("more", OWNER, "", {})
    assert kinds(judge(seen=replace(SEEN, volumes=(*SEEN.volumes, more)))) == ["volume-added"]


def test_strangers_and_foreign_subnets_are_named() -> None:
    stranger = Stranger("s", "curious", "busybox", frozenset({"net-id"}))
    (found,) = judge(seen=replace(SEEN, strangers=(stranger,)))
    assert (found.kind, "curious" in found.what) == ("stranger-joined", True)
    elsewhere = replace(SEEN.networks[0], subnets=("172.17.0.0/16",))
    assert kinds(judge(seen=replace(SEEN, networks=(elsewhere,)))) == ["network-subnet"]


def test_a_moved_name_of_an_image_is_no_touch() -> None:
    frozen = replace(FROZEN, references={"previewer/shop/web:1": "sha256:1"})
    (found,) = judge(frozen=frozen, seen=replace(SEEN, tags={"previewer/shop/web:1": "sha256:9"}))
    assert (found.kind, found.taints) == ("image-tag-moved", False)


def test_what_the_ledger_noted_is_found_for_good() -> None:
    tainted = replace(FROZEN, notes=EnvironmentNotes(generation=1, tainted="web-1: a command was run"))
    assert kinds(judge(frozen=tainted)) == ["tainted"]


def destroyed(generation: int) -> EngineHappening:
    """A container of a generation that is gone."""
    said = {labels.ENVIRONMENT: OWNER.environment, labels.GENERATION: str(generation)}
    return happening("destroy", subject="gone", attributes=said)


def gone(action: str, detail: str = "", seconds: float = 60) -> EngineHappening:
    """Something that happened to a container of the generation that was removed since."""
    said = {labels.ENVIRONMENT: OWNER.environment, labels.GENERATION: str(OWNER.generation)}
    return happening(action, detail, seconds, subject="gone", attributes=said)


def linked(action: str, network: str, container: str = "web-id") -> EngineHappening:
    """A container that joined or left a network."""
    said = {"container": container}
    return happening(action, kind="network", subject="network-id", name=network, attributes=said)


COPY_AT_CREATION = happening("extract-to-dir", seconds=0.1)
EVENTS: list[tuple[list[EngineHappening], list[str]]] = [
    ([happening("exec_create", "sh -c id")], ["command-run"]),
    ([happening("exec_create", "probe web")], []),  # the health check
    ([happening("exec_start", "sh")], []),
    ([happening("exec_create", "sh", subject="other", name="other")], []),
    ([happening("attach")], ["attached"]),
    ([COPY_AT_CREATION], []),
    ([COPY_AT_CREATION, happening("extract-to-dir", seconds=1)], ["copied-into"]),
    ([happening("extract-to-dir", seconds=300)], ["copied-into"]),
    ([happening("start", seconds=1)], []),
    ([happening("start", seconds=1), happening("start", seconds=2)], ["started-by-hand"]),
    ([happening("start", seconds=90)], ["started-by-hand"]),
    ([happening("create", seconds=1, name="another")], ["made-by-hand"]),
    ([happening(word) for word in ("kill", "die", "stop", "start", "restart")], ["restarted"]),
    ([happening(word) for word in ("kill", "die", "stop")], ["stopped-by-hand"]),
    ([happening(word) for word in ("kill", "die")], ["signalled"]),
    ([happening(word) for word in ("pause", "commit", "unpause")], ["committed"]),
    ([happening(word) for word in ("pause", "unpause")], ["paused"]),
    ([happening(word) for word in ("health_status", "die", "oom", "resize")], []),
    ([happening("update")], ["updated"]),
    ([happening("rename", attributes={"oldName": "/x"})], ["renamed"]),
    ([destroyed(OWNER.generation)], ["removed-by-hand"]),
    ([destroyed(OWNER.generation + 1)], []),
    ([gone("exec_create", "probe web"), gone("extract-to-dir", seconds=1), gone("destroy")], ["removed-by-hand"]),
    ([linked("connect", "foreign")], ["network-connected"]),
    ([linked("connect", NETWORK)], []),
    ([happening("create", seconds=1), linked("disconnect", NETWORK)], ["network-disconnected"]),
    ([happening("top", seconds=20), linked("disconnect", NETWORK)], ["network-disconnected", "listed"]),
    ([linked("disconnect", NETWORK)], []),  # its end may be what the engine has forgotten
    ([happening("die"), linked("disconnect", NETWORK)], []),
    ([linked("connect", NETWORK, "stranger")], ["stranger-connected"]),
]


@pytest.mark.parametrize(("events", "expected"), EVENTS)
def test_an_event_is_an_action_by_hand_or_nothing(events: list[EngineHappening], expected: list[str]) -> None:
    assert kinds(judge(happenings=tuple(events))) == expected


def test_of_a_command_only_the_program_is_told() -> None:
    (found,) = judge(happenings=(happening("exec_create", "psql --password letmein"),))
    assert found.live == "psql …"


NEIGHBOURS = {
    "its network": Stranger("x", "x", "i", frozenset(), shares={"network": "web-id"}),
    "its processes": Stranger("x", "x", "i", frozenset(), shares={"pid": "web-id"}),
    "its volume": Stranger("x", "x", "i", frozenset(), volumes=frozenset({VOLUME})),
    "the volume's folder": Stranger("x", "x", "i", frozenset(), sources=frozenset({"/lib/data/sub"})),
}
STRANGERS = {
    "nothing": Stranger("x", "x", "i", frozenset()),
    "another's namespace": Stranger("x", "x", "i", frozenset(), shares={"network": "other-id"}),
    "another volume": Stranger("x", "x", "i", frozenset(), volumes=frozenset({"theirs"})),
    "another folder": Stranger("x", "x", "i", frozenset(), sources=frozenset({"/lib/database", ""})),
}


@pytest.mark.parametrize("shared", [*NEIGHBOURS, *STRANGERS])
def test_a_foreign_container_that_shares_something_is_found(shared: str) -> None:
    volumes = (ExaminedVolume(VOLUME, OWNER, "/lib/data", {}),)
    seen = replace(SEEN, volumes=volumes, strangers=({**NEIGHBOURS, **STRANGERS}[shared],))
    found = judge(seen=seen)
    assert [finding.taints for finding in found] == [True] * (shared in NEIGHBOURS)
