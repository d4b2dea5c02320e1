"""``previewer update``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import renewal_options, verb

if TYPE_CHECKING:
    from previewer.cli.deployment import RenewalArguments


@verb("update")
@renewal_options()
@pass_invocation
def command(invocation: Invocation, **given: Unpack[RenewalArguments]) -> ExitCode:
    """Bring an environment to the tip of its branch.

    Freezes the tip and replaces the environment's release with it. Does nothing if it runs the tip already.
    """
    from previewer.cli.deployment import renew
    from previewer.operations.update import plan_update, update

    return renew(invocation, plan=plan_update, perform=update, **given)
