"""A click group that knows its commands' names and summaries, and imports a command only to run it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from previewer.frozen import dataclass

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


@dataclass(frozen=True, slots=True)
class Verb:
    """One command, before it is imported."""

    name: str
    summary: str
    """What ``--help`` of the group says; equal to the first sentence of the command's own help."""
    section: str
    """The heading that it stands under."""
    module: str
    """Where it is defined; the attribute there is called ``command``."""

    @property
    def is_hidden(self) -> bool:
        """Whether it is for scripts of ours only."""
        return self.name.startswith("_")


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
        found = import_module(verb.module).command
        if not isinstance(found, click.Command):
            raise TypeError(f"{verb.module}.command is no click command")
        return found

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
