"""What the pane beside the home table knows of an environment that has names."""

from __future__ import annotations

import json

from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import OverviewRow
from previewer.operations.router import router_down
from previewer.operations.up import up
from previewer.testing.memory.session import DEFAULT_NOW
from previewer.tui.context import AppState
from previewer.tui.glance import GlanceScope, glance
from previewer.tui.present.glances import glance_lines
from previewer.tui.present.text import text_of
from tests.operations.test_routing import HOST, NamedShop


def test_requests_a_minute_are_told_where_a_router_leads_there() -> None:
    shop = NamedShop()
    row = OverviewRow(None, up(shop.run, "main", DeployRequest()).environment)
    asked = json.dumps({"ts": DEFAULT_NOW.timestamp() - 1, "request": {"host": HOST}})
    shop.router.lines = [asked, asked]
    assert "2 requests a minute" in shown(shop, row)
    router_down(shop.run)
    assert "requests" not in shown(shop, row)


def shown(shop: NamedShop, row: OverviewRow) -> str:
    lines = glance_lines(
        row,
        AppState(),
        glance(shop.session, row, GlanceScope()),
        now=DEFAULT_NOW,
        width=60,
        key_of=lambda action: action,
        usage_of=lambda _containers: None,
    )
    return "\n".join(map(text_of, lines))
