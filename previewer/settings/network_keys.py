"""The settings of networks, published ports and the router, which are rows of the table."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from previewer.domain import naming
from previewer.settings import values
from previewer.settings.model import RouterTls, RouterUse, Settings
from previewer.settings.row import Layer, Setting


def _router(settings: Settings, **changes: Any) -> Settings:
    return replace(settings, router=replace(settings.router, **changes))


NETWORK_SETTINGS = (
    Setting(
        key="network.pool",
        looks="an IPv4 range",
        default='`"10.213.0.0/16"`',
        meaning="Where networks take their subnets from.",
        variable="PREVIEWER_ADDRESS_POOL",
        apply=lambda s, value, _: replace(s, address_pool=values.read_pool(value)),
    ),
    Setting(
        key="network.prefix",
        looks="16 to 29",
        default="28",
        meaning="How large each subnet is: 28 leaves 13 addresses for containers. Where more join, it is larger.",
        variable="PREVIEWER_SUBNET_PREFIX",
        apply=lambda s, value, _: replace(s, subnet_prefix=values.read_count(value, least=16, most=29)),
    ),
    Setting(
        key="network.publish",
        looks='`"auto"`, `"loopback"` or an IPv4 address',
        default='`"auto"`',
        meaning="The host address that ports are published at, see [engines](engines.md#where-ports-are-reached).",
        variable="PREVIEWER_PUBLISH",
        apply=lambda s, value, _: replace(s, publish=values.read_publish(value)),
    ),
    Setting(
        key="ttl.idle",
        looks='`"30m"`, `"2h"` or `"never"`',
        default='`"never"`',
        meaning="After how long without a request `watch` puts a preview that has a name to sleep.",
        variable="PREVIEWER_TTL_IDLE",
        apply=lambda s, value, _: replace(s, idle=values.read_ttl(value)),
    ),
    Setting(
        key="router",
        looks='`"on"`, `"off"` or `"auto"`',
        default='`"auto"`',
        meaning="Whether environments have host names instead of ports, see [router](router.md). `auto`: where the"
        " router's program is at hand.",
        variable="PREVIEWER_ROUTER",
        apply=lambda s, value, _: _router(
            s, use=RouterUse(values.read_choice(value, [use.value for use in RouterUse]))
        ),
    ),
    Setting(
        key="network.domain",
        looks="a domain",
        default='`"localhost"`',
        meaning="What host names end with.",
        variable="PREVIEWER_DOMAIN",
        apply=lambda s, value, _: _router(s, domain=values.read_domain(value)),
    ),
    Setting(
        key="network.router_port",
        looks="1 to 65535",
        default="80, or 7080 where that is taken",
        meaning="The host port that the router answers at.",
        variable="PREVIEWER_ROUTER_PORT",
        apply=lambda s, value, _: _router(s, port=values.read_count(value, least=1, most=65535)),
    ),
    Setting(
        key="network.router_addresses",
        looks='a list of addresses, `["0.0.0.0"]`',
        default='`["127.0.0.1"]`',
        meaning="The host addresses that the router answers at.",
        variable="PREVIEWER_ROUTER_ADDRESSES",
        apply=lambda s, value, _: _router(s, addresses=values.read_addresses(value)),
        is_list=True,
    ),
    Setting(
        key="network.tls",
        looks='`"off"`, `"internal"` or `"files"`',
        default='`"off"`',
        meaning="Whether host names have `https://`, with certificates of the router's own authority or with a"
        " given one, see [router](router.md#tls).",
        variable="PREVIEWER_TLS",
        apply=lambda s, value, _: _router(
            s, tls=RouterTls(values.read_choice(value, [tls.value for tls in RouterTls]))
        ),
    ),
    Setting(
        key="network.tls_certificate",
        looks="a path",
        default="none",
        meaning='For `tls = "files"`: the certificate of `*.PROJECT.DOMAIN` with its chain, in PEM.',
        apply=lambda s, value, _: _router(s, certificate=values.read_text(value)),
        layers=Layer.USER,
        variable="PREVIEWER_TLS_CERTIFICATE",
    ),
    Setting(
        key="network.tls_key",
        looks="a path",
        default="none",
        meaning="Its private key, in PEM.",
        apply=lambda s, value, _: _router(s, key=values.read_text(value)),
        layers=Layer.USER,
        variable="PREVIEWER_TLS_KEY",
    ),
    Setting(
        key="network.router_name",
        looks="a name",
        default='`"previewer-router"`',
        meaning="What the router's container is called: an engine may have several, each with environments of its"
        " own.",
        variable="PREVIEWER_ROUTER_NAME",
        apply=lambda s, value, _: _router(s, name=naming.slug(values.read_text(value))),
    ),
)
