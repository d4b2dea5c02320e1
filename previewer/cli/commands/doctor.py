"""``previewer doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format
from previewer.errors import PreviewerError

if TYPE_CHECKING:
    from previewer.domain.policy.check import Check


@verb("doctor")
@output_option()
@pass_invocation
def command(invocation: Invocation, *, form: Format) -> ExitCode:
    """Check git, the engine and the settings.

    Ends with 1 where a check failed.
    """
    from previewer.cli.rows.project import print_checks

    return print_checks(invocation, _examine(invocation), form)


def _examine(invocation: Invocation) -> tuple[Check, ...]:
    """All checks; those of a repository only where there is one."""
    from previewer.operations.doctor import examine

    try:
        session = invocation.open_session()
    except PreviewerError as failure:
        return examine(None, failure=failure)
    with session as opened:
        return examine(opened)
