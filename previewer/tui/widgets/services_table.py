"""The services of an environment, with what they use, and a first row that stands for all of them."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain.environment.environment import Environment
from previewer.tui.context import AppContext
from previewer.tui.present.environment import (
    ALL_SERVICES,
    all_services_lines,
    fit_service_columns,
    service_lines,
)
from previewer.tui.present.text import Line
from previewer.tui.widgets.rows_table import RowsTable

MOST_ROWS = 9
"""Shown at once beside the logs; more are scrolled."""


class ServicesTable(RowsTable):
    """Just as high as its rows, up to a third of the terminal."""

    def show_services(self, environment: Environment, context: AppContext, *, is_stale: bool) -> None:
        """Show them as they are; ``is_stale`` where the engine does not answer any more."""
        usage, total = context.usage, context.usage_of(environment)
        rows: list[tuple[str, Mapping[str, Line]]] = [
            (ALL_SERVICES, all_services_lines(len(environment.services), total))
        ]
        for service in environment.services:
            used = usage.of(container.name for container in service.containers)
            rows.append((service.name, service_lines(service, is_stale=is_stale, usage=used)))
        self.show(fit_service_columns(self.screen.size.width - 3, has_figures=total is not None), rows)
        room = max(3, min(MOST_ROWS, self.screen.size.height // 3))
        self.styles.height = min(len(rows), room) + 1
