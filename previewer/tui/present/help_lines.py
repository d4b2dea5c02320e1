"""The help: every action with its keys, by place."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from previewer.present.values import Span, Tone
from previewer.tui.actions import ACTIONS, Action, Place
from previewer.tui.present.text import Line, line, width_of

_KEY_WIDTH = 10
_TITLES = {
    Place.EVERYWHERE: "Everywhere",
    Place.HOME: "Branches and environments",
    Place.COMMITS: "Commits of a branch",
    Place.ENVIRONMENT: "An environment",
    Place.PARITY: "Two environments side by side",
    Place.DIFF: "What changed between two releases",
    Place.CONFIRM: "Before anything happens",
    Place.PROGRESS: "While an operation runs",
}


def help_lines(search: str, *, place: Place, key_of: Callable[[str], str], width: int) -> tuple[Line, ...]:
    """The actions that match, those of ``place`` first. An action of several places is listed in each."""
    order = sorted(_TITLES, key=lambda one: (one is not place, one is not Place.EVERYWHERE))
    lines: list[Line] = []
    for one in order:
        found = [action for action in ACTIONS if one in action.places and _matches(action, search, key_of)]
        if found:
            lines += (
                [(), line(Span(_TITLES[one], Tone.ACCENT))] if lines else [line(Span(_TITLES[one], Tone.ACCENT))]
            )
            for action in found:
                lines.extend(_action_lines(action, key_of(action.id), width))
    return tuple(lines) or (line(Span(f"no key or action matches “{search}”", Tone.QUIET)),)


def _matches(action: Action, search: str, key_of: Callable[[str], str]) -> bool:
    if search.strip() in key_of(action.id).split():
        return True
    text = f"{action.label} {action.help} {action.command or ''}".casefold()
    return all(word in text for word in search.casefold().split())


def _action_lines(action: Action, keys: str, width: int) -> list[Line]:
    command = f"  previewer {action.command}" if action.command else ""
    parts = textwrap.wrap(action.help, max(20, width - _KEY_WIDTH - 3))
    lines = [line(Span(f"  {keys:<{_KEY_WIDTH}}", Tone.STRONG), f" {parts[0]}")]
    lines += [line(" " * (_KEY_WIDTH + 3), part) for part in parts[1:]]
    if command and width_of(lines[-1]) + len(command) <= width:
        lines[-1] = (*lines[-1], Span(command, Tone.QUIET))
    elif command:
        lines.append(line(" " * (_KEY_WIDTH + 3), Span(command.strip(), Tone.QUIET)))
    return lines
