"""``previewer replace``."""

from __future__ import annotations

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import renewal_options, verb
from previewer.cli.output_format import Format


@verb("replace")
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
    """Run an environment's release again, from nothing.

    The remedy for an environment that somebody touched, or that is ailing. What runs stays until its successor is
    healthy, which then takes over its ports. Volumes start empty.
    """
    from previewer.cli.deployment import renew
    from previewer.operations.replace import ReplaceOptions, plan_replace, replace_environment

    return renew(
        invocation,
        environment,
        ReplaceOptions(ttl=ttl, timeout=timeout),
        plan=plan_replace,
        perform=replace_environment,
        dry_run=dry_run,
        yes=yes,
        progress=progress,
        form=form,
    )
