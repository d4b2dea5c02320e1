"""Why a difference is meant, and what is to become of the entry that declares it: two questions."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from textual.app import App

from previewer.domain.parity.compare import PREVIEWS_DIFFER, Parity
from previewer.domain.parity.difference import ParityDifference
from previewer.operations.declare import allowing_side, declaration_branch
from previewer.tui.screens.pick import Named, PickScreen


class Way(Enum):
    """What can become of the entry."""

    COMMIT = "commit it"
    PATCH = "copy the patch"
    ENTRY = "copy the entry"


def ask_how_to_declare(
    app: App[Any], parity: Parity, difference: ParityDifference, then: Callable[[str, Way], None]
) -> None:
    """Ask both; ``then`` is called with the reason and the way, unless one of the questions is left."""

    def explained(reason: str | None) -> None:
        def decided(name: str | None) -> None:
            if reason is not None and name in {way.value for way in Way}:
                then(reason, Way(name))

        if reason is not None:
            app.push_screen(PickScreen("What is to become of the entry?", ways(parity)), decided)

    title = f"Why is {difference.path} meant to differ?"
    app.push_screen(PickScreen(title, reasons_to_give(parity, difference), typed="a reason"), explained)


def ways(parity: Parity) -> Named:
    """Each with what it does."""
    side, _other = allowing_side(parity)
    return (
        (Way.COMMIT.value, f"to the branch {declaration_branch(parity)}; no working tree is touched"),
        (Way.PATCH.value, f"of {side.definition.files[0]}, for git apply"),
        (Way.ENTRY.value, "in YAML, to be pasted"),
    )


def reasons_to_give(parity: Parity, difference: ParityDifference) -> Named:
    """Why others are meant to differ. Another reason can be typed."""
    given = {one.reason: "declared of another one" for one in parity.declared if one.reason != PREVIEWS_DIFFER}
    return tuple({**given, difference.why: "what it leads to"}.items())
