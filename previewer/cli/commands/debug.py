"""``previewer debug``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments, complete_services
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import env_file_option, output_option, progress_option, verb
from previewer.cli.terminal import Format


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
def command(
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
