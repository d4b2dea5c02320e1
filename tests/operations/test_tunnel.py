"""Addresses of another machine that are kept open here; tests/docker has them over a real ssh."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Event

import pytest

from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import Environment
from previewer.domain.routing.host_names import place_of
from previewer.errors import EngineError, UsageError
from previewer.operations.tunnel import keep_tunnel, refuse_tunnel
from previewer.operations.up import up
from previewer.session.run import Run
from tests.operations.shop import Shop
from tests.operations.test_routing import NamedShop


class Tunnel:
    """Every port leads there by the number that follows."""

    def __init__(self, places: Iterable[tuple[str, int]]) -> None:
        self.ports: Mapping[tuple[str, int], int] = {place: place[1] + 1 for place in places}
        self.ended = Event()

    def wait(self) -> None:
        assert self.ended.wait(60)

    def close(self) -> None:
        self.ended.set()


@pytest.fixture(params=[Shop, NamedShop])
def shop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Shop:
    found: Shop = request.param()
    monkeypatch.setattr(found.session, "forward", Tunnel)
    return found


def test_what_is_printed_has_the_ports_that_lead_there_until_it_is_interrupted(shop: Shop) -> None:
    run, told = Run(shop.session, shop.report), list[Environment]()
    made = up(run, "main", DeployRequest()).environment

    def announce(reached: Environment) -> None:
        told.append(reached)
        run.cancellation.request()

    keep_tunnel(run, made, announce)
    (reached,) = told
    for before, after in zip(made.ports, reached.ports, strict=True):
        assert place_of(after.address) == ("127.0.0.1", place_of(before.address)[1] + 1)
        assert after.url == (after.address if before.url == before.address else before.url), "names stay"


def test_a_tunnel_that_ends_by_itself_is_a_failure(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(shop.session, shop.report)
    made = up(run, "main", DeployRequest()).environment
    monkeypatch.setattr(Tunnel, "wait", Tunnel.close)
    with pytest.raises(EngineError, match="has ended"):
        keep_tunnel(run, made, lambda _reached: None)


def test_it_is_refused_where_there_is_no_other_machine(shop: Shop) -> None:
    with pytest.raises(UsageError, match="another machine"):
        refuse_tunnel(shop.session)
