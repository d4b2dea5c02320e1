"""Every container of an environment with its restarts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on

from previewer.domain.examination import ExaminedContainer
from previewer.tui.answers import ContainersRead
from previewer.tui.desk import Desk
from previewer.tui.present.columns import Column
from previewer.tui.present.container_rows import container_lines, fit_container_columns
from previewer.tui.widgets.rows_table import Row
from previewer.tui.widgets.table_panel import TablePanel


class ServicesPanel(TablePanel):
    """Debug copies are there too, for as long as they are."""

    LOOK_EVERY: ClassVar[float | None] = 5.0
    """Restarts are counted where containers are inspected; a list of them says nothing of it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, name="all-services", asking="inspecting …", nothing="no container of it is left")
        self._containers: tuple[ExaminedContainer, ...] | None = None

    @property
    def service(self) -> str | None:
        """The service under the cursor."""
        key = self.target.selected_key
        return next((c.service for c in self._containers or () if c.name == key), None)

    def ask(self) -> None:
        """Look again."""
        if self.environment is not None:
            self.desk.inquiries.read_containers(self.environment, self)

    @on(ContainersRead)
    def containers_read(self, message: ContainersRead) -> None:
        """They were inspected."""
        message.stop()
        self._containers, self.error = message.containers, None
        self.draw()

    def columns(self, width: int) -> Sequence[Column]:
        """How each is, and how often it was restarted."""
        return fit_container_columns(width)

    def rows(self) -> Sequence[Row] | None:
        """A container each."""
        environment, now = self.environment, self.desk.now()
        if self._containers is None or environment is None:
            return None
        return [(c.name, container_lines(c, environment, now=now)) for c in self._containers]
