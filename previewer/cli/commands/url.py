"""``previewer url`` and ``previewer open``."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import click

from previewer.cli.completion_values import complete_environments, complete_services
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.terminal import Format
from previewer.domain.environment.environment import Environment
from previewer.domain.environment.urls import reason_for_no_url, remedy_for_no_url
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.errors import NotFoundError, PreviewerError
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


@verb("open")
@click.argument("environment", shell_complete=complete_environments)
@click.argument("service", required=False, shell_complete=complete_services)
@pass_invocation
def open_command(invocation: Invocation, *, environment: str, service: str | None) -> None:
    """Open an environment in the browser.

    Prints the URL that it opens: the front end's, or that of SERVICE.
    """
    import webbrowser

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


def tunnel_words(remote: str, urls: Iterable[str]) -> tuple[str, str]:
    """What to tell about ``urls`` of the engine at ``remote`` (``ssh://user@machine:22``, ``tcp://machine:2376``)."""
    machine = urlsplit(remote)
    name = machine.hostname or remote
    who = f"{machine.username}@{name}" if machine.username else name
    port = f"-p {machine.port} " if machine.scheme == "ssh" and machine.port else ""
    forwards = " ".join(f"-L {place}:{host}:{place}" for host, place in dict.fromkeys(map(_place, urls)))
    return f"that is {name}'s own address", f"to open it here: ssh -N {forwards} {port}{who}"


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80


def choose_urls(environment: Environment, *, service: str | None = None, every: bool = False) -> tuple[str, ...]:
    """The front end's, those of ``service``, or all. Raises :class:`NotFoundError` where there is none."""
    if service is not None:
        return _urls_of(environment, service)
    urls = environment.urls if every else ((environment.url,) if environment.url else ())
    if not urls:
        raise _no_url(environment)
    return urls


def _no_url(environment: Environment) -> NotFoundError:
    return NotFoundError(
        reason_for_no_url(environment), where=environment.name, hint=remedy_for_no_url(environment)
    )


def _urls_of(environment: Environment, name: str) -> tuple[str, ...]:
    services = {service.name: service for service in environment.services}
    if name not in services:
        raise NotFoundError(
            f"no service {name}", where=environment.name, hint=f"there is {', '.join(services) or 'none'}"
        )
    if not services[name].urls:
        if environment.url is None:
            raise _no_url(environment)
        raise NotFoundError(
            f"the service {name} publishes no port", where=environment.name, hint="add `ports:` to the definition"
        )
    return services[name].urls
