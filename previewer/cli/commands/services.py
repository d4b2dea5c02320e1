"""``previewer logs`` and ``debug``: what services write, and a look inside."""

from __future__ import annotations

from datetime import datetime

import click

from previewer.cli.completion_values import complete_environments, complete_services
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import env_file_option, output_option, progress_option, verb
from previewer.cli.rows.cells import parse_since
from previewer.cli.terminal import Format
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
def logs_command(
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


@verb("debug")
@click.argument("environment", shell_complete=complete_environments)
@click.argument("service", shell_complete=complete_services)
@click.argument("inner", nargs=-1, metavar="[-- COMMAND]...")
@env_file_option()
@click.option("--dry-run", is_flag=True, help="Print the plan; nothing is changed.")
@click.option("--unmasked", is_flag=True, help="Hand on every byte, values of secrets too.")
@progress_option()
@output_option()
@pass_invocation
def debug_command(
    invocation: Invocation,
    *,
    environment: str,
    service: str,
    inner: tuple[str, ...],
    env_files: tuple[str, ...],
    dry_run: bool,
    unmasked: bool,
    progress: str,
    form: Format,
) -> int:
    """Open a shell in a disposable copy of a service.

    The copy has the service's image, variables, rights and limits, and clones of its volumes; it goes when the
    shell ends. The service itself stays untouched: no command enters it. Ends with the command's own exit code.
    Without a terminal (in a pipe, in CI), values of secrets in what it writes are masked.
    """
    from previewer.cli.plan_printer import print_plan
    from previewer.cli.running import running
    from previewer.cli.terminal import is_terminal
    from previewer.operations.debug import debug, plan_debug
    from previewer.releases.definitions import give_files

    with invocation.open_session() as session:
        give_files(session, env_files)
        if dry_run:
            print_plan(invocation.output, plan_debug(session, environment, service, inner), form)
            return 0
        terminal = is_terminal(invocation.stdin) and is_terminal(invocation.stdout)
        with running(invocation, session, progress) as run:
            return debug(
                run,
                environment,
                service,
                inner,
                terminal=terminal,
                shows_secrets=unmasked,
            )
