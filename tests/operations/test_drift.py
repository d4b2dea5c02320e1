"""Drift, taint and what follows from them, on the engine in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from previewer.deployment.drift import REMEMBERED_SECONDS, EnvironmentDrift, RememberedFiles, check_drift
from previewer.deployment.touches import look_for_touches, note_touches, record_taints
from previewer.domain import labels
from previewer.domain.cancellation import Cancellation
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.drift.fields import ASKED_FIELD, asked_text
from previewer.domain.drift.finding import Finding, Severity
from previewer.domain.drift.frozen import OwnWindow, own_entries, own_windows
from previewer.domain.engine.examination import ChangeKind, EngineHappening, FileChange
from previewer.domain.labels import Ownership
from previewer.domain.progress import Event
from previewer.domain.record.notes import EnvironmentNotes, LedgerEntry
from previewer.domain.stored import from_bytes, to_bytes
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
from tests.domain.values import make_ownership
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


def windows_of(owner: Ownership, entries: Sequence[LedgerEntry]) -> tuple[OwnWindow, ...]:
    own = own_entries(owner, entries)
    return tuple(own_windows(own, own.created_at))


@pytest.mark.parametrize(
    ("entries", "action", "minute", "is_own"),
    [
        ({}, "start", 5, True),
        ({}, "kill", 5, False),
        ({1: "up"}, "start", 1, True),
        ({1: "up"}, "start", 2, False),
        ({1: "up", 30: "sleep"}, "kill", 31, True),
        ({1: "up", 30: "sleep"}, "kill", 20, True),
        ({1: "up", 30: "sleep"}, "kill", 10, False),
        ({1: "up", 30: "sleep"}, "exec_create", 30, False),
        ({1: "up", 30: "sleep", 32: "wake"}, "start", 32, True),
        ({1: "up", 30: "taint"}, "kill", 30, False),
        ({1: "up", 30: "rollback"}, "stop", 29, True),
    ],
)
def test_what_previewer_did_itself_is_known_from_the_ledger(
    entries: dict[int, str], action: str, minute: int, is_own: bool
) -> None:
    owner = make_ownership()
    said = [
        LedgerEntry(word, owner.created_at + timedelta(minutes=at), "ada", owner.environment)
        for at, word in entries.items()
    ]
    timestamp = owner.created_at + timedelta(minutes=minute)
    assert any(window.covers(action, timestamp) for window in windows_of(owner, said)) is is_own


@pytest.mark.parametrize(("live", "is_own"), [(2, True), (1, False)])
def test_what_is_kept_is_stopped_after_its_successor_is_noted(live: int, is_own: bool) -> None:
    owner = make_ownership(generation=1)
    made, replaced = owner.created_at, owner.created_at + timedelta(hours=1)
    said = [
        LedgerEntry(
            "replace", replaced, "ada", owner.environment, notes={owner.environment: EnvironmentNotes(live)}
        ),
        LedgerEntry("up", made, "ada", owner.environment),
    ]
    timestamp = replaced + timedelta(seconds=30)
    assert any(window.covers("kill", timestamp) for window in windows_of(owner, said)) is is_own


@pytest.mark.parametrize("step", [timedelta(), timedelta(seconds=-30), timedelta(hours=-5)])
def test_a_clock_that_is_set_back_while_it_is_made_makes_no_touch_of_our_own(step: timedelta) -> None:
    owner = make_ownership()
    up = owner.created_at + timedelta(seconds=10) + step
    asleep = up + timedelta(hours=1)
    name, notes = owner.environment, EnvironmentNotes(owner.generation)
    entries = [
        LedgerEntry("wake", asleep + timedelta(minutes=1), "ada", name, notes={name: notes}),
        LedgerEntry("sleep", asleep, "ada", name, notes={name: notes}),
        LedgerEntry("up", up, "ada", name, notes={name: notes}),
        LedgerEntry("down", owner.created_at - timedelta(days=1), "ada", name),
    ]
    windows = windows_of(owner, entries)
    kills = [asleep + timedelta(seconds=seconds) for seconds in (1, -1200)]
    assert [any(window.covers("kill", at) for window in windows) for at in kills] == [True, False]


@pytest.mark.parametrize("wrong", [-3600, -30, 0, 30, 3600])
@pytest.mark.parametrize("wrong_today", [-3600, 0, 30])
def test_a_clock_that_was_wrong_when_it_was_made_is_not_compared_with_today_s(
    wrong: int, wrong_today: int
) -> None:
    """The engine's clock is right; the user's is wrong by so many seconds at `up` and by others today."""
    then, today = timedelta(seconds=wrong), timedelta(seconds=wrong_today)
    right = make_ownership().created_at
    owner = replace(make_ownership(), created_at=right + then)
    name, notes = owner.environment, EnvironmentNotes(owner.generation)
    entries = [
        LedgerEntry(word, right + then + after, "ada", name, notes={name: notes}, engine_ahead=-wrong * 1000)
        for word, after in (("sleep", timedelta(hours=2)), ("up", timedelta(seconds=9)))
    ]
    own = own_entries(owner, entries, engine_ahead=-today)
    assert own.created_at == right + today
    windows = tuple(own_windows(own, right + today))
    seen = [("start", 8), ("start", 20), ("kill", 2 * 3600 + 1), ("kill", 1800), ("kill", 4 * 3600)]
    events = [
        any(w.covers(act, right + today + timedelta(seconds=second)) for w in windows) for act, second in seen
    ]
    assert events == [True, False, True, False, False]


def test_a_moment_that_the_ledger_tells_is_exact() -> None:
    owner = make_ownership()
    begun = owner.created_at + timedelta(minutes=30)
    entries = [
        LedgerEntry("up", owner.created_at, "ada", owner.environment),
        LedgerEntry("sleep", begun, "ada", owner.environment, began=begun),
        LedgerEntry(
            "wake", begun + timedelta(seconds=70), "ada", owner.environment, began=begun + timedelta(minutes=1)
        ),
    ]
    windows = windows_of(owner, entries)
    events = {
        (action, second): any(w.covers(action, begun + timedelta(seconds=second)) for w in windows)
        for action, second in (
            ("kill", -5),
            ("kill", 5),
            ("kill", 65),
            ("start", 55),
            ("start", 65),
            ("start", 80),
        )
    }
    assert events == {
        ("kill", -5): False,
        ("kill", 5): True,
        ("kill", 65): False,
        ("start", 55): False,
        ("start", 65): True,
        ("start", 80): False,
    }


def test_stopped_and_started_within_one_second_are_both_our_own() -> None:
    owner = make_ownership()
    second = owner.created_at + timedelta(minutes=30)
    name = owner.environment
    stopped, woken = (second + timedelta(seconds=part) for part in (0.6, 0.9))
    events = [
        LedgerEntry("wake", woken, "ada", name, began=woken),
        LedgerEntry("sleep", stopped, "ada", name, began=second),
        LedgerEntry("up", owner.created_at, "ada", name),
    ]
    windows = windows_of(owner, [from_bytes(to_bytes(entry), LedgerEntry) for entry in events])
    assert any(window.covers("kill", stopped) for window in windows), "the ledger cuts moments off to a second"


def test_a_generation_that_is_replaced_within_a_second_does_not_end_the_making_of_the_next() -> None:
    owner = make_ownership(generation=2)
    name = owner.environment
    done = owner.created_at + timedelta(seconds=3)
    events = [
        LedgerEntry("replace", done, "ada", name, notes={name: EnvironmentNotes(2)}),
        LedgerEntry("up", owner.created_at, "ada", name, notes={name: EnvironmentNotes(1)}),
    ]
    making = next(window for window in windows_of(owner, events) if window.once)
    assert making.end >= done


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
