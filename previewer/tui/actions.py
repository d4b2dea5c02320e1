"""Every action of the user interface, one row each: its keys, its words, and what it does outside of a terminal.

Screens take their key bindings from here, and so do the palette, the actions menu, the help and the key bar. A
test holds each row to an operation and to a command, or to a reason why it has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from msgspec import Struct
from textual.binding import Binding, BindingType


class Place(Enum):
    """Where an action can be taken."""

    EVERYWHERE = "everywhere"
    HOME = "branches"
    COMMITS = "commits"
    ENVIRONMENT = "environment"
    PARITY = "parity"
    DIFF = "diff"
    CONFIRM = "confirmation"
    PROGRESS = "progress"
    JOBS = "jobs"
    RELEASES = "releases"
    START = "definitions"


class Need(Enum):
    """What has to be there before an action can be taken."""

    NOTHING = 0
    ENGINE = 1
    ROW = 2
    BRANCH = 3
    ENVIRONMENT = 4
    RUN = 5
    """An environment, and the engine that runs it."""


class Action(Struct, frozen=True):
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
    needs: Need = Need.NOTHING
    changes: bool = False
    """Whether it asks for a job that changes the environment; there is one at a time."""
    call: str = ""
    """The Textual action with its parameters, where it is not simply called as the id."""

    @property
    def method(self) -> str:
        """The Textual action: ``action_METHOD`` of the screen or the application."""
        return self.call or self.id.replace("-", "_")

    @property
    def handler(self) -> str:
        """The name of the method that a screen or the application has for it."""
        return f"action_{self.method.partition('(')[0]}"

    @property
    def key(self) -> str:
        """The first key, as it is written."""
        return key_name(self.keys.split(",")[0])


_KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "escape": "esc",
    "ampersand": "&",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "exclamation_mark": "!",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "equals_sign": "=",
}


def key_name(key: str) -> str:
    """A key as people write it: ``ctrl+p`` is ``^p``."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+')}"
    return _KEY_NAMES.get(key, key)


_ROWS = (Place.HOME, Place.COMMITS)
_ON_ENVIRONMENT = (Place.HOME, Place.ENVIRONMENT)
_PAIRS = (Place.PARITY, Place.DIFF)
_SCROLLED = (*_ROWS, Place.ENVIRONMENT, Place.JOBS, Place.RELEASES, Place.START, *_PAIRS)
_TABS = (
    ("overview", "Services and logs", None, "status"),
    ("services", "Every container with its restarts", None, "status"),
    ("logs", "Only the logs", "logs:open_logs", "logs"),
    ("drift", "What is not as it was frozen", "deployment.drift:check_drift", "drift"),
    ("history", "What was done to it", "lists:list_history", "history"),
    ("release", "What it runs, and where that came from", "inspect:inspect", "inspect"),
    ("plan", "What updating it to the newest commit would do", "replace:plan_update", "update"),
    (
        "data",
        "What its volumes began with, and what is their own",
        "data_volumes:list_volumes",
        "data volumes",
    ),
    ("events", "What the engine told of its containers: starts, ends and their codes, health", None, None),
)
"""Of an environment: the label, what it shows, and where else that is to be had."""

_QUICK = (
    ("all", "Show every row"),
    ("up", "Show only what is up"),
    ("behind", "Show only environments whose branch has a newer commit"),
    ("failed", "Show only what failed or is unhealthy"),
    ("mine", "Show only my own branches and environments"),
    ("elsewhere", "Show only remote branches, tags and pull requests"),
)

ACTIONS: tuple[Action, ...] = (
    Action("open", "enter", "open", "Open the environment, or the commits of a branch without one", _ROWS,
           "records.environments:find_environment", "status", needs=Need.ROW),
    Action("up", "u", "up", "Bring up an environment of this branch or commit (shows the plan first)", _ROWS,
           "up:up", "up",
           needs=Need.ROW, call="job('up')"),
    Action("down", "D", "down", "Tear down the environment, or all marked ones (shows the plan first)",
           _ON_ENVIRONMENT, "down:down", "down",
           needs=Need.RUN, changes=True, call="job('down')"),
    Action("replace", "R", "replace", "Run the environment's own release again, from nothing: it undoes drift",
           _ON_ENVIRONMENT, "replace:replace_environment", "replace",
           needs=Need.RUN, changes=True, call="job('replace')"),
    Action("update", "U", "update", "Bring the environment to the newest commit of its branch", _ON_ENVIRONMENT,
           "replace:update", "update",
           needs=Need.RUN, changes=True, call="job('update')"),
    Action("promote", "P", "promote", "Run the very same images in staging or production",
           (*_ON_ENVIRONMENT, Place.PARITY),
           "promote:promote", "promote",
           needs=Need.RUN, changes=True, call="job('promote')"),
    Action("rollback", "B", "roll back", "Go back to a release that is known to be good", _ON_ENVIRONMENT,
           "rollback:rollback", "rollback",
           needs=Need.RUN, changes=True, call="job('rollback')"),
    Action("extend", "e", "extend", "Let the environment live longer", _ON_ENVIRONMENT, "extend:extend", "extend",
           needs=Need.RUN, changes=True, call="job('extend')"),
    Action("pin", "K", "pin", "Keep the environment until it is removed by name; again: let it expire",
           _ON_ENVIRONMENT, "extend:pin", "pin",
           needs=Need.RUN, changes=True, call="job('pin')"),
    Action("sleep", "s", "sleep", "Stop the environment, or all marked ones, to be woken later", _ON_ENVIRONMENT,
           "sleep:sleep", "sleep",
           needs=Need.RUN, changes=True, call="job('sleep')"),
    Action("wake", "a", "wake", "Start an environment that sleeps, or that ended with the engine", _ON_ENVIRONMENT,
           "sleep:wake", "wake",
           needs=Need.RUN, changes=True, call="job('wake')"),
    Action("drift", "d", "drift", "Show differences from the release, as they happen", _ON_ENVIRONMENT,
           "deployment.drift:check_drift", "drift", needs=Need.RUN),
    Action("parity", "p", "parity", "Compare two environments: staging and production, or the marked two",
           _ON_ENVIRONMENT, "parity:compare", "parity"),
    Action("inspect", "i", "release", "Show what is in the environment's release and where it came from",
           _ON_ENVIRONMENT, "inspect:inspect", "inspect", needs=Need.ENVIRONMENT),
    Action("diff", "v", "diff", "Show what changed from one release to another",
           (*_ON_ENVIRONMENT, Place.PARITY), "diff:diff",
           "diff", needs=Need.ENVIRONMENT),
    Action("history", "h", "history", "Show what was done to the environment, when and by whom", _ON_ENVIRONMENT,
           "lists:list_history", "history", needs=Need.ENVIRONMENT),
    Action("debug", "E", "debug", "Open a shell in a disposable copy of the service under the cursor",
           (Place.ENVIRONMENT,), "debug:debug", "debug", needs=Need.RUN),
    Action("data-snapshot", "T", "snapshot", "Take a snapshot of the environment's data", (Place.ENVIRONMENT,),
           "data:take", "data snapshot", needs=Need.RUN, changes=True, call="job('data-snapshot')"),
    Action("data-reset", "Z", "reset data", "Let the environment begin again with other data",
           (Place.ENVIRONMENT,), "data:reset", "data reset", needs=Need.RUN, changes=True),
    Action("data-clone", "C", "copy data", "Give another environment the data that this one has now",
           (Place.ENVIRONMENT,), "data:clone", "data clone", needs=Need.RUN, changes=True),
    Action("prune", "C", "clean up", "Remove unused images and, on demand, unused releases", (Place.HOME,),
           "prune:prune", "prune",
           needs=Need.ENGINE, call="job('prune')"),
    Action("logs", "l", "logs", "Follow the logs of the environment's services", _ON_ENVIRONMENT,
           "logs:open_logs", "logs", needs=Need.RUN),
    Action("browse", "o", "open URL", "Open the environment's URL in a browser", _ON_ENVIRONMENT,
           "records.environments:find_environment", "open",
           needs=Need.ENVIRONMENT),
    Action("copy", "y", "copy", "Copy the selected text, the shown logs, the URL, the commit or the command line",
           (Place.HOME, Place.COMMITS, Place.ENVIRONMENT, Place.JOBS, Place.RELEASES, Place.START),
           "records.environments:find_environment", "url",
           needs=Need.ROW),
    Action("commits", "c", "commits", "Choose any commit of this branch", (Place.HOME,), None, "up",
           needs=Need.BRANCH),
    Action("mark", "space", "mark", "Mark the environment, for D, s and p; a release, to compare others with it",
           (Place.HOME, Place.RELEASES), None, "down", needs=Need.ENVIRONMENT),
    Action("filter", "slash", "filter", "Show only what contains these words (esc clears)",
           (Place.HOME, Place.COMMITS), "lists:list_branches", "branches"),
    *(
        Action(f"quick-{number}", str(number), label, words, (Place.HOME,), "lists:list_branches", "branches",
               call=f"quick({number - 1})")
        for number, (label, words) in enumerate(_QUICK, 1)
    ),
    Action("sort", "O", "sort", "Order the rows by activity, name, state or age", (Place.HOME,),
           "lists:list_branches", "branches"),
    Action("widen-pane", "less_than_sign", "wider pane", "Give the pane more room, and the table less",
           (Place.HOME,), call="resize_pane(1)"),
    Action("narrow-pane", "greater_than_sign", "narrower pane", "Give the pane less room, and the table more",
           (Place.HOME,), call="resize_pane(-1)"),
    Action("retry", "r", "refresh", "Ask git and the engine again",
           (*_ON_ENVIRONMENT, *_PAIRS, Place.RELEASES, Place.START),
           "records.environments:list_environments", "ls"),
    Action("jobs", "J", "jobs", "List the operations started here, with their command lines",
           (*_ON_ENVIRONMENT, Place.PARITY)),
    Action("releases", "F", "releases", "List the frozen releases: compare, verify, sign, push, pull, audit",
           (Place.HOME,), "lists:list_releases", "releases"),
    Action("start", "I", "definitions", "Show what previewer derives for HEAD, to try and to commit it",
           (Place.HOME,), "init:plan_init", "init"),
    Action("try", "t", "try it", "Run HEAD with these files, ask for its page, and remove it again",
           (Place.START,), "try_definition:try_definition", "init", call="job('try')"),
    Action("write", "w", "commit it", "Commit these files on a branch of their own", (Place.START,),
           "init:commit_init", "init", call="job('write')"),
    Action("choose-source", "f", "begin with", "Begin with another Compose file or Dockerfile", (Place.START,),
           "init:plan_init", "init"),
    Action("open-release", "enter", "open", "Show what is in the release", (Place.RELEASES,), "inspect:inspect",
           "inspect"),
    Action("compare-releases", "v", "compare", "Show what changed from the marked release, or the one before",
           (Place.RELEASES,), "diff:diff", "diff"),
    Action("verify", "V", "verify", "Check that the release is what it says; on demand build it again",
           (Place.RELEASES,), "verify:verify", "verify", call="job('verify')"),
    Action("policy", "p", "policy", "Show what the release's definitions ask for, and which rules are about it",
           (Place.RELEASES,), "releases.definitions:explain_policy", "policy"),
    Action("sign", "S", "sign", "Sign the release with git's key", (Place.RELEASES,), "verify:sign_release",
           "sign", call="job('sign')"),
    Action("push", "P", "push", "Send the release to a registry", (Place.RELEASES,), "push:push", "push",
           call="job('push')"),
    Action("pull", "L", "pull", "Fetch a release from a registry", (Place.RELEASES,), "pull:pull", "pull",
           call="job('pull')"),
    Action("audit", "A", "audit", "Check the history and every release", (Place.RELEASES,),
           "audit:verify_ledger", "audit", call="job('audit')"),
    Action("open-job", "enter", "open", "Show the operation's tasks, or how it ended", (Place.JOBS,)),
    Action("work", "w", "progress", "Show the operation that is running, or the last one", _ON_ENVIRONMENT),
    *(
        Action(f"focus-{tab}", str(number), tab, words, (Place.ENVIRONMENT,), operation, command,
               call=f"tab('{tab}')")
        for number, (tab, words, operation, command) in enumerate(_TABS, 1)
    ),
    Action("choose-row", "enter", "open", "From a service to its logs; in the history, back to the row's release",
           (Place.ENVIRONMENT,), "rollback:rollback", "rollback"),
    Action("search", "slash", "search", "Show only log lines that contain this (esc clears)",
           (Place.ENVIRONMENT,), None, "logs"),
    Action("next-match", "n", "next", "To the next log line that the search found", (Place.ENVIRONMENT,),
           call="log('next')"),
    Action("previous-match", "N", "previous", "To the log line before that the search found",
           (Place.ENVIRONMENT,),
           call="log('previous')"),
    Action("hide-rest", "ampersand", "only matches", "Show only log lines that the search found, or all of them",
           (Place.ENVIRONMENT,),
           call="log('hide')"),
    Action("invert", "exclamation_mark", "invert", "Show only log lines that the search did not find",
           (Place.ENVIRONMENT,),
           call="log('invert')"),
    Action("level", "L", "level", "Show only log lines from the next level on: all, information, warnings, errors",
           (Place.ENVIRONMENT,),
           call="log('level')"),
    Action("tracebacks", "F", "tracebacks", "Show tracebacks whole, or only the line that says what happened",
           (Place.ENVIRONMENT,),
           call="log('tracebacks')"),
    Action("pager", "V", "pager", "Read the whole log of the service, or of all, in $PAGER",
           (Place.ENVIRONMENT,), "logs:open_logs", "logs", needs=Need.ENVIRONMENT),
    Action("toggle-follow", "f", "follow", "Stop following the logs, or follow them again", (Place.ENVIRONMENT,),
           "logs:open_logs", "logs",
           call="log('follow')"),
    Action("toggle-wrap", "W", "wrap", "Wrap long log lines, or cut them", (Place.ENVIRONMENT,),
           call="log('wrap')"),
    Action("toggle-times", "t", "times", "Show when each log line was written", (Place.ENVIRONMENT,), None,
           "logs",
           call="log('times')"),
    Action("save", "S", "save", "Save the shown log lines to a file in the current folder",
           (Place.ENVIRONMENT,), "logs:open_logs", "logs"),
    Action("maximise", "z", "maximise", "Give the table or the logs the whole terminal, and back",
           _ON_ENVIRONMENT),
    Action("choose-left", "left_square_bracket", "left", "Choose the left side", (Place.PARITY,),
           "parity:compare", "parity"),
    Action("choose-right", "right_square_bracket", "right", "Choose the right side", (Place.PARITY,),
           "parity:compare", "parity"),
    Action("probe", "b", "probe", "Send the declared requests to both and compare the answers", (Place.PARITY,),
           "probe:probe", "parity"),
    Action("next-difference", "n", "next", "To the next difference", (Place.PARITY,)),
    Action("previous-difference", "N", "previous", "To the difference before", (Place.PARITY,)),
    Action("fold", "enter", "fold", "Fold or unfold a group; of a commit, image or file: what changed in it",
           (Place.PARITY,)),
    Action("show-same", "equals_sign", "the same", "Show what both sides have alike, or hide it",
           (Place.PARITY,), "parity:compare", "parity"),
    Action("declare", "A", "declare", "Declare that the difference is meant: commit or copy the allow-list entry",
           (Place.PARITY,), "declare:plan_declaration", "parity"),
    Action("export", "e", "export", "Save the comparison as Markdown or JSON in the current folder",
           (Place.PARITY,), "parity:compare", "parity"),
    Action("choose-old", "left_square_bracket", "from", "Choose the release that it changed from", (Place.DIFF,),
           "diff:diff", "diff"),
    Action("choose-new", "right_square_bracket", "to", "Choose the release that it changed to", (Place.DIFF,),
           "diff:diff", "diff"),
    Action("swap", "s", "swap", "Exchange the two sides", _PAIRS, None, "parity"),
    Action("confirm", "y", "do it", "Confirm", (Place.CONFIRM,), None, None),
    *(
        Action(f"choose-{number}", str(number), f"{ordinal} choice",
               f"Take the {ordinal} of what is offered: a role, a time, a release", (Place.CONFIRM,),
               call=f"choose({number - 1})")
        for number, ordinal in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"), 1)
    ),
    Action("choose-other", "t", "other", "Type what is not offered: a time, a name, an address", (Place.CONFIRM,)),
    Action("cancel-work", "c,ctrl+c", "cancel", "Stop the operation and undo what it has made",
           (Place.PROGRESS, Place.JOBS)),
    Action("open-result", "enter", "open", "Open the environment that has come up", (Place.PROGRESS,),
           "records.environments:find_environment", "status"),
    Action("cursor-down", "j,down", "down", "One row down", (*_SCROLLED, Place.CONFIRM)),
    Action("cursor-up", "k,up", "up", "One row up", (*_SCROLLED, Place.CONFIRM)),
    Action("cursor-top", "g,home", "top", "To the first row", _SCROLLED),
    Action("cursor-bottom", "G,end", "bottom", "To the last row; in logs, follow again", _SCROLLED),
    Action("half-page-down", "ctrl+d", "half page down", "Half a page down", _SCROLLED),
    Action("half-page-up", "ctrl+u", "half page up", "Half a page up", _SCROLLED),
    Action("back", "escape", "back", "One layer out; clears a filter first", (Place.EVERYWHERE,)),
    Action("menu", "x", "actions", "Everything that can be done here",
           (Place.HOME, Place.COMMITS, Place.ENVIRONMENT, Place.JOBS, Place.RELEASES, Place.START, *_PAIRS)),
    Action("command_palette", "ctrl+p,colon", "palette", "Find an action, a branch or an environment by name",
           (Place.EVERYWHERE,)),
    Action("theme", "ctrl+t", "theme", "Choose other colours; they are remembered", (Place.EVERYWHERE,)),
    Action("density", "ctrl+l", "density", "Leave no line empty and show no cards, or show them again",
           (Place.EVERYWHERE,)),
    Action("help", "question_mark", "help", "All keys, searchable", (Place.EVERYWHERE,), None, None),
    Action("leave", "q,ctrl+q", "quit", "Quit (asks while an operation is running)", (Place.EVERYWHERE,)),
)  # fmt: skip
CHOOSING = tuple(f"choose-{number}" for number in range(1, 7))
"""The actions that choose one of what a request offers, in its order."""

BY_ID = {action.id: action for action in ACTIONS}


def actions_in(place: Place) -> tuple[Action, ...]:
    """The actions that can be taken at a place, those of everywhere last."""
    here = [action for action in ACTIONS if place in action.places]
    return (*here, *(action for action in ACTIONS if Place.EVERYWHERE in action.places))


def bindings(ids: Iterable[str]) -> list[BindingType]:
    """Textual bindings of these actions, remappable by their ids. The key bar shows them, not Textual's footer."""
    return [Binding(BY_ID[name].keys, BY_ID[name].method, BY_ID[name].label, show=False, id=name) for name in ids]
