"""``previewer extend`` and ``pin``, ``sleep`` and ``wake``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, timeout_option, verb
from previewer.cli.terminal import Format


@verb("extend")
@click.argument("environment", shell_complete=complete_environments)
@click.argument("ttl")
@click.option("--dry-run", is_flag=True, help="Print the result, and change nothing.")
@output_option()
@pass_invocation
def extend_command(invocation: Invocation, *, environment: str, ttl: str, dry_run: bool, form: Format) -> None:
    """Set an environment's time to live, counted from now.

    TTL is 90m, 10h, 5d, 1d12h or never. A later `up` or `replace` starts it again from the beginning.
    """
    from previewer.cli.rows.environments import lifetime_columns, lifetime_row
    from previewer.operations.extend import extend, plan_extend

    with invocation.open_session() as session:
        result = (plan_extend if dry_run else extend)(session, environment, ttl)
        invocation.output.rows(lifetime_columns(session.clock()), [lifetime_row(result)], form)
    if result.before.notes.pinned and not result.environment.notes.pinned:
        invocation.diagnostics.note(f"{result.environment.name} is no longer pinned")


@verb("pin")
@click.argument("environment", shell_complete=complete_environments)
@click.option("--off", is_flag=True, help="Remove the pin.")
@click.option("--dry-run", is_flag=True, help="Print the result, and change nothing.")
@output_option()
@pass_invocation
def pin_command(invocation: Invocation, *, environment: str, off: bool, dry_run: bool, form: Format) -> None:
    """Keep an environment until it is removed by name.

    A pinned one does not expire; neither `watch` nor `down --expired`, `--merged` or `--branch-gone` removes it.
    """
    from previewer.cli.rows.environments import lifetime_columns, lifetime_row
    from previewer.operations.extend import pin, plan_pin

    with invocation.open_session() as session:
        result = (plan_pin if dry_run else pin)(session, environment, is_pinned=not off)
        invocation.output.rows(lifetime_columns(session.clock()), [lifetime_row(result)], form)


@verb("sleep")
@click.argument("environments", nargs=-1, required=True, shell_complete=complete_environments)
@click.option("--dry-run", is_flag=True, help="Print what would be stopped, and stop nothing.")
@progress_option()
@output_option()
@pass_invocation
def sleep_command(
    invocation: Invocation, *, environments: tuple[str, ...], dry_run: bool, progress: str, form: Format
) -> None:
    """Stop environments and keep them, to be woken later.

    They keep their volumes, networks and URLs, and take no memory. `wake` starts them again.
    Their time to live keeps running.
    """
    from previewer.cli.plan_printer import print_plan
    from previewer.cli.rows.environments import SLEEP_COLUMNS, sleep_rows
    from previewer.cli.running import running
    from previewer.operations.sleep import plan_sleep, sleep

    with invocation.open_session() as session:
        if dry_run:
            print_plan(invocation.output, plan_sleep(session, environments), form)
            return
        with running(invocation, session, progress) as run:
            result = sleep(run, environments)
    invocation.output.rows(SLEEP_COLUMNS, sleep_rows(result), form)


@verb("wake")
@click.argument("environment", shell_complete=complete_environments)
@timeout_option()
@click.option("--dry-run", is_flag=True, help="Print what would be started, and start nothing.")
@progress_option()
@output_option()
@pass_invocation
def wake_command(
    invocation: Invocation,
    *,
    environment: str,
    timeout: float | None,
    dry_run: bool,
    progress: str,
    form: Format,
) -> None:
    """Start an environment that sleeps and wait for health.

    Services start in the order of the definition that was frozen; a job that has succeeded does not run again. If
    that fails, the environment stays asleep. Containers that ended with the engine or machine are started, too.
    """
    from previewer.cli.plan_printer import print_plan
    from previewer.cli.rows.environments import environment_row, url_columns, url_rows, urls_by_service
    from previewer.cli.running import running
    from previewer.operations.sleep import plan_wake, wake

    with invocation.open_session() as session:
        if dry_run:
            print_plan(invocation.output, plan_wake(session, environment), form)
            return
        with running(invocation, session, progress) as run:
            result = wake(run, environment, timeout=timeout)
    if form is Format.TABLE:
        invocation.output.table(url_columns(), url_rows(result.environment))
        return
    row = {
        **environment_row(result.environment),
        "urls": urls_by_service(result.environment),
        "ports": list(url_rows(result.environment)),
    }
    invocation.output.value({**row, "changed": result.changed}, form)
