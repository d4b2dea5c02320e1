"""The data of an environment: its volumes, and the snapshots that it can begin with again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on

from previewer.domain.environment.environment import Environment
from previewer.operations.data import ListedSnapshot
from previewer.operations.data_volumes import DataVolume
from previewer.present.tables import Column
from previewer.tui.context import AppContext
from previewer.tui.messages import DataMeasured, DataRead
from previewer.tui.present.data import data_title, fit_volume_columns, volume_lines
from previewer.tui.present.tables import longest_cells
from previewer.tui.present.text import Line
from previewer.tui.widgets.panel import TablePanel
from previewer.tui.widgets.rows_table import Row


class DataPanel(TablePanel):
    """What was written is measured when the tab is chosen and when it is asked again: the engine counts files."""

    TAB: ClassVar[str] = "data"
    KEYS: ClassVar[tuple[str, ...]] = (
        "back",
        "data-snapshot",
        "data-reset",
        "data-clone",
        "rollback",
        "retry",
        "menu",
    )

    def __init__(self, context: AppContext) -> None:
        super().__init__(
            context,
            name="data",
            asking="asking the engine …",
            nothing="its services keep nothing: it has no volumes",
        )
        self._volumes: tuple[DataVolume, ...] | None = None
        self._own: Mapping[str, int] = {}
        self.snapshots: tuple[ListedSnapshot, ...] = ()
        """The snapshots of the repository, newest first."""

    @property
    def has_data(self) -> bool:
        """Whether there is a volume, as far as is known."""
        return bool(self._volumes)

    def renew(self, environment: Environment) -> None:
        """Another generation has other volumes."""
        if self.environment is not None and self.environment.ownership != environment.ownership:
            self._own = {}
        super().renew(environment)

    def ask(self) -> None:
        """Which there are, and then how much was written to each."""
        if self.environment is not None:
            self.context.detail_queries.read_data(self.environment, self)

    @on(DataRead)
    def data_read(self, message: DataRead) -> None:
        """They are known."""
        message.stop()
        self._volumes, self.snapshots, self.error = message.volumes, message.snapshots, None
        if self._volumes:
            self.context.detail_queries.measure_data(self._volumes, self)
        self.draw()

    @on(DataMeasured)
    def data_measured(self, message: DataMeasured) -> None:
        """The engine has counted."""
        message.stop()
        self._own = message.sizes
        self.draw()

    def columns(self, width: int) -> Sequence[Column]:
        """What each began with, and what became of it."""
        return fit_volume_columns(width, longest_cells([lines for _key, lines in self.rows() or ()]))

    def rows(self) -> Sequence[Row] | None:
        """A volume each."""
        if self._volumes is None or self.environment is None:
            return None
        now = self.context.now()
        return [(one.key, volume_lines(one, self._own.get(one.key), now=now)) for one in self._volumes]

    def title(self) -> Line:
        """How much there is."""
        if not self._volumes or self.environment is None:
            return ()
        return data_title(self._volumes, self.snapshots, self.environment.name)
