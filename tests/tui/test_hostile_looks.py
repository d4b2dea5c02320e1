"""Hostile names, through the screens that look closer: nothing is obeyed."""

from __future__ import annotations

import pytest
from msgspec import structs
from msgspec.structs import replace

from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.commit.revision import Change, Commit, FileChange
from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.extension import ProbeRequest
from previewer.domain.drift.finding import Finding, Layer, Severity
from previewer.domain.environment.environment import Environment
from previewer.domain.json_value import JsonObject
from previewer.domain.parity.compare import Parity
from previewer.domain.parity.difference import Allowance, ParityDifference, ParitySide
from previewer.domain.parity.probe import ProbeAnswer, ProbeDifference
from previewer.domain.record.notes import EnvironmentNotes, KnownGood, LedgerEntry
from previewer.domain.release.attestation import Attestations, Signature, Verdict
from previewer.domain.release.diff import DefinitionChange, ImageChange, PackageChange, ReleaseDiff
from previewer.domain.release.release import Artifact, FrozenDefinition, Release
from previewer.errors import NotFoundError
from previewer.operations.diff import Difference
from previewer.operations.inspect import Inspection
from previewer.operations.parity import RolesParity
from previewer.operations.probe import Probed
from previewer.operations.prune import Prunable, PruneItem, PrunePlan
from previewer.tui.detail_queries import (
    ContainersRead,
    DifferenceRead,
    DriftRead,
    HistoryRead,
    InspectionRead,
    ParityRead,
    ProbeEnded,
    QuestionFailed,
    RolesParityRead,
)
from previewer.tui.job_kinds import EXTEND, PROMOTE, PRUNE, ROLLBACK
from previewer.tui.messages import EnvironmentsRead, PlanRead
from previewer.tui.request import Request
from previewer.tui.screen_requests import RequestMade, ScreenRequested
from previewer.tui.screens.environment import EnvironmentScreen
from tests.tui.hostile import GROUPS
from tests.tui.test_hostile import check, make_environment
from tests.worlds.tui import NOW, World, terminal_of

names = pytest.mark.parametrize("text", GROUPS.values(), ids=GROUPS.keys())


def make_noted(world: World, text: str, role: Role = Role.PREVIEW) -> Environment:
    """An environment of which the ledger says hostile things."""
    made = make_environment(world, text, role)
    notes = EnvironmentNotes(1, pinned=True, tainted=text, known_good=(KnownGood(text, text, 1, NOW),))
    return replace(made, notes=notes)


def make_finding(environment: str, text: str) -> Finding:
    return Finding(
        kind=text, layer=Layer.TOUCH, severity=Severity.HIGH, environment=environment, service=text,
        where=text, what=text, why=text, frozen=text, live=text, at=NOW,
    )  # fmt: skip


def make_release(world: World, text: str) -> Release:
    """A real release whose words are hostile."""
    real = world.session.ledger.releases()[0]
    artifact = Artifact(f"sha256:{'a' * 64}", text, text, text)
    definitions = {text: FrozenDefinition(next(iter(real.definitions.values())).definition, {text: artifact})}
    return structs.replace(real, definitions=definitions)


@names
async def test_tabs_of_an_environment(world: World, text: str) -> None:
    environment = make_noted(world, text)
    release = make_release(world, text)
    seen = world.examiner.examine(environment.ownership.installation).containers[0]
    async with terminal_of(world.session, size=(120, 40)) as terminal:
        await terminal.until_shown("Memory")
        terminal.app.post_message(EnvironmentsRead((environment,), engine=text))
        terminal.app.post_message(ScreenRequested.environment(text))
        await terminal.until_on("EnvironmentScreen")
        screen = terminal.app.screen
        assert isinstance(screen, EnvironmentScreen)
        predicate: JsonObject = {"runDetails": {"builder": {"id": text, "version": {text: text}}},
                     "buildDefinition": {"resolvedDependencies": [{"name": text}],
                                         "externalParameters": {"repository": text}}}  # fmt: skip
        inspection = Inspection(
            release, text, Attestations({"predicate": predicate}), Signature(Verdict.BAD, text, text, text),
            (text,), running=(environment,),
        )  # fmt: skip
        container = replace(seen, name=text, fields={"command": [text, text], "image": text})
        drift = EnvironmentDrift(environment, (make_finding(text, text),))
        error = QuestionFailed(NotFoundError(text, where=text, hint=text, details=(text,)))
        for key, tab, answer, shown in (
            ("2", "services", ContainersRead((container,)), "Restarts"),
            ("4", "drift", DriftRead(drift, is_newly_tainted=True), "✖ high"),
            ("5", "history", HistoryRead((LedgerEntry(text, NOW, text, text, text, text, text),)), "Action"),
            ("6", "release", InspectionRead(inspection), "Provenance"),
        ):
            await terminal.press(key)
            await terminal.pilot.pause(0.1)  # what it asked itself is answered: there is no such environment
            screen.panels[tab].post_message(answer)
            await terminal.until_shown(shown)
            check(terminal, "")
            screen.panels[tab].post_message(error)
            await terminal.until_shown("✖")
            check(terminal, "")


@names
async def test_parity_and_diff(world: World, text: str) -> None:
    environment = make_noted(world, text)
    definition = Definition(text, Role.PRODUCTION, (), {})
    left, right = (ParitySide(text + end, definition, "c" * 40, NOW) for end in ("1", "2"))
    differences = (
        ParityDifference(text, text, Severity.HIGH, text, text, text),
        ParityDifference(text + "x", text, Severity.LOW, text, text, None, reason=text or "-"),
    )
    parity = Parity(left, right, differences, (Allowance(text, text, text),), 9, 50)
    release = make_release(world, text)
    (artifact,) = release.artifacts
    content = ReleaseDiff(
        (ImageChange(text, text, artifact, None),),
        (PackageChange((text,), text, text, (text,), ()),),
        (DefinitionChange(text, text, Change.CHANGED, text, [text]),),
        (text,),
    )
    commit = Commit("c" * 40, "t", NOW, text, text)
    difference = Difference(
        release, release, content, (commit,), (commit,), (FileChange(text, Change.ADDED, 1, 1),)
    )
    async with terminal_of(world.session, size=(120, 40)) as terminal:
        await terminal.until_shown("Memory")
        terminal.app.post_message(EnvironmentsRead((environment,), engine=text))
        terminal.app.post_message(RolesParityRead(RolesParity(None, text), None))
        await terminal.until(lambda: terminal.app.app_state.roles_parity is not None)
        check(terminal, "")
        for asked, name, answer, shown in (
            (ScreenRequested.parity(text, text), "ParityScreen", ParityRead(parity), "? stale"),
            (ScreenRequested.diff(text, text), "DiffScreen", DifferenceRead(difference), "Definitions"),
        ):
            terminal.app.post_message(asked)
            await terminal.until_on(name)
            await terminal.pilot.pause(0.2)
            terminal.app.screen.post_message(answer)
            await terminal.until_shown(shown)
            check(terminal, "")
            terminal.app.screen.post_message(QuestionFailed(NotFoundError(text, where=text, hint=text)))
            await terminal.until_shown("choose other")
            check(terminal, "")
            await terminal.press("left_square_bracket")
            await terminal.until_on("PickScreen")
            check(terminal, "")
            await terminal.press("escape", "escape")
            await terminal.until_on("HomeScreen")


@names
async def test_what_services_answer(world: World, text: str) -> None:
    definition = Definition("production", Role.PRODUCTION, (), {})
    left, right = (ParitySide(text + end, definition, "c" * 40, NOW) for end in ("1", "2"))
    parity = Parity(left, right, (), (), 9, 100)
    request = ProbeRequest(text, service=text)
    answers = [ProbeAnswer(status, {}, b"", 0.1, error=text, url=text) for status in (0, 200)]
    probed = Probed(request, answers[0], answers[1], (ProbeDifference(request, text or "body", text, text),))
    async with terminal_of(world.session, size=(120, 40)) as terminal:
        await terminal.until_shown("Memory")
        terminal.app.post_message(ScreenRequested.parity("main", "main"))
        await terminal.until_on("ParityScreen")
        await terminal.until_shown("parity 100 %")
        terminal.app.screen.post_message(ParityRead(parity))
        terminal.app.screen.post_message(ProbeEnded(parity, (probed,)))
        await terminal.until_shown("≠ answer", "1 answered differently")
        check(terminal, "")


@names
async def test_requests(world: World, text: str) -> None:
    environment = make_noted(world, text)
    requests: tuple[Request, ...] = (
        *(Request(kind, text, (environment,)) for kind in (EXTEND, ROLLBACK, PROMOTE)),
        Request(PRUNE, text),
    )
    plan = PrunePlan((PruneItem(Prunable.IMAGE, text, False, text, 5), PruneItem(Prunable.BILL, text, True, text)))
    async with terminal_of(world.session, size=(100, 40)) as terminal:
        await terminal.until_shown("Memory")
        for request in requests:
            terminal.app.post_message(RequestMade(request))
            await terminal.until_on("ConfirmScreen")
            await terminal.pilot.pause(0.1)
            terminal.app.screen.post_message(PlanRead(plan))
            await terminal.until_shown("remove image")
            check(terminal, "")
            await terminal.press("escape")
            await terminal.until_on("HomeScreen")
