"""Choose the environments that have outlived their purpose."""

from __future__ import annotations

from previewer.domain.branch_state import BranchView
from previewer.domain.ending import Ended, Ends, find_ended
from previewer.domain.progress import Noted, Report
from previewer.operations.environments import list_environments
from previewer.operations.session import Session

INCOMPLETE = "this clone does not have every branch, so that none counts as gone"
INCOMPLETE_HINT = "fetch them all: git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*'"


def find_ended_environments(session: Session, ends: Ends, *, report: Report) -> Ended:
    """The repository's environments of which one of ``ends`` is true, and those that their role or a pin keeps.

    Git is asked only where it matters. What nobody can know (in a shallow clone, which branches are gone) is told.
    """
    environments = list_environments(session)
    view = BranchView()
    if ends.asks_git:
        names = {environment.ownership.branch for environment in environments}
        view = session.source.branch_view(about=names.__contains__)
        if ends.branch_gone and not view.is_complete:
            report(Noted(INCOMPLETE, hint=INCOMPLETE_HINT))
    return find_ended(environments, ends, view, session.clock())
