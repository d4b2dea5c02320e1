"""``previewer comment``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import verb


@verb("comment")
@click.argument("environment", shell_complete=complete_environments)
@click.option("--gone", is_flag=True, help="Say that it was removed.")
@click.option("--post", "posts", is_flag=True, help="Write it below the pull request, or bring it up to date.")
@pass_invocation
def command(invocation: Invocation, *, environment: str, gone: bool, posts: bool) -> None:
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
            found = find_environment(session, environment)
        name, lines = found.name, environment_markdown(found)
    invocation.output.lines(lines)
    if posts:
        post(invocation, name, lines)
