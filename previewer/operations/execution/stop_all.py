"""Stop containers and keep them."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.domain.cancellation import Cancellation
from previewer.domain.plan import Plan, Step, StopContainer
from previewer.domain.progress import Report
from previewer.operations.execution.execute import ExecutionLimits, execute
from previewer.operations.session import Session


def stop_all(
    session: Session, names: Sequence[str], *, title: str, cause: str, report: Report, grace: int | None = None
) -> None:
    """Stop containers by their names, all at once, each with ``grace`` seconds (``None``: its own)."""
    execute(
        Plan(title, tuple(Step(StopContainer(name, grace), cause) for name in names)),
        session.engine,
        stage="down",
        limits=ExecutionLimits(parallel=max(1, len(names)), keep_going=True),
        report=report,
        cancellation=Cancellation(),
    )
