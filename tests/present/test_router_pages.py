"""The router's pages as people see them: on a phone, in light and dark, with the barriers that axe-core finds."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_core_python.selenium import Axe  # type: ignore[import-untyped]
from msgspec.structs import replace
from selenium.webdriver import Chrome

from previewer.domain.commit.revision import Branch
from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import Environment, State
from previewer.domain.routing.pages import Page, state_page
from tests.domain.values import NOW, make_ownership
from tests.eventually import eventually
from tests.worlds.browser import open_browser
from tests.worlds.host_echo import ask
from tests.worlds.router_program import INDEX_HOST, running_router, why_no_program, write_index

PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
PICTURES = os.environ.get("PREVIEWER_TEST_PICTURES")
"""A folder for pictures of the pages, to be looked at."""
LONG = "feature/" + "a-name-that-somebody-gave-without-thinking-of-phones-" * 2
WORDS = "\n".join(f"web-1 | {number} connecting to postgresql://db:5432/" + "x" * 120 for number in range(12))


def environment(name: str, state: State, *, role: Role = Role.PREVIEW, branch: str | None = None) -> Environment:
    made = make_ownership(name, branch=branch or name)
    owner = replace(made, role=role, expires_at=NOW + timedelta(hours=5))
    return Environment(owner, state, ())


ENVIRONMENTS = [
    environment("shop-production", State.HEALTHY, role=Role.PRODUCTION),
    environment("shop-staging", State.RUNNING, role=Role.STAGING),
    *(environment(f"shop-{state.value}", state) for state in State),
    environment("shop-long", State.FAILED, branch=LONG),
]
BRANCHES = [Branch(name, "c" * 40, NOW, author="Ada Lovelace", subject="more") for name in ("docs", LONG)]
BY_ITSELF = "This page goes away by itself."
PARITY = "Staging and production: parity 97 %, 3 undeclared differences."
PAGES = {
    "index": "",
    "index-empty": "",
    "asleep": state_page(Page("shop-main", "is asleep", how="previewer wake shop-main", reloads=True)),
    "building": state_page(Page("shop-main", "is being built", how=BY_ITSELF, reloads=True)),
    "waiting": state_page(Page("shop-main", "is waking up", how=BY_ITSELF, reloads=True)),
    "failed": state_page(Page("shop-main", "did not start", how=f"previewer up {LONG}", words=WORDS)),
    "removed": state_page(Page("shop-main", "was removed", how="previewer up main", is_gone=True)),
}


class Server:
    """Answers every request with one page, until it is told another one."""

    def __init__(self) -> None:
        self.page, self.status, self.asked = "", 200, 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = outer.page.encode()
                outer.asked += 1
                self.send_response(outer.status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://main.shop.localhost:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    """A browser for all of them."""
    with open_browser() as found:
        yield found


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The pages that the router's program puts together."""
    if reason := why_no_program():
        pytest.skip(reason)
    folder, found = tmp_path_factory.mktemp("router"), dict[str, str]()
    with running_router(folder) as port:
        write_index(folder, [], [], parity="", now=NOW)
        found["index-empty"] = ask(port, INDEX_HOST)[1]
        write_index(folder, ENVIRONMENTS, BRANCHES, parity=PARITY, now=NOW)
        found["index"] = ask(port, INDEX_HOST)[1]
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_a_phone_and_have_no_barriers(
    browser: Chrome, server: Server, name: str, scheme: str, request: pytest.FixtureRequest
) -> None:
    page = PAGES[name] or request.getfixturevalue("indexes")[name]
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    server.page, server.status = page, 503
    browser.get(server.url)
    if PICTURES:
        size = browser.execute_script("return document.documentElement.scrollHeight")
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**PHONE, "height": size})
        browser.save_screenshot(str(Path(PICTURES, f"{name}-{scheme}.png")))
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= PHONE["width"], "it has to be moved sideways"
    red = browser.execute_script("return getComputedStyle(document.body).backgroundColor").split("(")[1]
    assert (int(red.split(",")[0]) > 128) == (scheme == "light")
    found = Axe().run(browser)
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []
    assert any(rule["id"] == "color-contrast" for rule in found["passes"])


def test_a_page_stays_while_nothing_changes_and_goes_away_by_itself(browser: Chrome, server: Server) -> None:
    server.page, server.status = PAGES["building"], 503
    browser.get(server.url)
    browser.execute_script("window.isSame = true")
    asked = server.asked
    eventually(lambda: server.asked >= asked + 2, what="it looks twice")
    assert browser.execute_script("return window.isSame"), "it was not loaded again"
    server.page = PAGES["failed"]
    eventually(lambda: "did not start" in browser.title, what="the page says that it failed")
    server.page = PAGES["waiting"]
    browser.get(server.url)
    server.page, server.status = "<title>the shop</title>", 200
    eventually(lambda: browser.title == "the shop", what="the environment's own page")
