"""The interface in a browser: nobody without the token, and no other page, reaches it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from previewer.errors import UsageError
from previewer.tui.serve import TOKEN, GuardedServer, serve
from tests.free_port import free_port

SECRET = "s3cret"


async def answers(path: str, **headers: str) -> tuple[int, str, str]:
    """What a request is answered: status, where to, the cookie."""
    port = free_port()
    guarded = GuardedServer("true", port=port, token=SECRET)
    server = TestServer(await guarded._make_app(), host="127.0.0.1", port=port)
    given = {name: value.format(port=port) for name, value in headers.items()}
    async with server, aiohttp.ClientSession() as client:
        url = f"http://127.0.0.1:{port}{path}"
        async with client.get(url, headers=given, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", ""), answer.headers.get("Set-Cookie", "")


COOKIE = "previewer-{port}=" + SECRET


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js", f"/?{TOKEN}=wrong", "/download/1"])
async def test_without_the_token_nothing_is_given(path: str) -> None:
    assert (await answers(path))[0] == 403
    assert (await answers(path, Cookie="previewer-{port}=wrong"))[0] == 403


async def test_the_url_gives_a_cookie_that_scripts_and_other_sites_do_not_have() -> None:
    status, location, cookie = await answers(f"/?{TOKEN}={SECRET}")
    assert (status, location) == (302, "/")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}


async def test_with_the_cookie_the_page_is_there() -> None:
    assert (await answers("/", Cookie=COOKIE))[0] == 200


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Host": "localhost:{port}"}, {"Origin": "http://evil.example"}]
)
@pytest.mark.parametrize("path", ["/", "/ws", f"/?{TOKEN}={SECRET}"])
async def test_another_name_or_page_is_refused_though_it_has_the_cookie(
    path: str, headers: dict[str, str]
) -> None:
    assert (await answers(path, Cookie=COOKIE, **headers))[0] == 403


def test_a_port_that_is_taken_is_told() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="cannot be used"):
            serve((), port=taken.getsockname()[1], say=print)


async def test_a_browser_gets_the_interface(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", str(tmp_path)], check=True)
    port = free_port()
    command = [sys.executable, "-m", "previewer", "--repo", str(tmp_path), f"--serve={port}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith(f"http://127.0.0.1:{port}/?{TOKEN}=")
        jar = aiohttp.CookieJar(unsafe=True)  # an address is no domain
        async with aiohttp.ClientSession(cookie_jar=jar) as client:
            async with client.get(url) as page:
                assert page.status == 200
            async with client.ws_connect(f"http://127.0.0.1:{port}/ws?width=100&height=30") as socket:
                shown = b""
                while b"0 branches" not in shown:
                    message = await socket.receive(timeout=60)
                    assert message.type is aiohttp.WSMsgType.BINARY, shown[-2000:]
                    shown += message.data
    finally:
        process.terminate()
        process.wait(timeout=30)
