"""``previewer open``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments, complete_services
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import verb
from previewer.errors import PreviewerError
from previewer.present.safe_text import plain


@verb("open")
@click.argument("environment", shell_complete=complete_environments)
@click.argument("service", required=False, shell_complete=complete_services)
@pass_invocation
def command(invocation: Invocation, *, environment: str, service: str | None) -> None:
    """Open an environment in the browser.

    Prints the URL that it opens: the front end's, or that of SERVICE.
    """
    import webbrowser

    from previewer.cli.urls import choose_urls
    from previewer.domain.compose.routes import is_web_page
    from previewer.records.environments import find_environment

    with invocation.open_session() as session:
        found = find_environment(session, environment)
    urls = choose_urls(found, service=service, every=service is None)
    url = next((url for url in urls if is_web_page(url)), None)
    if url is None:
        raise PreviewerError(
            f"no browser opens {urls[0]}", where=found.name, hint="connect with a client of what listens there"
        )
    invocation.output.line(plain(url))
    invocation.output.flush()
    if not webbrowser.open(url):
        raise PreviewerError("no browser could be opened", where=url, hint="set BROWSER, or open the URL yourself")
