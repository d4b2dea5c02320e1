"""``previewer url``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments, complete_services
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.present.safe_text import plain


@verb("url")
@click.argument("environment", shell_complete=complete_environments)
@click.argument("service", required=False, shell_complete=complete_services)
@click.option("--all", "every", is_flag=True, help="The URLs of all services, not only the front end's.")
@output_option()
@pass_invocation
def command(invocation: Invocation, *, environment: str, service: str | None, every: bool, form: Format) -> None:
    """Print the URLs of an environment.

    One per line: the front end's, or those of SERVICE.
    """
    from previewer.cli.rows.environments import url_rows, urls_by_service
    from previewer.cli.urls import choose_urls, tunnel_words
    from previewer.records.environments import find_environment

    with invocation.open_session([environment]) as session:
        found = find_environment(session, environment)
        remote = session.engine.capabilities.remote
    urls = choose_urls(found, service=service, every=every)
    if form is not Format.TABLE:
        ports: list[JsonValue] = list(url_rows(found))
        value: JsonObject = {
            "environment": found.name,
            "url": urls[0],
            "urls": urls_by_service(found),
            "ports": ports,
        }
        invocation.output.value(value, form)
        return
    for url in urls:
        invocation.output.line(plain(url))
    if remote is not None and not found.machine:
        invocation.diagnostics.note(*tunnel_words(remote, urls))
