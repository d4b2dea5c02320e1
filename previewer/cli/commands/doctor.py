"""``previewer doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format
from previewer.errors import PreviewerError

if TYPE_CHECKING:
    from previewer.operations.doctor import Check


@verb("doctor")
@output_option()
@pass_invocation
def command(invocation: Invocation, *, form: Format) -> ExitCode:
    """Check git, the engine and the settings.

    Ends with 1 where a check failed.
    """
    from previewer.cli.rows.checks import check_lines, check_row
    from previewer.operations.doctor import Verdict

    checks = _examine(invocation)
    if form is Format.TABLE:
        for check in checks:
            for line in check_lines(check, colour=invocation.output.colour):
                invocation.output.line(line)
    else:
        invocation.output.value([check_row(check) for check in checks], form)
    failed = any(check.verdict is Verdict.FAILED for check in checks)
    return ExitCode.FAILED if failed else ExitCode.OK


def _examine(invocation: Invocation) -> tuple[Check, ...]:
    """All checks; those of a repository only where there is one."""
    from previewer.operations.doctor import examine

    try:
        session = invocation.open_session()
    except PreviewerError as failure:
        return examine(None, failure=failure)
    with session as opened:
        return examine(opened)
