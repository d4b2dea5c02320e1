"""The table of all commands, and a click group that imports each when it is run."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Verb(Struct, frozen=True):
    """One command, before it is imported."""

    name: str
    summary: str
    """What ``--help`` of the group says; equal to the first sentence of the command's own help."""
    section: str
    """The heading that it stands under."""
    module: str
    """Where it is defined: ``module``, whose attribute is called ``command``, or ``module:attribute``."""

    @property
    def is_hidden(self) -> bool:
        """Whether it is for scripts of ours only."""
        return self.name.startswith("_")

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.module.partition(":")
        found = getattr(import_module(module), attribute or "command")
        if not isinstance(found, click.Command):
            raise TypeError(f"{self.module} is no click command")
        return found


class LazyGroup(click.Group):
    """A group over a table of verbs."""

    def __init__(self, *args: Any, verbs: Iterable[Verb] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verbs = {verb.name: verb for verb in verbs}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        del ctx
        return [verb.name for verb in self.verbs.values() if not verb.is_hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of this name."""
        del ctx
        verb = self.verbs.get(cmd_name)
        if verb is None:
            return None
        return verb.load()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name as the hint."""
        if args and args[0] not in self.verbs and not args[0].startswith("-"):
            raise click.UsageError(f"no such command: {args[0]}{self._nearest(args[0])}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, by section, without importing anything."""
        del ctx
        sections: dict[str, list[tuple[str, str]]] = {}
        width = max(len(name) for name in self.verbs)
        for verb in self.verbs.values():
            if not verb.is_hidden:
                sections.setdefault(verb.section, []).append((verb.name.ljust(width), verb.summary))
        for section, rows in sections.items():
            with formatter.section(section):
                formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete from the table: click's own way would import every command."""
        from click.shell_completion import CompletionItem

        options = click.Command.shell_complete(self, ctx, incomplete)
        verbs = (verb for verb in self.verbs.values() if not verb.is_hidden)
        return [
            *(CompletionItem(v.name, help=v.summary) for v in verbs if v.name.startswith(incomplete)),
            *options,
        ]

    def _nearest(self, name: str) -> str:
        from difflib import get_close_matches

        near = get_close_matches(name, self.list_commands(click.Context(self)), n=1)
        return f" (did you mean {near[0]}?)" if near else ""


_ENVIRONMENTS = "Environments"
_REPOSITORY = "Repository"
_RELEASES = "Releases and history"
_SETUP = "Setup"
_HOME = "previewer.cli.commands"

VERBS = (
    Verb("up", "Run a commit: freeze it, start it, wait until it is healthy.", _ENVIRONMENTS, f"{_HOME}.up"),
    Verb(
        "update",
        "Bring an environment to the tip of its branch.",
        _ENVIRONMENTS,
        f"{_HOME}.replace:update_command",
    ),
    Verb("replace", "Run an environment's release again, from nothing.", _ENVIRONMENTS, f"{_HOME}.replace"),
    Verb("ls", "List the environments of this repository.", _ENVIRONMENTS, f"{_HOME}.ls"),
    Verb("status", "Show an environment and its services.", _ENVIRONMENTS, f"{_HOME}.status"),
    Verb("url", "Print the URLs of an environment.", _ENVIRONMENTS, f"{_HOME}.url"),
    Verb("open", "Open an environment in the browser.", _ENVIRONMENTS, f"{_HOME}.url:open_command"),
    Verb("logs", "Show what the services of an environment write.", _ENVIRONMENTS, f"{_HOME}.logs"),
    Verb("drift", "Compare what runs with what was frozen.", _ENVIRONMENTS, f"{_HOME}.drift"),
    Verb("debug", "Open a shell in a disposable copy of a service.", _ENVIRONMENTS, f"{_HOME}.debug"),
    Verb(
        "suggest-writable",
        "Suggest which paths services have to write to.",
        _ENVIRONMENTS,
        f"{_HOME}.drift:suggest_writable_command",
    ),
    Verb("run", "Run a command beside an environment of its own.", _ENVIRONMENTS, f"{_HOME}.run"),
    Verb("compare", "Bring two revisions up and ask both the same.", _ENVIRONMENTS, f"{_HOME}.compare"),
    Verb("bisect", "Find the commit that broke something.", _ENVIRONMENTS, f"{_HOME}.bisect"),
    Verb("parity", "Compare two environments side by side.", _ENVIRONMENTS, f"{_HOME}.parity"),
    Verb("comment", "Print what reviewers want to know of an environment.", _ENVIRONMENTS, f"{_HOME}.comment"),
    Verb("data", "Take, move and go back to snapshots of data.", _ENVIRONMENTS, f"{_HOME}.data"),
    Verb("down", "Remove environments with everything that belongs to them.", _ENVIRONMENTS, f"{_HOME}.down"),
    Verb("extend", "Set an environment's time to live, counted from now.", _ENVIRONMENTS, f"{_HOME}.extend"),
    Verb("pin", "Keep an environment until it is removed by name.", _ENVIRONMENTS, f"{_HOME}.extend:pin_command"),
    Verb("sleep", "Stop environments and keep them, to be woken later.", _ENVIRONMENTS, f"{_HOME}.sleep"),
    Verb(
        "wake",
        "Start an environment that sleeps and wait for health.",
        _ENVIRONMENTS,
        f"{_HOME}.sleep:wake_command",
    ),
    Verb("router", "Show, start or remove what gives environments host names.", _ENVIRONMENTS, f"{_HOME}.router"),
    Verb("share", "Give others an address of an environment for a time.", _ENVIRONMENTS, f"{_HOME}.share"),
    Verb("unshare", "End what is shared of an environment.", _ENVIRONMENTS, f"{_HOME}.share:unshare_command"),
    Verb("watch", "Keep previews in step with branches.", _ENVIRONMENTS, f"{_HOME}.watch"),
    Verb("branches", "List branches, newest first.", _REPOSITORY, f"{_HOME}.branches"),
    Verb("config", "Print the normalised definition of a commit.", _REPOSITORY, f"{_HOME}.config"),
    Verb("policy", "Explain what a commit's definition may do, and why.", _REPOSITORY, f"{_HOME}.policy"),
    Verb("secrets", "List the secrets that a commit wants, and what is missing.", _REPOSITORY, f"{_HOME}.secrets"),
    Verb("freeze", "Build and pin every image of a commit.", _RELEASES, f"{_HOME}.freeze"),
    Verb("promote", "Run what was proven in staging or production.", _RELEASES, f"{_HOME}.promote"),
    Verb("rollback", "Go back to a release that is known to be good.", _RELEASES, f"{_HOME}.rollback"),
    Verb("releases", "List the frozen releases.", _RELEASES, f"{_HOME}.inspect:releases_command"),
    Verb("inspect", "Show what is in a release and where it came from.", _RELEASES, f"{_HOME}.inspect"),
    Verb("verify", "Check that a release is what it claims to be.", _RELEASES, f"{_HOME}.verify"),
    Verb("sign", "Sign a release and its attestations.", _RELEASES, f"{_HOME}.verify:sign_command"),
    Verb("diff", "Show what changed from one release to another.", _RELEASES, f"{_HOME}.diff"),
    Verb("push", "Send a release and its images to a registry.", _RELEASES, f"{_HOME}.push"),
    Verb("pull", "Fetch a release and its images from a registry.", _RELEASES, f"{_HOME}.pull"),
    Verb("forget", "Forget a project that was pulled to this machine.", _RELEASES, f"{_HOME}.pull:forget_command"),
    Verb("history", "Show what was done, when and by whom.", _RELEASES, f"{_HOME}.history"),
    Verb("audit", "Check the ledger, or export it for an auditor.", _RELEASES, f"{_HOME}.audit"),
    Verb("prune", "Remove images that are no longer needed.", _RELEASES, f"{_HOME}.prune"),
    Verb("init", "Write environment definitions to start from.", _SETUP, f"{_HOME}.init"),
    Verb("doctor", "Check git, the engine and the settings.", _SETUP, f"{_HOME}.doctor"),
    Verb("completion", "Print the completion script of a shell.", _SETUP, f"{_HOME}.completion"),
    Verb("__sweep", "Remove what a killed run leaves.", _SETUP, f"{_HOME}.sweep"),
    Verb(
        "__complete",
        "Print the names that a shell can complete.",
        _SETUP,
        f"{_HOME}.completion:complete_names_command",
    ),
)
