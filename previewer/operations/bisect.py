"""Find the commit that broke something: a fresh environment for each step, half of what is left each time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.commit.revision import Commit
from previewer.domain.json_value import digest_of
from previewer.domain.progress import Noted
from previewer.domain.stored import from_bytes, to_bytes
from previewer.domain.units import counted
from previewer.errors import CancelledError, PreviewerError, UsageError
from previewer.ledger.protocol import RecordKind
from previewer.operations.run.command import SIGNALLED, Lines, refuse_unknown
from previewer.operations.run.run import CommandRequest, CommandResult, run_command
from previewer.operations.run.sweeper import Sweeper
from previewer.session.run import Run
from previewer.session.session import Session

SKIPPED = 125
"""The exit code that says of a commit that it cannot be tested, as for ``git bisect run``."""
_FILE = "bisection.json"


class Verdict(Enum):
    """What is known of a commit."""

    GOOD = "good"
    BAD = "bad"
    SKIPPED = "skipped"


class BisectStep(Struct, frozen=True):
    """One commit that was tested."""

    commit: str
    verdict: Verdict
    code: int | None
    """The command's exit code; ``None`` where the commit did not come up."""
    seconds: float


class Bisection(Struct, frozen=True):
    """All that is known so far; kept, so that an interrupted one goes on where it was."""

    good: str
    bad: str
    """Full ids of commits."""
    steps: tuple[BisectStep, ...] = ()

    def of(self, verdict: Verdict) -> list[str]:
        """The commits of which that is known, in the order in which they were tested."""
        return [step.commit for step in self.steps if step.verdict is verdict]

    @property
    def worst(self) -> str:
        """The earliest commit that is known to be bad: each was tested within those before it."""
        return (self.of(Verdict.BAD) or [self.bad])[-1]


class BisectResult(Struct, frozen=True):
    """What was found."""

    bisection: Bisection
    suspects: tuple[Commit, ...]
    """The first bad commit; several where those between could not be tested, the newest first."""
    resumed: int
    """Steps that were known from before."""

    @property
    def first_bad(self) -> Commit | None:
        """The one; ``None`` where several are left."""
        return self.suspects[0] if len(self.suspects) == 1 else None


def bisect(
    run: Run,
    span: str,
    request: CommandRequest,
    *,
    sweeper: Sweeper,
    lines_of: Callable[[str], Lines],
    is_fresh: bool = False,
    broken_is_bad: bool = False,
) -> BisectResult:
    """Test commits of ``GOOD..BAD`` until one is left. GOOD and BAD themselves are believed.

    The command's exit code 0 means good, 125 that the commit cannot be tested, others below 128 bad; a signal ends
    it all. A commit that does not come up cannot be tested either, or with ``broken_is_bad`` is bad. Steps of the
    same bisection that was interrupted are not taken again, unless ``is_fresh``.
    """
    refuse_unknown(request.command, request.variables)
    known = _begin(run.session, span)
    name = _name_of(known, request)
    if not is_fresh and (kept := _load(run.session, name)) is not None:
        known = kept
        run.report(Noted(f"{counted(len(known.steps), 'step')} known from before", "--fresh begins again"))
    resumed = len(known.steps)
    while (commit := _next(run.session, known)) is not None:
        run.cancellation.check()
        found = run.session.source.find_commit(commit)
        title = f"{found.short} {found.subject}" if found is not None else commit
        step = _step(
            commit,
            run_command(run, commit, request, sweeper=sweeper, lines=lines_of(title), title=title),
            broken_is_bad=broken_is_bad,
        )
        run.cancellation.check()  # a command that was interrupted says nothing of its commit
        known = replace(known, steps=(*known.steps, step))
        _store(run.session, name, known)
        run.report(Noted(f"{title}: {step.verdict.value}"))
    suspects = _suspects(run.session, known)
    with suppress(PreviewerError):
        run.session.ledger.remove_record(RecordKind.BISECTION, name)
    return BisectResult(known, suspects, resumed)


def _begin(session: Session, span: str) -> Bisection:
    good, dots, bad = span.partition("..")
    if not (good and dots and bad) or bad.startswith("."):
        raise UsageError(
            "say between which commits: GOOD..BAD", where=span, hint="previewer bisect v1.4..main -- ./check"
        )
    known = Bisection(session.source.resolve(good).commit.id, session.source.resolve(bad).commit.id)
    if not session.source.bisection([known.good], known.bad):
        raise UsageError(
            "the good commit has everything that the bad one has", where=span, hint="the good one comes first"
        )
    return known


def _next(session: Session, known: Bisection) -> str | None:
    """The commit that halves what is left; ``None`` where nothing is left that could be tested."""
    candidates = session.source.bisection([known.good, *known.of(Verdict.GOOD)], known.worst)
    passed_over = {known.worst, *known.of(Verdict.SKIPPED)}
    return next((commit for commit in candidates if commit not in passed_over), None)


def _suspects(session: Session, known: Bisection) -> tuple[Commit, ...]:
    left = session.source.bisection([known.good, *known.of(Verdict.GOOD)], known.worst)
    found = [commit for name in left if (commit := session.source.find_commit(name)) is not None]
    return tuple(sorted(found, key=lambda commit: (commit.id != known.worst, -commit.committed_at.timestamp())))


def _step(commit: str, result: CommandResult, *, broken_is_bad: bool) -> BisectStep:
    """Raises what keeps any commit from being tested: an interruption, a command that was killed."""
    if result.error is not None and result.code is None:
        if isinstance(result.error, CancelledError | UsageError):
            raise result.error
        verdict = Verdict.BAD if broken_is_bad else Verdict.SKIPPED
    elif result.code == SKIPPED:
        verdict = Verdict.SKIPPED
    elif result.code is not None and result.code >= SIGNALLED:
        raise PreviewerError(
            f"the command ended with {result.code}, which says nothing of a commit",
            where=result.title,
            hint="the same command goes on from here",
        )
    else:
        verdict = Verdict.BAD if result.code else Verdict.GOOD
    return BisectStep(commit, verdict, result.code, round(result.seconds, 1))


def _name_of(known: Bisection, request: CommandRequest) -> str:
    about = [known.good, known.bad, *request.command, request.service or "", request.deploy.definition or ""]
    return digest_of({"bisection": about}).removeprefix("sha256:")[:32]


def _load(session: Session, name: str) -> Bisection | None:
    held = session.ledger.read_record(RecordKind.BISECTION, name, _FILE)
    if held is None:
        return None
    try:
        return from_bytes(held, Bisection)
    except ValueError:  # of another version
        return None


def _store(session: Session, name: str, known: Bisection) -> None:
    session.ledger.store_record(RecordKind.BISECTION, name, {_FILE: to_bytes(known)}, at=session.clock())
