"""What is found where reality left what was frozen, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from previewer.domain import labels
from previewer.domain.drift.file_places import DELETED, NOTHING_LEARNT, StartWrites
from previewer.domain.drift.finding import Finding, Severity
from previewer.domain.drift.frozen import FrozenContainer, FrozenEnvironment, OwnWindow
from previewer.domain.drift.judge import judge_environment
from previewer.domain.drift.judge_files import undeclared_changes
from previewer.domain.drift.suggestion import suggest, suggestion_yaml
from previewer.domain.engine.examination import (
    ChangeKind,
    EngineHappening,
    Examination,
    ExaminedContainer,
    ExaminedNetwork,
    ExaminedVolume,
    FileChange,
    Stranger,
)
from previewer.domain.engine.observation import ContainerState
from previewer.domain.record.notes import EnvironmentNotes
from previewer.domain.secrecy import MASK, Secrecy
from tests.domain.values import make_ownership

OWNER = make_ownership()
NOW = OWNER.created_at + timedelta(hours=1)
STARTS = frozenset({"start", "create"})
NETWORK, VOLUME = "shop-main-g1_default", "shop-main-g1_data"
FIELDS: Mapping[str, Any] = {
    "image": "sha256:1",
    "environment.DB_PASSWORD": "=hunter22",
    f"networks.{NETWORK}": {"aliases": ["web"]},
    "healthcheck": {"Test": ["CMD", "probe", "web"]},
}
WEB = FrozenContainer("shop-main-g1-web-1", "web", 1, FIELDS, copied=("/greeting",), is_server=True)
FROZEN = FrozenEnvironment(
    ownership=OWNER,
    containers=(WEB,),
    networks={NETWORK: {"labels.a": "=1"}},
    volumes={VOLUME: {}},
    begun=OWNER.created_at,
    address_pool="10.213.0.0/16",
    windows=(
        OwnWindow(
            OWNER.created_at, OWNER.created_at + timedelta(seconds=5), frozenset({"start", "create"}), once=True
        ),
    ),
)
LIVE = ExaminedContainer(
    id="web-id",
    name=WEB.name,
    number=1,
    ownership=replace(OWNER, service="web"),
    is_one_off=False,
    state=ContainerState.RUNNING,
    exit_code=None,
    created_at=OWNER.created_at,
    started_at=OWNER.created_at,
    restarts=0,
    out_of_memory=False,
    commands=0,
    fields=FIELDS,
    volumes=frozenset({VOLUME}),
    mounted=frozenset({"/data"}),
    host_ports={},
)
SEEN = Examination(
    containers=(LIVE,),
    networks=(ExaminedNetwork("net-id", NETWORK, OWNER, ("10.213.0.0/28",), "", {"labels.a": "=1"}),),
    volumes=(ExaminedVolume(VOLUME, OWNER, "", {}),),
)


def judge(
    live: ExaminedContainer | None = LIVE,
    *,
    seen: Examination = SEEN,
    frozen: FrozenEnvironment = FROZEN,
    changes: tuple[FileChange, ...] = (),
    happenings: tuple[EngineHappening, ...] = (),
) -> tuple[Finding, ...]:
    """The findings about one container in its environment."""
    others = tuple(container for container in seen.containers if container is not LIVE)
    seen = replace(seen, containers=(*((live,) if live else ()), *others))
    return judge_environment(
        frozen, seen, changes={"web-id": changes}, happenings=happenings, secrecy=Secrecy(b"key")
    )


def kinds(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.kind for finding in findings]


def happening(action: str, detail: str = "", seconds: float = 60, **more: Any) -> EngineHappening:
    """Something that happened to the container, a minute after it was made."""
    said: dict[str, Any] = {"kind": "container", "subject": "web-id", "name": WEB.name, "attributes": {}, **more}
    return EngineHappening(action=action, detail=detail, at=OWNER.created_at + timedelta(seconds=seconds), **said)


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


ADDED = ("/data/x", "/greeting", "/opt/app", "/opt/app/a", "/opt/app/b", "/run/web.pid", "/.dockerenv")
PACKAGE = ("/var/lib", "/var/lib/dpkg", "/var/lib/dpkg/status")
MODIFIED = ("/etc", "/etc/passwd", "/run")
PATHS = [
    *(FileChange(path, ChangeKind.ADDED) for path in (*ADDED, *PACKAGE)),
    *(FileChange(path, ChangeKind.MODIFIED) for path in MODIFIED),
]


ENGINES = ("/usr/sbin/docker-init", "/sbin/docker-init", "/etc/hosts", "/dev/console", "/.dockerenv")


@pytest.mark.parametrize("path", ENGINES)
def test_what_the_engine_puts_into_a_container_is_no_change(path: str) -> None:
    assert judge(changes=(FileChange(path, ChangeKind.ADDED),)) == ()


def test_what_is_mounted_below_a_link_is_no_change() -> None:
    """Where ``/lib`` is a link, the engine lists the folder that it mounts on as ``/usr/lib/…``."""
    writable = replace(FROZEN, containers=(replace(WEB, writable=("/lib/plugins", "/var/run/app")),))
    made = tuple(FileChange(path, ChangeKind.ADDED) for path in ("/usr/lib/plugins", "/run/app"))
    assert judge(changes=made, frozen=writable) == ()


def test_a_file_that_was_given_its_old_time_back_is_never_usual() -> None:
    changes = tuple(FileChange(path, ChangeKind.REWRITTEN) for path in ("/etc/passwd", "/srv/x", "/var/log/x"))
    found = judge(changes=changes)
    assert [(f.kind, f.severity, f.is_expected) for f in found if not f.where.endswith("log/x")] == [
        ("file-rewritten", Severity.HIGH, False)
    ] * 2
    assert all(finding.severity is Severity.HIGH and not finding.is_expected for finding in found)


def test_files_are_judged_without_what_was_declared() -> None:
    found = {finding.where.partition(":")[2]: finding for finding in judge(changes=tuple(PATHS))}
    assert {path: (f.kind, f.severity) for path, f in found.items()} == {
        "/etc/passwd": ("file-modified", Severity.HIGH),
        "/opt/app": ("file-added", Severity.HIGH),
        "/run/web.pid": ("noise", Severity.LOW),
        "/var/lib/dpkg": ("package-installed", Severity.HIGH),
    }
    assert not any(finding.taints for finding in found.values())
    writable = replace(FROZEN, containers=(replace(WEB, writable=("/etc", "/opt", "/run", "/var/lib")),))
    assert judge(changes=tuple(PATHS), frozen=writable) == ()
    assert judge(changes=tuple(PATHS), frozen=replace(FROZEN, looks_at_files=False)) == ()


NATURAL = {
    "/app/__pycache__": {ChangeKind.ADDED},
    "/usr/lib/python3/re/__pycache__/x.pyc": {ChangeKind.ADDED},
    "/run/nginx.pid": {ChangeKind.ADDED, ChangeKind.MODIFIED},
    "/tmp/upload": {ChangeKind.ADDED, ChangeKind.MODIFIED},
    "/var/log/app.log": {ChangeKind.ADDED, ChangeKind.MODIFIED},
    "/var/lib/postgresql/data": {ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.DELETED},
    "/var/spool/postfix/maildrop/1": {ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.DELETED},
    "/app/shop.sqlite3-journal": {ChangeKind.ADDED, ChangeKind.MODIFIED},
    "/dump.rdb": {ChangeKind.ADDED, ChangeKind.MODIFIED},
    "/etc/rules.db": set(),
    "/usr/lib/x.sqlite": set(),
    "/etc/passwd": set(),
    "/var/lib/dpkg/status": set(),
    "/root/.bash_history": set(),
    "/srv/page.html": set(),
}


@pytest.mark.parametrize("path", NATURAL)
def test_what_programs_write_by_nature_is_no_drift(path: str) -> None:
    expected = {kind for kind in ChangeKind if judge(changes=(FileChange(path, kind),))[0].is_expected}
    assert expected == NATURAL[path]


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


@given(
    st.lists(
        st.builds(
            FileChange,
            st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts)),
            st.sampled_from(ChangeKind),
        ),
        unique_by=lambda change: change.path,
    )
)
def test_what_is_suggested_covers_what_was_written(changes: list[FileChange]) -> None:
    found = undeclared_changes(changes, allowed=())
    suggestion = suggest("web", found)
    left = undeclared_changes(changes, allowed=suggestion.writable)
    assert {change.path for change in left} <= set(suggestion.refused)


def test_a_suggestion_can_be_pasted() -> None:
    found = undeclared_changes(PATHS, allowed=("/data", "/greeting"))
    assert suggestion_yaml([suggest("web", found)]) == (
        "x-previewer:\n"
        "  immutability: enforce\n"
        "  writable:\n"
        "    web: [/opt/app, /run, /var/lib/dpkg]\n"
        "# web: /etc/passwd can't be declared: let the program write elsewhere\n"
    )


def test_many_directories_are_one_and_what_python_compiles_is_none() -> None:
    compiled = [f"/usr/lib/python3/{name}/__pycache__" for name in "abc"]
    cached = [f"/srv/cache/{name}/x" for name in "abcd"]
    few = ["/srv/few/a/x", "/srv/few/b/x", "/usr/a/x", "/usr/b/x", "/usr/c/x", "/usr/d/x"]
    changes = [FileChange(path, ChangeKind.ADDED) for path in (*compiled, *cached, *few)]
    found = suggest("web", undeclared_changes(changes, allowed=()))
    assert found.writable == ("/srv/cache", "/srv/few/a", "/srv/few/b", "/usr/a", "/usr/b", "/usr/c", "/usr/d")
    assert (found.hiding, found.compiled) == (("/srv/cache",), 3)
    assert "# web: Python compiles to 3 places" in suggestion_yaml([found])


@given(st.text("abcdef123", min_size=4), st.text("xyz"))
def test_a_secret_is_masked_wherever_it_stands(secret: str, around: str) -> None:
    reported = Secrecy(b"key", [secret])
    assert reported.masked(f"{around}{secret}{around}") == f"{around}{MASK}{around}"


def test_hashes_of_two_runs_say_nothing_of_each_other() -> None:
    assert Secrecy(b"a").hashed("x") == Secrecy(b"a").hashed("x") != Secrecy(b"b").hashed("x")


def test_what_runs_write_alike_is_learnt_by_content_and_what_they_write_differently_by_place() -> None:
    first = NOTHING_LEARNT.joined({"web": {"/etc/a": "1", "/etc/b": "1"}})
    both = first.joined({"web": {"/etc/a": "1", "/etc/b": "2"}})
    reported = {(path, digest): explains(both, path, digest) for path in ("/etc/a", "/etc/b") for digest in "13"}
    assert reported == {
        ("/etc/a", "1"): True,
        ("/etc/a", "3"): False,
        ("/etc/b", "1"): True,
        ("/etc/b", "3"): True,
    }
    assert not explains(both, "/etc/a", "1", service="api")
    assert not explains(both, "/etc/c", "1")


def test_what_a_start_removes_is_learnt_and_data_that_it_begins_may_grow() -> None:
    learnt = NOTHING_LEARNT.joined({"web": {"/etc/default": DELETED, "/data": "1", "/opt/tool": "1"}})
    assert explains(learnt, "/etc/default", DELETED, kind=ChangeKind.DELETED)
    assert not explains(learnt, "/etc/default", "1", kind=ChangeKind.MODIFIED)
    assert not explains(learnt, "/data", DELETED, kind=ChangeKind.DELETED)
    assert explains(learnt, "/data", "2", kind=ChangeKind.ADDED)
    assert not explains(learnt, "/data", "2", kind=ChangeKind.MODIFIED), "the image has it"
    assert not explains(learnt, "/opt/tool", "2", kind=ChangeKind.ADDED), "a program is no data"


def explains(
    learnt: StartWrites,
    path: str,
    digest: str,
    *,
    kind: ChangeKind = ChangeKind.ADDED,
    service: str = "web",
) -> bool:
    return learnt.explains(service, FileChange(path, kind), digest)
