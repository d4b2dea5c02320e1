"""Host names in the life of an environment, on the memory engine with a router in memory."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from msgspec import structs
from msgspec.structs import replace

from previewer.deployment.routing import lead_names
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.deploy.watching import WatchRules
from previewer.domain.environment.environment import State
from previewer.domain.progress import Noted
from previewer.domain.routing.requests import COUNTED_LINES, hosts_of, read_requested_host
from previewer.domain.routing.route_files import Link
from previewer.errors import EngineError, FreezeError, PreviewerError, UsageError
from previewer.operations.down import down
from previewer.operations.extend import extend
from previewer.operations.replace import replace_environment
from previewer.operations.router import measure_requests, router_down, router_status, router_up
from previewer.operations.share import share, unshare
from previewer.operations.sleep import sleep, wake
from previewer.operations.up import plan_up, up
from previewer.operations.watch.idle import find_idle
from previewer.session.run import Run
from previewer.settings.model import RouterSettings, RouterTls, RouterUse, Settings
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.router import MemoryRouter
from previewer.testing.memory.session import DEFAULT_NOW, memory_session
from tests.operations.shop import Shop

HOST = "main.shop.localhost"


class NamedShop(Shop):
    """The shop with a router."""

    def __init__(self, *, use: RouterUse = RouterUse.AUTO, reason: str = "", port: int | None = None) -> None:
        super().__init__(compose=COMPOSE, engine=MemoryEngine())
        self.router = MemoryRouter(reason=reason)
        settings = Settings(settle_time=0.0, router=RouterSettings(use=use, port=port))
        self.session = memory_session(
            source=self.source, engine=self.engine, images=self.images, router=self.router, settings=settings
        )

    @property
    def run(self) -> Run:
        return Run(self.session, self.report)


COMPOSE = """
services:
  web: {image: web, ports: ["80", "5432"]}
  api: {image: api, ports: ["9000"]}
"""


def test_a_name_leads_to_an_environment_through_its_life() -> None:
    shop = NamedShop()
    made = up(shop.run, "main", DeployRequest()).environment
    assert made.url == f"http://{HOST}"
    assert made.urls[1] == f"http://api.{HOST}"
    first = shop.router.leads(HOST)
    assert first == made.ports[0].address.removeprefix("http://")
    assert "shop-main" in told_of(shop, "of/2-shop-main")

    replaced = replace_environment(shop.run, "main", DeployRequest())
    assert replaced.environment.url == made.url
    assert replaced.downtime_seconds is None
    assert shop.router.leads(HOST) not in ("", first)

    extend(shop.session, "main", "2h")
    assert str(int((DEFAULT_NOW + timedelta(hours=2)).timestamp())) in told_of(shop, "of/2-shop-main")
    extend(shop.session, "main", "never")
    assert "time left" not in told_of(shop, "of/2-shop-main")

    sleep(shop.run, ["main"])
    assert ">asleep<" in told_of(shop, "of/2-shop-main")
    assert shop.environments()["shop-main"].url == made.url
    assert shop.router.leads(HOST) == shop.router.leads(f"api.{HOST}") == "page 503"
    assert "is asleep" in shop.router.page(HOST, 503)
    assert wake(shop.run, "main").environment.state is State.RUNNING
    assert shop.router.leads(HOST).startswith("127.0.0.1:")

    up(shop.run, "feature/a", DeployRequest())
    down(shop.run, ["main"])
    assert shop.router.leads(HOST) == "page 410"
    assert told_of(shop, "of/2-shop-main") == ""
    down(shop.run, ["feature/a"])
    assert shop.router.running is None


def told_of(shop: NamedShop, place: str) -> str:
    """What the project's page is put together from."""
    content = shop.router.files[f".index/shop.localhost/{place}"]
    assert isinstance(content, bytes)
    return content.decode()


def test_what_one_costs_does_not_grow_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but what is its own is written, and the engine is not asked for anything."""
    shop = NamedShop()
    for branch in ("main", "feature/a", "feature-a"):
        up(shop.run, branch, DeployRequest())
    ours = shop.environments()["shop-main"]
    shop.router.files.clear()
    monkeypatch.setattr(shop.engine, "observe", lambda _selection: pytest.fail("everything is looked at"))
    lead_names(shop.run, ours)
    told = {path.split("/")[-1] for path in shop.router.files if path.startswith(".index/")}
    assert told == {"2-shop-main", "branches"}
    hosts = {path.split("/")[0] for path in shop.router.files}
    assert hosts == {".index", ".to", "shop.localhost", HOST, f"api.{HOST}"}


def test_the_page_says_how_staging_and_production_stand_to_each_other() -> None:
    shop = NamedShop()
    definitions = {f"envs/{role}.yaml": "include: [../compose.yaml]\n" for role in ("staging", "production")}
    shop.source.commit("main", {"compose.yaml": COMPOSE, **definitions})
    up(shop.run, "main", DeployRequest(role=Role.STAGING))
    assert told_of(shop, "parity") == ""
    up(shop.run, "main", DeployRequest(role=Role.PRODUCTION))
    assert told_of(shop, "parity") == "<p>Staging and production: parity 100 %, 0 undeclared differences.</p>\n"
    shop.source.commit("main", {"compose.yaml": COMPOSE.replace("image: web", "image: news"), **definitions})
    up(shop.run, "main", DeployRequest(role=Role.STAGING))
    assert "parity 100" not in told_of(shop, "parity")
    down(shop.run, ["shop-production"])
    assert told_of(shop, "parity") == ""


def test_a_router_that_was_removed_is_told_everything_again() -> None:
    shop = NamedShop()
    for branch in ("main", "feature/a"):
        up(shop.run, branch, DeployRequest())
    sleep(shop.run, ["feature/a"])
    before = {path: link for path, link in shop.router.files.items() if isinstance(link, Link)}
    assert router_down(shop.run)
    assert router_status(shop.session).state == "none"
    assert router_up(shop.run).environments == 2
    assert {path: link for path, link in shop.router.files.items() if isinstance(link, Link)} == before
    assert shop.router.leads(HOST)


def test_what_a_killed_removal_left_goes_with_the_next_one() -> None:
    shop = NamedShop()
    up(shop.run, "main", DeployRequest())
    spec = shop.router.running
    down(shop.run, ["shop-main"])
    shop.router.running = spec  # as if it had been killed before its last step
    down(shop.run, ["shop-main"])
    assert shop.router.running is None


def test_one_that_others_need_stays_when_nothing_is_removed() -> None:
    shop = NamedShop()
    up(shop.run, "main", DeployRequest())
    assert down(shop.run, []).removed == ()
    assert shop.router.leads(HOST)


def test_one_that_another_version_made_is_told_of() -> None:
    shop = NamedShop()
    up(shop.run, "main", DeployRequest())
    told = len(shop.events)
    assert shop.router.running is not None
    shop.router.running = structs.replace(shop.router.running, configuration=b"{}")
    replace_environment(shop.run, "main", DeployRequest())
    assert any(isinstance(event, Noted) and "another version" in event.message for event in shop.events[told:])


def test_one_that_does_not_start_says_why_and_what_serves_goes_on() -> None:
    shop = NamedShop()
    shop.engine.behaviours["web"] = Behaviour(fail_start=EngineError("no such <file>"))
    with pytest.raises(PreviewerError):
        up(shop.run, "main", DeployRequest())
    assert shop.router.leads(HOST) == "page 503"
    assert "no such &lt;file&gt;" in shop.router.page(HOST, 503)
    del shop.engine.behaviours["web"]
    up(shop.run, "main", DeployRequest())
    serving = shop.router.leads(HOST)
    shop.engine.behaviours["web"] = Behaviour(fail_start=EngineError("no"))
    with pytest.raises(PreviewerError):
        replace_environment(shop.run, "main", DeployRequest())
    assert shop.router.leads(HOST) == serving


@pytest.mark.parametrize("shop", [NamedShop(use=RouterUse.OFF), NamedShop(reason="no program")])
def test_without_a_router_there_are_ports_as_ever(shop: NamedShop) -> None:
    made = up(shop.run, "main", DeployRequest()).environment
    assert made.url is not None
    assert made.url.startswith("http://127.0.0.1:")
    assert shop.router.running is None
    assert router_status(shop.session).reason
    down(shop.run, ["main"])


def test_a_plan_starts_no_router() -> None:
    shop = NamedShop()
    plan_up(shop.session, "main", DeployRequest())
    assert shop.router.running is None


@pytest.mark.parametrize(
    "closed",
    [
        RouterSettings(tls=RouterTls.ACME, domain="previews.example.com"),
        RouterSettings(tls=RouterTls.ACME, addresses=("0.0.0.0",)),
        RouterSettings(tls=RouterTls.ACME, domain="previews.example.com", addresses=("0.0.0.0",), port=7080),
    ],
)
def test_no_authority_is_asked_where_it_could_not_see_whose_names_these_are(closed: RouterSettings) -> None:
    shop = NamedShop()
    shop.session.adjust = lambda settings: replace(settings, router=closed)
    with pytest.raises(UsageError, match="cannot reach"):
        router_up(shop.run)
    assert shop.router.running is None


def test_an_authority_is_asked_by_a_router_at_the_usual_port() -> None:
    shop = NamedShop()
    asking = RouterSettings(
        tls=RouterTls.ACME,
        domain="previews.example.com",
        addresses=("0.0.0.0",),
        email="ada@example.com",
        image="registry.example.com/caddy:2",
    )
    shop.session.adjust = lambda settings: replace(settings, router=asking)
    router_up(shop.run)
    spec = shop.router.running
    assert spec is not None
    assert (spec.port, spec.has_tls, spec.image) == (80, True, "registry.example.com/caddy:2")
    assert b"ada@example.com" in spec.configuration


def test_only_what_had_no_request_is_idle() -> None:
    shop = NamedShop()
    for branch in ("main", "feature/a", "feature-a"):
        up(shop.run, branch, DeployRequest())
    environments = tuple(shop.environments().values())
    rules = WatchRules("shop", ("main", "feature/*"))
    start, hour = DEFAULT_NOW, timedelta(hours=1)
    (asked,) = hosts_of(shop.environments()["shop-main"]) & {HOST}

    def idle(after: timedelta) -> set[str]:
        found = find_idle(
            environments, rules, {asked: start + hour}, since=start, now=start + after, idle=timedelta(minutes=30)
        )
        return {environment.ownership.branch or "" for environment in found}

    assert idle(timedelta(minutes=29)) == set()
    assert idle(hour) == {"feature/a"}, "main had a request, and feature-a is not watched"
    assert idle(2 * hour) == {"main", "feature/a"}


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ('{"request": {"host": "main.shop.localhost:7080"}}', HOST),
        ('{"level": "info", "msg": "started"}', ""),
        ("no JSON", ""),
        ("[]", ""),
    ],
)
def test_lines_of_the_routers_log(line: str, host: str) -> None:
    assert read_requested_host(line) == host


def test_requests_are_counted_by_environment() -> None:
    shop = NamedShop()
    made = up(shop.run, "main", DeployRequest()).environment
    other = up(shop.run, "feature/a", DeployRequest()).environment
    now = DEFAULT_NOW.timestamp()
    shop.router.lines = [
        '{"level": "info", "msg": "started"}',
        *(json.dumps({"ts": now - 61, "request": {"host": HOST}}) for _ in range(5)),
        *(json.dumps({"ts": now - 30, "request": {"host": f"{host}:80"}}) for host in (HOST, f"api.{HOST}", "x")),
    ]
    assert measure_requests(shop.session, [made, other]) == {made.name: 2, other.name: 0}
    shop.router.lines = [json.dumps({"ts": now - 1, "request": {"host": HOST}})] * COUNTED_LINES
    assert measure_requests(shop.session, [made])[made.name] == 60 * COUNTED_LINES
    router_down(shop.run)
    assert measure_requests(shop.session, [made]) == {}


def test_what_is_shared_follows_the_environment_and_ends() -> None:
    shop = NamedShop()
    up(shop.run, "main", DeployRequest())
    shared = share(shop.run, "main", ttl="1h", has_password=True)
    host = shared.share.url.removeprefix("http://")
    end = int((DEFAULT_NOW + timedelta(hours=1)).timestamp())
    assert shop.router.leads(host) == f"share {end} {HOST} locked"
    assert shared.password not in str(shop.session.ledger.entries())
    replace_environment(shop.run, "main", DeployRequest())
    assert shop.environments()["shop-main"].notes.shares == (shared.share,)
    router_down(shop.run)
    router_up(shop.run)
    assert shop.router.leads(host) == f"share {end} {HOST} locked", "its password is lost, and it stays locked"
    assert unshare(shop.run, "main") == (shared.share,)
    assert int(shop.router.leads(host).split()[1]) <= int(DEFAULT_NOW.timestamp())
    assert unshare(shop.run, "main") == ()
    with pytest.raises(UsageError):
        share(shop.run, "main", ttl="never")


def test_what_is_built_says_so_and_why_it_could_not_be() -> None:
    shop = NamedShop()
    up(shop.run, "main", DeployRequest())
    host, seen = "a.shop.localhost", list[str]()
    shop.source.commit(
        "a",
        {
            "compose.yaml": "services: {web: {build: ., ports: ['80'], environment: {API_TOKEN: hush-1234}}}",
            "Dockerfile": "FROM x\n",
        },
    )

    def fail(*_given: object) -> None:
        seen.append(shop.router.page(host, 503))
        raise FreezeError("no <base> for hush-1234")

    shop.images.on_build = fail
    with pytest.raises(FreezeError):
        up(shop.run, "a", DeployRequest())
    assert "is being built" in seen[0]
    page = shop.router.page(host, 503)
    assert "no &lt;base&gt;" in page
    assert "hush" not in page
