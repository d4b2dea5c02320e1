from __future__ import annotations

import json
import string
from collections.abc import Collection
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from previewer.domain.commit.revision import Branch
from previewer.domain.compose.definition import Role
from previewer.domain.compose.routes import Route
from previewer.domain.engine.observation import (
    ContainerState,
    Health,
    Observation,
    ObservedContainer,
    PublishedPort,
)
from previewer.domain.environment.environment import list_environments
from previewer.domain.labels import NAMES, NamedRoute, Ownership, RankedPort, names_label, read_names
from previewer.domain.naming import environment_name
from previewer.domain.routing.caddy import router_configuration
from previewer.domain.routing.host_names import RouterAddress, environment_host, name_routes
from previewer.domain.routing.index import branches_files, environment_files, index_files
from previewer.domain.routing.pages import Page, state_page
from previewer.domain.routing.route_files import Link, RouterFiles, page_files, route_files

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOST = "feature-login.shop.localhost"


OWNER = Ownership(
    installation="i",
    project="shop",
    environment="shop-feature-login",
    role=Role.PREVIEW,
    generation=1,
    branch="feature/login",
    commit="c" * 40,
    release="",
    owner="ada@laptop",
    created_at=NOW,
    expires_at=None,
    operation="o",
    service="web",
)


def container(*names: NamedRoute, number: int = 1, host_port: int = 28843) -> ObservedContainer:
    return ObservedContainer(
        id=f"web{number}",
        name=f"web-{number}",
        number=number,
        image="sha256:1",
        state=ContainerState.RUNNING,
        health=Health.NONE,
        exit_code=None,
        created_at=NOW,
        ports=(PublishedPort(8000, "tcp", "127.0.0.1", host_port),) if host_port else (),
        ownership=OWNER,
        routes=(RankedPort(0, 8000),),
        names=names,
        router="previewer-router",
    )


def names(*routes: Route, services: tuple[str, ...] = ("web", "api"), port: int = 80) -> list[tuple[str, str]]:
    found = name_routes(routes, services=services, host=HOST, router=RouterAddress(port=port))
    return [(named.service, named.route.url) for named in found]


def host_of(
    environment: str = "shop-main",
    branch: str | None = "main",
    *,
    taken: Collection[str] = (),
    current: Collection[str] = (),
    domain: str = "localhost",
) -> str:
    return environment_host(
        environment,
        project="shop",
        branch=branch,
        installation="i",
        domain=domain,
        taken=taken,
        current=current,
        reserved={"staging", "trunk"},
    )


@pytest.mark.parametrize(
    ("environment", "branch", "host"),
    [
        (environment_name("shop", "feature/login"), "feature/login", "feature-login.shop.localhost"),
        (environment_name("shop", "Main"), "Main", "main.shop.localhost"),
        ("shop-staging", "main", "staging.shop.localhost"),
        ("mine", "main", "mine.shop.localhost"),
        ("shop-0123456789ab", None, "0123456789ab.shop.localhost"),
    ],
)
def test_an_environment_has_a_host_of_its_project(environment: str, branch: str | None, host: str) -> None:
    assert host_of(environment, branch) == host


@pytest.mark.parametrize("branch", ["Staging", "trunk-", "feature/" + "x" * 80, "///"])
def test_no_branch_has_a_name_that_means_something_else(branch: str) -> None:
    host = host_of(environment_name("shop", branch), branch)
    label = host.removesuffix(".shop.localhost")
    assert len(label) <= 63
    assert label not in {"staging", "trunk", ""}


def test_what_is_taken_is_another_ones_and_what_it_has_stays() -> None:
    name = environment_name("shop", "feature/a")
    plain, own = "feature-a.shop.localhost", f"{name.removeprefix('shop-')}.shop.localhost"
    assert host_of(name, "feature/a", taken={plain}) == own
    assert host_of(name, "feature/a", current={own}) == own
    third = host_of(name, "feature/a", taken={plain, own})
    assert third not in {plain, own}


@given(branch=st.text(max_size=200), services=st.lists(st.text(string.printable, max_size=80), max_size=5))
def test_whatever_branches_and_services_are_called_names_are_valid_and_differ(
    branch: str, services: list[str]
) -> None:
    host = host_of(environment_name("shop", branch), branch, domain="a" * 60)
    routes = [Route(service, port) for service in services for port in (8000, 9000)]
    found = name_routes(routes, services=services, host=host, router=RouterAddress(domain="a" * 60))
    urls = [named.route.url for named in found]
    assert len(set(urls)) == len(urls)
    for named in found:
        assert read_names({NAMES: names_label([named.route])}) == (named.route,)
        assert len(named.route.host) <= 253
        assert all(0 < len(label) <= 63 for label in named.route.host.split("."))


def test_routes_have_the_host_a_path_or_a_label() -> None:
    assert names(
        Route("web", 8000),
        Route("api", 9000, path="/api"),
        Route("api", 9000),
        Route("web", 9090, name="metrics"),
        Route("api", 9001, host="admin"),
        Route("db", 5432),
        Route("web", 7000, is_tcp=True),
    ) == [
        ("web", f"http://{HOST}"),
        ("api", f"http://{HOST}/api"),
        ("api", f"http://api.{HOST}"),
        ("web", f"http://metrics.{HOST}"),
        ("api", f"http://admin.{HOST}"),
    ]


def test_two_ports_of_a_service_and_services_that_look_alike_differ() -> None:
    found = names(
        Route("web", 8000),
        Route("my_api", 1),
        Route("my_api", 2),
        Route("my-api", 3),
        services=("web", "my_api", "my-api"),
        port=7080,
    )
    urls = [url for _service, url in found]
    assert urls[0] == f"http://{HOST}:7080"
    assert len(set(urls)) == 4


@pytest.mark.parametrize(
    "text", ["8000=http://a/../b", "x=http://a", "8000=file:///etc", "8000=http://a|b/c", "8000=http://../x"]
)
def test_labels_that_make_no_sense_lead_nowhere(text: str) -> None:
    assert read_names({NAMES: text}) == ()


def leading(files: RouterFiles) -> list[str]:
    """The names below the one folder that a host name's links lead to; the second link appears first."""
    first, second = [path for path, content in files.items() if isinstance(content, Link)]
    assert (first, second) == (f"{HOST}/next", f"{HOST}/now")
    assert files[first] == files[second]
    (folder,) = {path.rpartition("/=")[0].split("/")[1] for path in files if path.startswith(".to/")}
    assert files[first] == Link(f"../.to/{folder}")
    assert list(files).index(first) > max(place for place, path in enumerate(files) if path.startswith(".to/"))
    return [path.removeprefix(f".to/{folder}/") for path in files if path.startswith(".to/")]


def test_files_say_where_a_name_leads() -> None:
    plain, path = NamedRoute(8000, f"http://{HOST}"), NamedRoute(8000, f"http://{HOST}:7080/api/v1", "localhost")
    assert leading(route_files([container(plain, path)])) == [
        "2/api/v1/=127.0.0.1:28843 localhost",
        "=127.0.0.1:28843",
    ]
    assert route_files([container(plain, host_port=0)]) == {}
    pages = page_files([plain, path], status=503, page="<p>")
    assert pages[f"{HOST}/page-503.html"] == b"<p>"
    assert leading(pages) == ["2/api/v1/=page 503", "=page 503"]


def test_the_containers_of_a_service_are_asked_in_turns_but_for_those_that_are_not_well() -> None:
    plain = NamedRoute(8000, f"http://{HOST}")
    several = [container(plain, number=number, host_port=number) for number in range(1, 11)]
    eight = ",".join(f"127.0.0.1:{number}" for number in range(1, 9))
    assert leading(route_files(several)) == [f"={eight}"]
    unhealthy = [replace(one, health=Health.UNHEALTHY) for one in several[:2]]
    assert leading(route_files([*unhealthy, several[2]])) == ["=127.0.0.1:3"]
    assert leading(route_files(unhealthy)) == ["=127.0.0.1:1,127.0.0.1:2"], "better than nothing"


def test_a_named_port_has_its_name_whether_it_runs_or_not() -> None:
    named = NamedRoute(8000, f"http://{HOST}")
    for host_port in (28843, 0):
        (environment,) = list_environments(Observation((container(named, host_port=host_port),)))
        assert environment.urls == (f"http://{HOST}",)
        assert environment.ports[0].address == ("http://127.0.0.1:28843" if host_port else "")


def test_the_configuration_names_no_environment_and_has_no_admin_interface() -> None:
    found = json.loads(router_configuration(name="r", port=7080, addresses=("127.0.0.1", "::1")))
    assert found["admin"]["disabled"] is True
    (server,) = found["apps"]["http"]["servers"].values()
    assert server["listen"] == ["127.0.0.1:7080", "[::1]:7080"]
    with_tls = json.loads(router_configuration(name="r", port=80, addresses=("127.0.0.1",), has_tls=True))
    assert with_tls["apps"]["http"]["servers"]["secure"]["listen"] == ["127.0.0.1:443"]
    assert RouterAddress(port=80, has_tls=True).url(HOST) == f"https://{HOST}"
    assert RouterAddress(port=7080, has_tls=True).url(HOST, "/api") == f"https://{HOST}:7443/api"


def test_a_given_certificate_is_the_only_one() -> None:
    text = router_configuration(name="r", port=80, addresses=("127.0.0.1",), has_tls=True, is_given=True)
    apps = json.loads(text)["apps"]
    assert set(apps) == {"http", "tls"}
    assert set(apps["tls"]) == {"certificates"}


def test_pages_escape_what_a_repository_says() -> None:
    page = state_page(Page("shop-x", "did not start", how="previewer up <b>", words="<script>alert(1)</script>"))
    assert "<script>" not in page
    assert "<b>" not in page
    (environment,) = list_environments(Observation((container(NamedRoute(8000, f"http://{HOST}")),)))
    branch = Branch("feature/<b>", "c" * 40, NOW, author="<i>", subject="<i>")
    parts = [
        index_files("shop.localhost", "<i>"),
        environment_files("shop.localhost", environment, now=NOW),
        branches_files("shop.localhost", [branch]),
    ]
    index = "".join(c.decode() for files in parts for c in files.values() if isinstance(c, bytes))
    assert "<i>" not in index
    assert "feature/&lt;b&gt;" in index
    assert f'<a href="http://{HOST}">shop-feature-login</a>' in index
