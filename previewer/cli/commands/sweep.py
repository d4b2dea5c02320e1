"""``previewer __sweep``: waits beside a run, and removes what it leaves when it is killed."""

from __future__ import annotations

from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import verb


@verb("__sweep")
@pass_invocation
def command(invocation: Invocation) -> None:
    """Remove what a killed run leaves.

    Standard input is the run's end of a pipe.
    """
    from previewer.operations.run.sweeper import await_end, ignore_signals, kill_commands

    ignore_signals()
    orphan = await_end(invocation.stdin)
    if orphan is None:
        return
    from previewer.errors import SourceError
    from previewer.operations.run.temporary import sweep
    from previewer.session.run import Run

    kill_commands(orphan)
    try:
        with invocation.open_session(orphan.environments) as session:
            sweep(Run(session), orphan.process, orphan.environments)
    except SourceError:  # the job's folder was removed with it: labels still say what it had
        invocation.repo = None
        with invocation.open_session(orphan.environments) as session:
            sweep(Run(session), orphan.process, orphan.environments)
