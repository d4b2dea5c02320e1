"""Every action is bound, explained, and can be done without a terminal too."""

from __future__ import annotations

import ast
import importlib
from collections import Counter
from pathlib import Path

import pytest
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode

import previewer.tui
from previewer.cli.verbs import VERBS
from previewer.tui.actions import ACTIONS, BY_ID, CHOOSING, Action, Place, key_name
from previewer.tui.app import PreviewerApp
from previewer.tui.screens.commits import CommitsScreen
from previewer.tui.screens.confirm_plan import ConfirmScreen
from previewer.tui.screens.diff import DiffScreen
from previewer.tui.screens.environment import EnvironmentScreen
from previewer.tui.screens.home import HomeScreen
from previewer.tui.screens.jobs import JobsScreen
from previewer.tui.screens.parity import ParityScreen
from previewer.tui.screens.progress import ProgressScreen
from previewer.tui.screens.releases import ReleasesScreen
from previewer.tui.screens.start import StartScreen
from previewer.tui.widgets.lines import LinesView
from previewer.tui.widgets.log_view import LogView
from previewer.tui.widgets.rows_table import RowsTable

DOCUMENT = Path(__file__).parents[2] / "docs" / "tui.md"
ONLY_HERE = {
    **dict.fromkeys(("theme", "density", "widen-pane", "narrow-pane"), "it has no looks to choose"),
    "work": "the command line shows the progress of its own operation anyway",
    "toggle-wrap": "the terminal wraps",
    "maximise": "there is nothing to maximise in a stream of lines",
    "confirm": "the command itself is the confirmation; --dry-run shows the plan",
    **dict.fromkeys(CHOOSING, "options of the command: --role, --to, the TTL, the release, --releases"),
    "choose-other": "an argument of the command: the TTL",
    "cancel-work": "an interrupt (ctrl+c) of the command",
    "menu": "--help",
    "command_palette": "--help",
    "help": "--help",
    "back": "there are no layers to leave",
    **dict.fromkeys(("next-difference", "previous-difference", "fold"), "moving about"),
    **dict.fromkeys(("next-match", "previous-match"), "moving about"),
    **dict.fromkeys(("hide-rest", "invert", "level", "tracebacks"), "grep of what `logs` prints"),
    "focus-events": "`docker events`; of what was done to it, `history` and `drift`",
    **dict.fromkeys(("jobs", "open-job"), "each command is a job of its own"),
    "leave": "the command ends by itself",
    **dict.fromkeys(("cursor-down", "cursor-up", "cursor-top", "cursor-bottom"), "moving about"),
    **dict.fromkeys(("half-page-down", "half-page-up"), "moving about"),
}
"""Actions without a command, and why."""

NODES: dict[Place, tuple[type[DOMNode], ...]] = {
    Place.EVERYWHERE: (PreviewerApp, HomeScreen),
    Place.HOME: (HomeScreen, RowsTable, PreviewerApp),
    Place.COMMITS: (CommitsScreen, RowsTable, PreviewerApp),
    Place.ENVIRONMENT: (EnvironmentScreen, RowsTable, LogView, LinesView, PreviewerApp),
    Place.PARITY: (ParityScreen, RowsTable, PreviewerApp),
    Place.DIFF: (DiffScreen, LinesView, PreviewerApp),
    Place.RELEASES: (ReleasesScreen, RowsTable, PreviewerApp),
    Place.START: (StartScreen, LinesView, PreviewerApp),
    Place.JOBS: (JobsScreen, RowsTable, PreviewerApp),
    Place.CONFIRM: (ConfirmScreen,),
    Place.PROGRESS: (ProgressScreen,),
}
"""Where the actions of a place are bound."""


def identify(action: Action) -> str:
    return action.id


@pytest.mark.parametrize("action", ACTIONS, ids=identify)
def test_every_action_is_an_operation_and_a_command_or_says_why_not(action: Action) -> None:
    if action.command is None:
        assert action.id in ONLY_HERE
        assert action.operation is None
        return
    assert action.id not in ONLY_HERE
    assert action.command.split()[0] in {verb.name for verb in VERBS}
    if action.operation is not None:
        module, _, function = action.operation.partition(":")
        assert callable(
            getattr(
                importlib.import_module(
                    f"previewer.{module}" if "." in module else f"previewer.operations.{module}"
                ),
                function,
            )
        )


@pytest.mark.parametrize("action", ACTIONS, ids=identify)
def test_every_action_is_bound_where_it_can_be_taken(action: Action) -> None:
    for place in action.places:
        bound = [
            binding
            for node in NODES[place]
            for same_key in (node._merged_bindings or BindingsMap()).key_to_bindings.values()
            for binding in same_key
            if binding.id == action.id
        ]
        assert bound, f"{action.id} has no binding at {place.value}"
        assert all(binding.action == action.method for binding in bound)
        assert any(hasattr(node, action.handler) for node in NODES[place])


def test_ids_and_methods_are_unique() -> None:
    assert len(BY_ID) == len(ACTIONS)
    assert len({action.method for action in ACTIONS}) == len(ACTIONS)


@pytest.mark.parametrize("place", Place)
def test_no_key_means_two_things_at_one_place(place: Place) -> None:
    keys = Counter(
        key
        for action in ACTIONS
        if place in action.places or Place.EVERYWHERE in action.places
        for key in action.keys.split(",")
    )
    assert not [key for key, times in keys.items() if times > 1]


def test_what_confirms_is_never_what_asked() -> None:
    confirming = set(BY_ID["confirm"].keys.split(","))
    for name in ("up", "down", "replace", "update", "promote", "rollback", "sleep", "extend", "pin", "prune"):
        assert not confirming & set(BY_ID[name].keys.split(","))


@pytest.mark.parametrize("action", ACTIONS, ids=identify)
def test_every_action_is_explained(action: Action) -> None:
    assert 0 < len(action.label) <= 14
    assert action.help[0].isupper()
    assert not action.help.endswith(".")
    assert Binding(action.keys, action.method).key == action.keys


def test_the_documentation_lists_every_key(updates_snapshots: bool) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, start, rest = text.partition("<!-- keys: written by the tests from previewer/tui/actions.py -->\n")
    _old, end, after = rest.partition("<!-- end of keys -->")
    assert start, "the documentation has no place for the keys"
    assert end, "the documentation's keys have no end"
    wanted = before + start + key_table() + end + after
    if updates_snapshots:
        DOCUMENT.write_text(wanted, encoding="utf-8")
        text = wanted
    assert text == wanted, "pytest tests/tui --update-tui-snapshots rewrites it"


def key_table() -> str:
    lines = ["", "| key | where | what | setting | on the command line |", "|---|---|---|---|---|"]
    for action in ACTIONS:
        keys = " ".join(f"`{key_name(key)}`" for key in action.keys.split(","))
        places = ", ".join(place.value for place in action.places)
        command = f"`previewer {action.command}`" if action.command else ONLY_HERE[action.id]
        lines.append(f"| {keys} | {places} | {action.help} | `{action.id}` | {command} |")
    return "\n".join([*lines, "", ""])


def test_foreign_text_reaches_widgets_only_as_content() -> None:
    """``Static``, ``Label`` and ``notify`` are never left to read markup."""
    for path in Path(next(iter(previewer.tui.__path__))).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("Static", "Label", "notify", "OptionList"):
                given = {keyword.arg: keyword.value for keyword in node.keywords}
                markup = given.get("markup")
                assert isinstance(markup, ast.Constant), f"{path.name}:{node.lineno}"
                assert markup.value is False, f"{path.name}:{node.lineno}"
