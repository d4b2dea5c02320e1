"""The table of all commands, and a click group that imports each when it is run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """Where it is defined, as ``NAME_command``, or as ``command`` if the module is about it."""

    @property
    def is_hidden(self) -> bool:
        """Whether it is for scripts of ours only."""
        return self.name.startswith("_")

    def load(self) -> click.Command:
        """Import the command."""
        module = import_module(self.module)
        name = f"{self.name.strip('_').replace('-', '_')}_command"
        command = getattr(module, name, None) or module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.module} is no click command")
        return command


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


def section(title: str, rows: Mapping[str, tuple[str, str]]) -> tuple[Verb, ...]:
    """The verbs below one heading: the name, the summary and the module below ``cli/commands``."""
    return tuple(Verb(name, text, title, f"previewer.cli.commands.{home}") for name, (text, home) in rows.items())


VERBS = (
    *section(
        "Environments",
        {
            "up": ("Run a commit: freeze it, start it, wait until it is healthy.", "up"),
            "update": ("Bring an environment to the tip of its branch.", "replace"),
            "replace": ("Run an environment's release again, from nothing.", "replace"),
            "ls": ("List the environments of this repository.", "lists"),
            "status": ("Show an environment and its services.", "status"),
            "url": ("Print the URLs of an environment.", "url"),
            "open": ("Open an environment in the browser.", "url"),
            "logs": ("Show what the services of an environment write.", "services"),
            "drift": ("Compare what runs with what was frozen.", "drift"),
            "debug": ("Open a shell in a disposable copy of a service.", "services"),
            "suggest-writable": ("Suggest which paths services have to write to.", "drift"),
            "run": ("Run a command beside an environment of its own.", "run"),
            "compare": ("Bring two revisions up and ask both the same.", "compare"),
            "bisect": ("Find the commit that broke something.", "bisect"),
            "parity": ("Compare two environments side by side.", "parity"),
            "comment": ("Print what reviewers want to know of an environment.", "share"),
            "data": ("Take, move and go back to snapshots of data.", "data"),
            "down": ("Remove environments with everything that belongs to them.", "removal"),
            "extend": ("Set an environment's time to live, counted from now.", "lifetime"),
            "pin": ("Keep an environment until it is removed by name.", "lifetime"),
            "sleep": ("Stop environments and keep them, to be woken later.", "lifetime"),
            "wake": ("Start an environment that sleeps and wait for health.", "lifetime"),
            "router": ("Show, start or remove what gives environments host names.", "router"),
            "share": ("Give others an address of an environment for a time.", "share"),
            "unshare": ("End what is shared of an environment.", "share"),
            "watch": ("Keep previews in step with branches.", "watch"),
        },
    ),
    *section(
        "Repository",
        {
            "branches": ("List branches, newest first.", "lists"),
            "config": ("Print the normalised definition of a commit.", "config"),
            "policy": ("Explain what a commit's definition may do, and why.", "checks"),
            "secrets": ("List the secrets that a commit wants, and what is missing.", "checks"),
        },
    ),
    *section(
        "Releases and history",
        {
            "freeze": ("Build and pin every image of a commit.", "releases"),
            "promote": ("Run what was proven in staging or production.", "replace"),
            "rollback": ("Go back to a release that is known to be good.", "replace"),
            "releases": ("List the frozen releases.", "releases"),
            "inspect": ("Show what is in a release and where it came from.", "releases"),
            "verify": ("Check that a release is what it claims to be.", "verify"),
            "sign": ("Sign a release and its attestations.", "verify"),
            "diff": ("Show what changed from one release to another.", "releases"),
            "push": ("Send a release and its images to a registry.", "transfer"),
            "pull": ("Fetch a release and its images from a registry.", "transfer"),
            "forget": ("Forget a project that was pulled to this machine.", "transfer"),
            "history": ("Show what was done, when and by whom.", "lists"),
            "audit": ("Check the ledger, or export it for an auditor.", "audit"),
            "prune": ("Remove images that are no longer needed.", "removal"),
        },
    ),
    *section(
        "Setup",
        {
            "init": ("Write environment definitions to start from.", "init"),
            "doctor": ("Check git, the engine and the settings.", "checks"),
            "completion": ("Print the completion script of a shell.", "completion"),
            "__sweep": ("Remove what a killed run leaves.", "run"),
            "__complete": ("Print the names that a shell can complete.", "completion"),
        },
    ),
)
