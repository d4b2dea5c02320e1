"""Every action of the user interface, one row each: its keys, its words, and what it does outside of a terminal.

Screens take their key bindings from here, and so do the palette, the actions menu, the help and the key bar. A
test holds each row to an operation and to a command, or to a reason why it has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from textual.binding import Binding, BindingType


class Place(Enum):
    """Where an action can be taken."""

    EVERYWHERE = "everywhere"
    HOME = "branches"
    COMMITS = "commits"
    ENVIRONMENT = "environment"
    CONFIRM = "confirmation"
    PROGRESS = "progress"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a user can do."""

    id: str
    """Also the binding's id, for the ``keymap`` setting."""
    keys: str
    """Comma separated, in Textual's spelling."""
    label: str
    """One or two words, for the key bar."""
    help: str
    """A sentence, for the help and the palette."""
    places: tuple[Place, ...]
    operation: str | None = None
    """``module:function`` below ``previewer.operations``; ``None`` for moving about and looking."""
    command: str | None = None
    """The verb that does the same on the command line; ``None`` where the terminal itself does it."""
    key_display: str | None = None
    """How the key is written, where it is not the key's own name."""

    @property
    def method(self) -> str:
        """The Textual action: ``action_METHOD`` of the screen or the application."""
        return self.id.replace(".", "_").replace("-", "_")

    @property
    def key(self) -> str:
        """The first key, as it is written."""
        return self.key_display or key_name(self.keys.split(",")[0])


_KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "escape": "esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


def key_name(key: str) -> str:
    """A key as people write it: ``ctrl+p`` is ``^p``."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+')}"
    return _KEY_NAMES.get(key, key)


_ROWS = (Place.HOME, Place.COMMITS)
_ON_ENVIRONMENT = (Place.HOME, Place.ENVIRONMENT)

ACTIONS: tuple[Action, ...] = (
    Action("open", "enter", "open", "Open the environment, or the commits of a branch without one", _ROWS,
           "environments:find_environment", "status"),
    Action("up", "u", "up", "Bring up an environment of this branch or commit (shows the plan first)", _ROWS,
           "up:up", "up"),
    Action("down", "D", "down", "Tear down the environment, or all marked ones (shows the plan first)",
           _ON_ENVIRONMENT, "down:down", "down"),
    Action("replace", "R", "replace", "Replace the environment by one of the branch's newest commit",
           _ON_ENVIRONMENT, "up:up", "up"),
    Action("logs", "l", "logs", "Follow the logs of the environment's services", _ON_ENVIRONMENT,
           "logs:open_logs", "logs"),
    Action("browse", "o", "open URL", "Open the environment's URL in a browser", _ON_ENVIRONMENT,
           "environments:find_environment", "open"),
    Action("copy", "y", "copy", "Copy the selected text, the shown logs, the URL or the commit",
           (Place.HOME, Place.COMMITS, Place.ENVIRONMENT), "environments:find_environment", "url"),
    Action("commits", "c", "commits", "Choose any commit of this branch", (Place.HOME,), None, "up"),
    Action("mark", "space", "mark", "Mark the environment; D then takes all marked ones", (Place.HOME,), None,
           "down"),
    Action("filter", "slash", "filter", "Show only what contains these words (esc clears)",
           (Place.HOME, Place.COMMITS), "branches:list_branches", "branches"),
    Action("retry", "r", "refresh", "Ask git and the engine again", (Place.HOME, Place.ENVIRONMENT),
           "environments:list_environments", "ls"),
    Action("work", "w", "progress", "Show the operation that is running, or the last one", _ON_ENVIRONMENT),
    Action("focus-services", "1", "services", "Services and logs", (Place.ENVIRONMENT,), None, "status"),
    Action("focus-logs", "2", "logs", "Only the logs", (Place.ENVIRONMENT,), "logs:open_logs", "logs"),
    Action("focus-plan", "3", "plan", "What replacing the environment by the newest commit would do",
           (Place.ENVIRONMENT,), "up:plan_up", "up"),
    Action("search", "slash", "search", "Show only log lines that contain this (esc clears)",
           (Place.ENVIRONMENT,), None, "logs"),
    Action("toggle-follow", "f", "follow", "Stop following the logs, or follow them again", (Place.ENVIRONMENT,),
           "logs:open_logs", "logs"),
    Action("toggle-wrap", "W", "wrap", "Wrap long log lines, or cut them", (Place.ENVIRONMENT,)),
    Action("toggle-times", "t", "times", "Show when each log line was written", (Place.ENVIRONMENT,), None,
           "logs"),
    Action("save", "S", "save", "Save the shown log lines to a file in the current folder",
           (Place.ENVIRONMENT,), "logs:open_logs", "logs"),
    Action("maximise", "z", "maximise", "Give the table or the logs the whole terminal, and back",
           _ON_ENVIRONMENT),
    Action("confirm", "y", "do it", "Confirm", (Place.CONFIRM,), None, None),
    Action("choose-preview", "1", "preview", "Bring it up as a preview", (Place.CONFIRM,), "up:plan_up", "up"),
    Action("choose-staging", "2", "staging", "Bring it up as staging", (Place.CONFIRM,), "up:plan_up", "up"),
    Action("choose-production", "3", "production", "Bring it up as production", (Place.CONFIRM,), "up:plan_up",
           "up"),
    Action("cancel-work", "c,ctrl+c", "cancel", "Stop the operation and undo what it has made",
           (Place.PROGRESS,)),
    Action("open-result", "enter", "open", "Open the environment that has come up", (Place.PROGRESS,),
           "environments:find_environment", "status"),
    Action("cursor-down", "j,down", "down", "One row down", (*_ROWS, Place.ENVIRONMENT, Place.CONFIRM)),
    Action("cursor-up", "k,up", "up", "One row up", (*_ROWS, Place.ENVIRONMENT, Place.CONFIRM)),
    Action("cursor-top", "g,home", "top", "To the first row", (*_ROWS, Place.ENVIRONMENT)),
    Action("cursor-bottom", "G,end", "bottom", "To the last row; in logs, follow again",
           (*_ROWS, Place.ENVIRONMENT)),
    Action("half-page-down", "ctrl+d", "half page down", "Half a page down", (*_ROWS, Place.ENVIRONMENT)),
    Action("half-page-up", "ctrl+u", "half page up", "Half a page up", (*_ROWS, Place.ENVIRONMENT)),
    Action("back", "escape", "back", "One layer out; clears a filter first", (Place.EVERYWHERE,)),
    Action("menu", "x", "actions", "Everything that can be done here",
           (Place.HOME, Place.COMMITS, Place.ENVIRONMENT)),
    Action("command_palette", "ctrl+p,colon", "palette", "Find an action, a branch or an environment by name",
           (Place.EVERYWHERE,)),
    Action("help", "question_mark", "help", "All keys, searchable", (Place.EVERYWHERE,), None, None),
    Action("leave", "q", "quit", "Quit (asks while an operation is running)", (Place.EVERYWHERE,)),
)  # fmt: skip

BY_ID = {action.id: action for action in ACTIONS}


def actions_in(place: Place) -> tuple[Action, ...]:
    """The actions that can be taken at a place, those of everywhere last."""
    here = [action for action in ACTIONS if place in action.places]
    return (*here, *(action for action in ACTIONS if Place.EVERYWHERE in action.places))


def bindings(ids: Iterable[str]) -> list[BindingType]:
    """Textual bindings of these actions, remappable by their ids. The key bar shows them, not Textual's footer."""
    return [Binding(BY_ID[name].keys, BY_ID[name].method, BY_ID[name].label, show=False, id=name) for name in ids]
