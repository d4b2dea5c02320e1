"""``previewer update``."""

from __future__ import annotations

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import renewal_options, verb
from previewer.cli.output_format import Format


@verb("update")
@renewal_options()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    environment: str,
    ttl: str | None,
    timeout: float | None,
    dry_run: bool,
    yes: bool,
    progress: str,
    form: Format,
) -> ExitCode:
    """Bring an environment to the tip of its branch.

    Freezes the tip and replaces what runs by it. Nothing happens where that is what runs already.
    """
    from previewer.cli.deployment import renew
    from previewer.operations.replace import ReplaceOptions
    from previewer.operations.update import plan_update, update

    return renew(
        invocation,
        environment,
        ReplaceOptions(ttl=ttl, timeout=timeout),
        plan=plan_update,
        perform=update,
        dry_run=dry_run,
        yes=yes,
        progress=progress,
        form=form,
    )
