"""``previewer router``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.terminal import Format
from previewer.errors import UsageError
from previewer.present.safe_text import plain

if TYPE_CHECKING:
    from previewer.operations.router import RouterStatus


@verb("router")
@click.argument("what", metavar="WHAT", type=click.Choice(["status", "up", "down", "logs", "trust"]))
@click.option("-f", "--follow", is_flag=True, help="With logs: go on as requests arrive.")
@click.option("-n", "--tail", type=click.IntRange(min=0), metavar="LINES", help="With logs: only the last lines.")
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation, *, what: str, follow: bool, tail: int | None, progress: str, form: Format
) -> None:
    """Show, start or remove what gives environments host names.

    WHAT is one of five. status: whether it runs, at which address, for how many environments. up: start it;
    its image is pulled where nothing else is at hand. down: remove it; environments keep their
    ports, and the next command that needs it starts it again. logs: one JSON object for each request.
    trust: the certificate of its own authority, to be added to those that browsers trust.
    """
    from previewer.cli.running import running
    from previewer.operations.router import router_authority, router_down, router_logs, router_status, router_up

    if what != "logs" and (follow or tail is not None):
        raise UsageError("only `router logs` takes --follow and --tail")
    with invocation.open_session() as session:
        if what == "status":
            _show(invocation, router_status(session), form)
        elif what == "up":
            with running(invocation, session, progress) as run:
                router = router_up(run)
            _show(invocation, router, form)
        elif what == "down":
            with running(invocation, session, progress) as run:
                was_there = router_down(run)
            invocation.diagnostics.note("the router is removed" if was_there else "there was no router")
        elif what == "trust":
            invocation.output.lines(router_authority(session).decode().splitlines())
            invocation.diagnostics.note("add it to the authorities that your system or browser trusts")
        else:
            stream = router_logs(session, tail=tail, follow=follow)
            try:
                for batch in stream:
                    for line in batch:
                        invocation.output.line(plain(line))
                    invocation.output.flush()
            finally:
                stream.close()


def _show(invocation: Invocation, status: RouterStatus, form: Format) -> None:
    from previewer.cli.rows.environments import show_bytes
    from previewer.present.tables import Column

    columns = (
        Column("name", "ROUTER"),
        Column("state", "STATE"),
        Column("url", "URL"),
        Column("environments", "ENVIRONMENTS"),
        Column("memory", "MEMORY", show=show_bytes),
    )
    row = {
        "name": status.name,
        "state": status.state,
        "url": status.url,
        "environments": status.environments,
        "memory": status.memory,
        "reason": status.reason or None,
    }
    invocation.output.rows(columns, [row], form)
    if status.reason:
        invocation.diagnostics.note(f"environments have ports, not names: {status.reason}", "see docs/router.md")
