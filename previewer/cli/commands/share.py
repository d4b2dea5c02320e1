"""``previewer share`` and ``unshare``, and ``comment``: what reviewers are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.terminal import Format
from previewer.domain.routing.tunnels import TunnelProgram
from previewer.errors import UsageError
from previewer.present.safe_text import plain

if TYPE_CHECKING:
    from previewer.operations.share import ShareResult


@verb("share")
@click.argument("environment", shell_complete=complete_environments)
@click.argument("machine", required=False, metavar="[HOST]")
@click.option("--for", "ttl", default="2h", show_default=True, metavar="TIME", help="How long: 90m, 10h, 5d.")
@click.option(
    "--password", "has_password", is_flag=True, help="Ask for a password, which is invented and printed."
)
@click.option(
    "--with",
    "program",
    type=click.Choice([program.value for program in TunnelProgram]),
    help="Run a tunnel of yours until interrupted: ssh to HOST, a quick tunnel, or Funnel.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="With ssh: the port at HOST (default: a free one).")
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    environment: str,
    machine: str | None,
    ttl: str,
    has_password: bool,
    program: str | None,
    port: int | None,
    form: Format,
) -> None:
    """Give others an address of an environment for a time.

    The address cannot be guessed, and search engines are told to leave it alone. It leads to the environment
    whatever generation that has, and ends by itself or with `unshare`. Given --with, it is the tunnel's own, and
    ends with the tunnel: with Ctrl-C, or when its time is over.
    """
    from previewer.cli.inner_command import beside
    from previewer.cli.running import running
    from previewer.cli.terminal import is_terminal
    from previewer.operations.share import share
    from previewer.operations.share_through import TunnelRequest, share_through

    if (program == TunnelProgram.SSH) != (machine is not None) or (port is not None and machine is None):
        raise UsageError("--with ssh takes a HOST, and nothing else takes one", hint="share main --with ssh HOST")
    if program is None:
        with invocation.open_session() as session, running(invocation, session) as run:
            result = share(run, environment, ttl=ttl, has_password=has_password)
        _show(invocation, result, form)
        return
    request = TunnelRequest(
        TunnelProgram(program),
        invocation.environment,
        machine=machine or "",
        port=port,
        ttl=ttl,
        has_password=has_password,
        has_terminal=is_terminal(invocation.stdin) and is_terminal(invocation.stderr),
    )
    with beside(invocation, "auto") as (run, sweeper):
        share_through(
            run, environment, request, sweeper=sweeper, announce=lambda made: _show(invocation, made, form)
        )
    invocation.diagnostics.note("it is no longer shared")


def _show(invocation: Invocation, result: ShareResult, form: Format) -> None:
    from previewer.domain.units import format_time

    if form is not Format.TABLE:
        row = {
            "environment": result.environment,
            "url": result.share.url,
            "until": format_time(result.share.until),
            "password": result.password or None,
        }
        invocation.output.value(row, form)
    else:
        invocation.output.line(plain(result.share.url))
        if result.password:
            invocation.output.line(result.password)
        invocation.diagnostics.note(f"it is over at {format_time(result.share.until)}")
    invocation.output.flush()


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


@verb("comment")
@click.argument("environment", shell_complete=complete_environments)
@click.option("--gone", is_flag=True, help="Say that it was removed.")
@click.option("--post", "posts", is_flag=True, help="Write it below the pull request, or bring it up to date.")
@pass_invocation
def comment_command(invocation: Invocation, *, environment: str, gone: bool, posts: bool) -> None:
    """Print what reviewers want to know of an environment.

    It is Markdown. With --post it goes below the pull or merge request that the CI job is for, in place of what
    was there before; where that cannot be done, it is told, and nothing fails.
    """
    from previewer.cli.ci.report import post
    from previewer.cli.rows.comment import environment_markdown, gone_markdown
    from previewer.records.environments import find_environment

    if gone:
        name, lines = environment, gone_markdown(environment)
    else:
        with invocation.open_session([environment]) as session:
            preview = find_environment(session, environment)
        name, lines = preview.name, environment_markdown(preview)
    invocation.output.lines(lines)
    if posts:
        post(invocation, name, lines)
