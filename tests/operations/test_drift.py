"""Drift, taint and what follows from them, on the engine in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from previewer.deployment.drift import REMEMBERED_SECONDS, EnvironmentDrift, RememberedFiles, check_drift
from previewer.deployment.touches import look_for_touches, note_touches, record_taints
from previewer.domain import labels
from previewer.domain.cancellation import Cancellation
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.drift.fields import ASKED_FIELD, asked_text
from previewer.domain.drift.finding import Finding, Severity
from previewer.domain.engine.examination import ChangeKind, EngineHappening, FileChange
from previewer.domain.progress import Event
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError, PolicyError
from previewer.operations.debug import debug, plan_debug, remove_forgotten
from previewer.operations.promote import plan_promote, promote
from previewer.operations.suggest_writable import suggest_writable
from previewer.operations.watch.touches import watch_taints, watch_touches
from previewer.records.environments import list_environments
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.testing.memory.examiner import MemoryExaminer
from previewer.testing.memory.session import memory_session
from tests.eventually import eventually
from tests.operations.releasing import ReleasingShop

WEB = "shop-main-g1-web-1"


class TouchedShop(ReleasingShop):
    """A shop whose environments can be touched."""

    def __init__(self) -> None:
        super().__init__()
        self.examiner = MemoryExaminer(self.engine)
        self.session = memory_session(
            source=self.source, engine=self.engine, images=self.images, examiner=self.examiner
        )
        self.up("main")
        self.examiner.looks.clear()

    def happen(self, action: str, detail: str = "", *, minutes: int = 30) -> EngineHappening:
        """Let something happen to the web service."""
        (web,) = (c for c in self.engine.contents()[0] if c.spec.name == WEB)
        at = self.session.clock() + timedelta(minutes=minutes)
        event = EngineHappening(
            "container", action, detail, web.id, WEB, at, {labels.INSTALLATION: self.source.installation}
        )
        self.examiner.happenings.append(event)
        return event

    def kinds(self, *names: str) -> list[str]:
        """Of the findings."""
        return [finding.kind for drift in check_drift(self.session, names) for finding in drift.findings]


@pytest.fixture
def shop() -> TouchedShop:
    return TouchedShop()


def test_what_was_just_made_is_as_frozen(shop: TouchedShop) -> None:
    shop.up("feature/a")
    drifts = check_drift(shop.session)
    assert [(drift.environment.name, drift.findings) for drift in drifts] == [
        (environment.name, ()) for environment in list_environments(shop.session)
    ]
    assert len(drifts) == 2


def test_only_the_named_environment_is_judged(shop: TouchedShop) -> None:
    shop.up("feature/a")
    (drift,) = check_drift(shop.session, ["main"])
    assert drift.environment.name == "shop-main"
    with pytest.raises(NotFoundError):
        check_drift(shop.session, ["never-was"])


def test_a_changed_field_a_file_and_a_command_are_found(shop: TouchedShop) -> None:
    shop.examiner.fields[WEB] = {"mem_limit": 1}
    shop.examiner.changes[WEB] = (FileChange("/etc/passwd", ChangeKind.MODIFIED),)
    shop.happen("exec_create", "sh")
    assert sorted(shop.kinds("main")) == ["command-run", "file-modified", "mem_limit"]


def test_other_settings_make_no_drift_and_hide_none(shop: TouchedShop) -> None:
    (web,) = (c for c in shop.engine.contents()[0] if c.spec.name == WEB)
    asked = asked_text(shop.examiner.describe(web.spec))
    then = {"pids_limit": 7, "cap_add": ["KILL"]}
    shop.examiner.fields[WEB] = {**then, ASKED_FIELD: f"={asked}"}
    assert sorted(set(shop.kinds("main"))) == ["cap_add", "pids_limit"], "they were changed"
    fields: dict[str, Any] = {**shop.examiner.describe(web.spec), **then}
    shop.examiner.fields[WEB] = {**then, ASKED_FIELD: f"={asked_text(fields)}"}
    (drift,) = check_drift(shop.session, ["main"])
    assert [(f.kind, f.taints, f.severity) for f in drift.findings] == [("settings-changed", False, Severity.LOW)]
    assert record_taints(shop.session, [drift]) == ()
    shop.examiner.fields[WEB] = {**then, "pids_limit": 8, ASKED_FIELD: f"={asked_text(fields)}"}
    assert sorted(shop.kinds("main")) == ["pids_limit", "settings-changed"]


def test_looking_at_an_environment_notes_that_it_was_touched(shop: TouchedShop) -> None:
    (environment,) = list_environments(shop.session)
    assert note_touches(shop.session, environment) == environment
    shop.happen("exec_create", "sh")
    assert look_for_touches(shop.session, environment).is_tainted
    assert not shop.environments()["shop-main"].is_tainted, "looked at only"
    with shop.session.ledger.lock("shop-main", purpose="replace"):
        assert not note_touches(shop.session, environment).is_tainted, "it may be the replacement's doing"
    assert note_touches(shop.session, environment).is_tainted
    assert shop.environments()["shop-main"].is_tainted
    assert shop.examiner.looks == [], "no file system was looked at"


def test_what_was_touched_and_not_yet_seen_is_not_promoted(shop: TouchedShop) -> None:
    shop.happen("exec_create", "sh")

    def act_on(session: Session, name: str, options: DeployRequest) -> None:
        promote(Run(session), name, options)

    for act in (plan_promote, act_on):
        with pytest.raises(PolicyError) as refused:
            act(shop.session, "shop-main", DeployRequest(Role.STAGING))
        assert any("a command was run" in line for line in refused.value.details)
        assert shop.environments()["shop-main"].is_tainted is (act is not plan_promote)


def test_what_was_touched_and_not_yet_seen_does_not_become_known_good(shop: TouchedShop) -> None:
    shop.happen("exec_create", "sh")
    shop.commit("second")
    shop.up("main")
    assert shop.notes("shop-main").known_good == ()
    shop.commit("third")
    shop.up("main")
    assert [good.generation for good in shop.notes("shop-main").known_good] == [2]


def test_a_watch_notes_touches(shop: TouchedShop) -> None:
    shop.happen("attach")
    said: list[Event] = []
    cancellation = Cancellation()
    watching = watch_taints(Run(shop.session, said.append, cancellation))
    eventually(lambda: shop.environments()["shop-main"].is_tainted, what="the touch is noted")
    cancellation.request()
    watching.result(10)
    assert "shop-main was changed by hand" in str(said[0])


def test_a_release_that_is_not_here_leaves_files_and_touches(shop: TouchedShop) -> None:
    shop.happen("exec_create", "sh")
    other = memory_session(source=shop.source, engine=shop.engine, examiner=shop.examiner)
    (drift,) = check_drift(other, ["shop-main"])
    assert [finding.kind for finding in drift.findings] == ["command-run", "release-unknown"]


def test_a_touched_environment_is_tainted_for_good(shop: TouchedShop) -> None:
    shop.happen("exec_create", "psql --password letmein")
    assert record_taints(shop.session, check_drift(shop.session)) == ("shop-main",)
    entry = shop.session.ledger.entries(limit=1)[0]
    assert (entry.action, entry.environment) == ("taint", "shop-main")
    assert "a command was run" in entry.detail
    assert "letmein" not in repr(entry)
    assert shop.environments()["shop-main"].is_tainted
    assert record_taints(shop.session, check_drift(shop.session)) == (), "it is noted once"
    shop.examiner.happenings.clear()
    assert shop.kinds("main") == ["tainted"], "although the engine has forgotten"


def test_what_a_program_writes_is_no_taint(shop: TouchedShop) -> None:
    shop.examiner.changes[WEB] = (FileChange("/srv/x", ChangeKind.ADDED),)
    assert record_taints(shop.session, check_drift(shop.session)) == ()
    assert not shop.environments()["shop-main"].is_tainted


def test_one_that_is_being_changed_is_not_noted(shop: TouchedShop) -> None:
    shop.happen("attach")
    drifts = check_drift(shop.session)
    with shop.session.ledger.lock("shop-main", purpose="replace"):
        assert record_taints(shop.session, drifts) == ()
    assert record_taints(shop.session, drifts) == ("shop-main",)


def test_an_untouched_file_system_is_looked_at_once(shop: TouchedShop, tmp_path: Path) -> None:
    shop.examiner.changes[WEB] = (FileChange("/srv/x", ChangeKind.ADDED),)

    def look(now: float) -> int:
        before = len(shop.examiner.looks)
        files = RememberedFiles(tmp_path / "files.json", now=now)
        (drift,) = check_drift(shop.session, ["main"], files=files)
        assert "file-added" in [finding.kind for finding in drift.findings]
        return len(shop.examiner.looks) - before

    start = shop.session.clock().timestamp()
    assert (look(start), look(start + 1)) == (4, 0)
    shop.happen("exec_create", "sh", minutes=1)
    assert look(start + 2) == 1, "it was entered by hand"
    assert look(start + 3 + REMEMBERED_SECONDS) == 4, "programs write without an event"
    (tmp_path / "files.json").write_text("{")
    assert look(start + 3) == 4, "a broken memory is none"


def test_new_findings_are_told_as_they_come(shop: TouchedShop) -> None:
    shop.happen("exec_create", "sh")
    events: list[tuple[str, ...]] = []

    def tell(drift: EnvironmentDrift, findings: Sequence[Finding]) -> None:
        events.append((drift.environment.name, *(finding.kind for finding in findings)))

    watch_touches(Run(shop.session), ["main"], tell=tell)
    assert events == [("shop-main", "command-run"), ("shop-main", "tainted")]
    assert shop.environments()["shop-main"].is_tainted


def test_what_was_written_is_suggested_to_be_declared(shop: TouchedShop) -> None:
    shop.examiner.changes[WEB] = (
        FileChange("/var/cache/app", ChangeKind.ADDED),
        FileChange("/var/cache/app/x", ChangeKind.ADDED),
        FileChange("/etc/x", ChangeKind.ADDED),
    )
    found = {suggestion.service: suggestion for suggestion in suggest_writable(shop.session, "main")}
    assert found["web"].writable == ("/var/cache/app",)
    assert found["web"].refused == ("/etc/x",)
    assert found["db"].writable == ()


def test_a_debug_copy_is_no_part_of_the_environment_and_goes_again(shop: TouchedShop) -> None:
    plan = plan_debug(shop.session, "main", "db").text()
    assert "clone of shop-main-g1_data" in plan
    before = shop.environments()
    seen: list[dict[str, object]] = []

    def look(method: str, name: str) -> None:
        if method == "remove_container" and "-debug-" in name:
            seen.append({"environments": shop.environments() == before, "kinds": shop.kinds("main")})

    shop.engine._on_call = look
    code = debug(Run(shop.session), "main", "db", ("true",), terminal=False)
    assert code == 0
    assert seen == [{"environments": True, "kinds": ["debug-copy"]}]
    left = shop.engine.observe(Selection())
    names = [*(c.name for c in left.containers), *(v.name for v in left.volumes)]
    assert not any("-debug-" in name for name in names)
    assert shop.environments() == before
    with pytest.raises(NotFoundError, match="no such service"):
        plan_debug(shop.session, "main", "nope")


def test_a_copy_that_a_killed_run_left_is_removed_after_its_hour(shop: TouchedShop) -> None:
    def die(method: str, name: str) -> None:
        if method == "start_container" and "-debug-" in name:
            raise KeyboardInterrupt

    shop.engine._on_call = die
    shop.engine.remove_container = lambda name: None  # type: ignore[method-assign]
    shop.engine.remove_volume = lambda name: None  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        debug(Run(shop.session), "main", "db", terminal=False)
    del shop.engine.remove_container, shop.engine.remove_volume
    assert remove_forgotten(shop.session) == (), "its hour is not over"
    now = shop.session.clock() + timedelta(hours=2)
    shop.session.clock = lambda: now
    assert [name.partition("-debug-")[0] for name in remove_forgotten(shop.session)] == ["shop-main-g1-db"] * 2
    assert labels.DEBUG_UNTIL not in repr(shop.engine.contents()[0])


def test_what_a_fresh_generation_writes_is_known_by_its_content(shop: TouchedShop) -> None:
    def look() -> tuple[list[str], list[str]]:
        (drift,) = check_drift(shop.session, ["main"])
        return [f.kind for f in drift.findings], [f.kind for f in drift.expected]

    shop.examiner.changes["shop-main-g2-web-1"] = (FileChange("/etc/web.conf", ChangeKind.ADDED),)
    shop.examiner.digests["/etc/web.conf"] = "sha256:1"
    shop.commit("second")
    shop.up("main")
    assert look() == ([], ["written-at-start"])
    shop.examiner.digests["/etc/web.conf"] = "sha256:2"
    assert look() == (["file-added"], []), "another content is drift"
