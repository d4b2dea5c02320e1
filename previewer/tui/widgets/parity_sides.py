"""The heads of the two sides of a comparison, and what lies between them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal

from previewer.domain.parity.compare import Parity
from previewer.operations.parity import Distance
from previewer.present.tables import CELL_PADDING, Column
from previewer.tui.context import AppContext, AppState
from previewer.tui.present.parity import between_lines, short_side, side_card
from previewer.tui.present.text import line, to_content
from previewer.tui.widgets.text_block import TextBlock

TALL = 22
"""Lines of a terminal in which they leave enough for the differences."""
_MARGIN, _FRAME = 1, 4


class ParitySides(Horizontal):
    """Two cards, as wide as the columns below them."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(id="sides")
        self.context = context

    def compose(self) -> ComposeResult:
        """A card, what lies between, a card."""
        yield TextBlock(id="left-side", classes="card", markup=False)
        yield TextBlock(id="between", markup=False)
        yield TextBlock(id="right-side", classes="card", markup=False)

    def show(
        self, parity: Parity | None, distance: Distance | None, state: AppState, columns: Sequence[Column]
    ) -> None:
        """Show how they are now; nothing without a comparison, or where the terminal is low."""
        size = self.app.size
        self.display = parity is not None and size.height >= TALL
        if parity is None or not self.display:
            return
        project, now = self.context.session.project, self.context.now()
        left = columns[0].width + 2 * CELL_PADDING - _MARGIN
        between = columns[1].width + 2 * CELL_PADDING
        right = size.width - 2 * _MARGIN - left - between
        for name, side, width in (("left", parity.left, left), ("right", parity.right, right)):
            card = self.query_one(f"#{name}-side", TextBlock)
            card.entitle(to_content(line(short_side(side.name, project).upper())))
            environment = state.environment(side.name)
            card.put(to_content(*side_card(side, environment, state, now=now, width=max(10, width - _FRAME))))
        self.query_one("#left-side").styles.width = left
        middle = self.query_one("#between", TextBlock)
        middle.styles.width = between
        middle.put(to_content((), *between_lines(parity, project, distance, self.context.key_of)))
