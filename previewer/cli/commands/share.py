"""``previewer share`` and ``previewer unshare``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format
from previewer.present.safe_text import plain


@verb("share")
@click.argument("environment", shell_complete=complete_environments)
@click.option("--for", "ttl", default="2h", show_default=True, metavar="TIME", help="How long: 90m, 10h, 5d.")
@click.option(
    "--password", "has_password", is_flag=True, help="Ask for a password, which is invented and printed."
)
@output_option()
@pass_invocation
def command(invocation: Invocation, *, environment: str, ttl: str, has_password: bool, form: Format) -> None:
    """Give others an address of an environment for a time.

    The address cannot be guessed, and search engines are told to leave it alone. It leads to the environment
    whatever generation that has, and ends by itself or with `unshare`.
    """
    from previewer.cli.running import running
    from previewer.domain.units import format_time
    from previewer.operations.share import share

    with invocation.open_session() as session, running(invocation, session) as run:
        result = share(run, environment, ttl=ttl, has_password=has_password)
    if form is not Format.TABLE:
        row = {
            "environment": result.environment,
            "url": result.share.url,
            "until": format_time(result.share.until),
            "password": result.password or None,
        }
        invocation.output.value(row, form)
        return
    invocation.output.line(plain(result.share.url))
    if result.password:
        invocation.output.line(result.password)
    invocation.diagnostics.note(f"it is over at {format_time(result.share.until)}")


@verb("unshare")
@click.argument("environment", shell_complete=complete_environments)
@pass_invocation
def unshare_command(invocation: Invocation, *, environment: str) -> None:
    """End what is shared of an environment.

    Prints the addresses that lead nowhere from now on.
    """
    from previewer.cli.running import running
    from previewer.operations.share import unshare

    with invocation.open_session() as session, running(invocation, session) as run:
        ended = unshare(run, environment)
    for share in ended:
        invocation.output.line(plain(share.url))
    if not ended:
        invocation.diagnostics.note("nothing was shared")
