"""``previewer logs``."""

from __future__ import annotations

from datetime import datetime

import click

from previewer.cli.completion_values import complete_environments, complete_services
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import verb
from previewer.cli.rows.cells import parse_since
from previewer.errors import UsageError


@verb("logs")
@click.argument("environment", shell_complete=complete_environments)
@click.argument("services", nargs=-1, metavar="[SERVICE]...", shell_complete=complete_services)
@click.option("-f", "--follow", is_flag=True, help="Keep following until interrupted.")
@click.option(
    "-n", "--tail", type=click.IntRange(min=0), metavar="N", help="Only the last N lines of each container."
)
@click.option("--since", metavar="TIME", help="Only lines since then: 10m, 2h, 2026-01-31T12:00:00Z.")
@click.option("-t", "--timestamps", is_flag=True, help="Say when each line was written.")
@click.option("--gone", is_flag=True, help="The last lines of an environment that was removed.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the lines; json is one object a line.",
)
@pass_invocation
def command(
    invocation: Invocation,
    *,
    environment: str,
    services: tuple[str, ...],
    follow: bool,
    tail: int | None,
    since: str | None,
    timestamps: bool,
    gone: bool,
    form: str,
) -> None:
    """Show what the services of an environment write."""
    from previewer.cli.log_printer import LogPrinter
    from previewer.engine.protocol import LogOptions
    from previewer.operations.logs import open_logs, remembered_lines

    if gone and follow:
        raise UsageError("an environment that is gone writes no more logs", hint="leave out --follow")
    with invocation.open_session(None if gone else [environment]) as session:
        begin: datetime | None = parse_since(since, session.clock()) if since else None
        options = LogOptions(tail=tail, follow=follow, since=begin)
        printer = LogPrinter(invocation.output, timestamps=timestamps, as_json=form == "json")
        if gone:
            printer.show(remembered_lines(session, environment, services=services, options=options))
            return
        stream = open_logs(session, environment, services=services, options=options)
        try:
            for batch in stream:
                printer.show(batch)
        finally:
            stream.close()
