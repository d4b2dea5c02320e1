"""The settings of the router, which are rows of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain import naming
from previewer.settings import values
from previewer.settings.model import RouterSettings, RouterUse

RouterReader: TypeAlias = Callable[[RouterSettings, object], RouterSettings]
"""The settings with a value taken in. Raises :class:`SettingValueError`."""


class RouterKey(Struct, frozen=True):
    """One of them; see :class:`previewer.settings.table.Setting`."""

    key: str
    looks: str
    default: str
    meaning: str
    variable: str
    change: RouterReader
    is_list: bool = False


ROUTER_KEYS = (
    RouterKey(
        key="router",
        looks='`"on"`, `"off"` or `"auto"`',
        default='`"auto"`',
        meaning="Whether environments have host names instead of ports, see [router](router.md). `auto`: where the"
        " router's program is at hand.",
        variable="PREVIEWER_ROUTER",
        change=lambda s, value: replace(
            s, use=RouterUse(values.read_choice(value, [use.value for use in RouterUse]))
        ),
    ),
    RouterKey(
        key="network.domain",
        looks="a domain",
        default='`"localhost"`',
        meaning="What host names end with.",
        variable="PREVIEWER_DOMAIN",
        change=lambda s, value: replace(s, domain=values.read_domain(value)),
    ),
    RouterKey(
        key="network.router_port",
        looks="1 to 65535",
        default="80, or 7080 where that is taken",
        meaning="The host port that the router answers at.",
        variable="PREVIEWER_ROUTER_PORT",
        change=lambda s, value: replace(s, port=values.read_count(value, least=1, most=65535)),
    ),
    RouterKey(
        key="network.router_addresses",
        looks='a list of addresses, `["0.0.0.0"]`',
        default='`["127.0.0.1"]`',
        meaning="The host addresses that the router answers at.",
        variable="PREVIEWER_ROUTER_ADDRESSES",
        change=lambda s, value: replace(s, addresses=values.read_addresses(value)),
        is_list=True,
    ),
    RouterKey(
        key="network.router_name",
        looks="a name",
        default='`"previewer-router"`',
        meaning="What the router's container is called: an engine may have several, each with environments of its"
        " own.",
        variable="PREVIEWER_ROUTER_NAME",
        change=lambda s, value: replace(s, name=naming.slug(values.read_text(value))),
    ),
)
