"""Two branches in one profile of a real browser: what belongs to one of them stays there."""

from __future__ import annotations

import pytest
from selenium.webdriver import Chrome

from tests.worlds.browser import open_browser
from tests.worlds.routed import NamedSite

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]
ASK = """
const [address, done] = arguments;
fetch(address, {credentials: "include"}).then(answer => answer.text()).then(done, error => done(`${error}`));
"""


def test_sessions_of_two_branches_stay_apart(named: NamedSite, web_image: str) -> None:
    named.serve(web_image, web="page of main", api="api of main")
    named.site.repository.git("checkout", "--quiet", "-b", "other")
    named.serve(web_image, web="page of other", api="api of other")
    for branch in ("main", "other"):
        named.site.up(branch)
    with open_browser() as browser:
        for branch, name in (("main", "ada"), ("other", "bob")):
            assert open_page(browser, named, branch) == f"page of {branch}"
            assert ask(browser, url(named, branch, "/login?" + name)) == "hello"
            assert ask(browser, api(named, branch, "/login?api-" + name)) != "hello", "it allows no such origin"
            browser.get(api(named, branch, "/login?api-" + name))
        for branch, name in (("main", "ada"), ("other", "bob")):
            open_page(browser, named, branch)
            assert ask(browser, url(named, branch, "/session")) == f"session={name}"
            assert ask(browser, api(named, branch, "/session")) == f"session=api-{name}"
        named.site.run("sleep", "main")
        assert "is asleep" in open_page(browser, named, "main")
        assert open_page(browser, named, "other") == "page of other"
        named.site.run("wake", "main")
        assert open_page(browser, named, "main") == "page of main"
        assert ask(browser, url(named, "main", "/session")) == "session=ada", "it outlives what was stopped"


def url(named: NamedSite, branch: str, path: str = "/") -> str:
    return f"http://{named.host(branch)}:{named.port}{path}"


def api(named: NamedSite, branch: str, path: str) -> str:
    return f"http://api.{named.host(branch)}:{named.port}{path}"


def open_page(browser: Chrome, named: NamedSite, branch: str) -> str:
    browser.get(url(named, branch))
    return str(browser.execute_script("return document.body.innerText")).strip()


def ask(browser: Chrome, address: str) -> str:
    """What the page that is open is answered, with cookies."""
    return str(browser.execute_async_script(ASK, address))
