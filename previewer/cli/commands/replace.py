"""``previewer replace`` and ``previewer update``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import renewal_options, verb

if TYPE_CHECKING:
    from previewer.cli.deployment import RenewalArguments


@verb("replace")
@renewal_options()
@pass_invocation
def command(invocation: Invocation, **given: Unpack[RenewalArguments]) -> ExitCode:
    """Run an environment's release again, from nothing.

    The remedy for an environment that was changed by hand or is unhealthy. It stays up until its successor is
    healthy, which then takes over its ports. Volumes start empty.
    """
    from previewer.cli.deployment import renew
    from previewer.operations.replace import plan_replace, replace_environment

    return renew(invocation, plan=plan_replace, perform=replace_environment, **given)


@verb("update")
@renewal_options()
@pass_invocation
def update_command(invocation: Invocation, **given: Unpack[RenewalArguments]) -> ExitCode:
    """Bring an environment to the tip of its branch.

    Freezes the tip and replaces the environment's release with it. Does nothing if it runs the tip already.
    """
    from previewer.cli.deployment import renew
    from previewer.operations.replace import plan_update, update

    return renew(invocation, plan=plan_update, perform=update, **given)
