"""``previewer suggest-writable``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format


@verb("suggest-writable")
@click.argument("environment", shell_complete=complete_environments)
@output_option(default=Format.YAML)
@pass_invocation
def command(invocation: Invocation, *, environment: str, form: Format) -> None:
    """Suggest which paths services have to write to.

    Prints the `x-previewer` section that prevents all other writing, made from what the services of a running
    ENVIRONMENT have written so far: exercise it first. Changes nothing.
    """
    from previewer.domain.drift.suggestion import suggestion_json, suggestion_yaml
    from previewer.operations.suggest_writable import suggest_writable

    with invocation.open_session() as session:
        suggestions = suggest_writable(session, environment)
    if form is Format.JSON:
        invocation.output.value(suggestion_json(suggestions), form)
    else:
        invocation.output.text(suggestion_yaml(suggestions))
