"""The router, previewer or the engine ends at any moment: the next command mends it, and nothing is left."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from pathlib import Path

import pytest

from previewer.docker_api.connection import connect
from tests.docker.base_image import is_static_busybox, load_base_image
from tests.docker.own_engine import OwnEngine, why_not
from tests.eventually import eventually
from tests.worlds.docker import EngineFixture
from tests.worlds.routed import NamedSite, why_no_router

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

KILLS = int(os.environ.get("PREVIEWER_KILL_POINTS", "4"))


def test_a_router_that_is_killed_comes_back_and_what_was_changed_meanwhile_counts(named: NamedSite) -> None:
    site, host = named.site, named.host("main")
    site.up("main")
    api = site.connection.api
    os.kill(api.inspect_container(named.name)["State"]["Pid"], signal.SIGKILL)
    eventually(lambda: is_answered(named, host, b"page of main\n"), what="the engine starts it again")
    api.stop(named.name, timeout=0)  # as a person might: the engine leaves it so
    site.repository.commit({"web/index.html": "second\n"}, subject="second")
    site.up("main")
    assert named.ask(host)[1] == b"second\n"
    named.remove()
    site.run("replace", "main")
    assert named.ask(host)[1] == b"second\n"
    assert b"main" in named.ask(f"{site.project}.localhost")[1]
    api.remove_container(named.name, force=True)  # its volume stays, with what was so
    site.run("down", "--all", "--yes")
    assert site.remains() == []
    assert not named.is_there()


def test_previewer_is_killed_at_any_moment_of_a_replacement(named: NamedSite) -> None:
    site, host = named.site, named.host("main")
    begun = time.monotonic()
    site.up("main")
    lasts = time.monotonic() - begun
    numbers = random.Random(15)
    for number in range(KILLS):
        process = site.start("replace", "main")
        time.sleep(numbers.uniform(0.2, lasts))
        process.kill()
        process.communicate()
        status, page, _headers = named.ask(host)
        assert (status, page) == (200, b"page of main\n"), f"after kill {number}"
    site.run("up", "main")
    assert named.ask(host)[1] == b"page of main\n"
    process = site.start("down", "--all", "--yes")
    time.sleep(0.5)
    process.kill()
    process.communicate()
    site.run("down", "--all", "--yes")
    assert site.remains() == []
    assert not named.is_there()


def test_the_engine_is_killed_and_everything_answers_by_name_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (reason := why_not()) or not is_static_busybox():
        pytest.skip(reason or "no static /bin/busybox")
    engine = OwnEngine(Path(tempfile.mkdtemp(prefix="pvr")))
    try:
        with connect(engine.host) as connection:
            if reason := why_no_router(connection):
                pytest.skip(reason)
            load_base_image(connection, "faults")
            named = NamedSite(EngineFixture(tmp_path / "site", connection))
            named.site.prefix = engine.prefix
            for name, value in named.settings.items():
                monkeypatch.setenv(name, value)
            kill_and_ask(engine, named)
    finally:
        engine.wipe()


def kill_and_ask(engine: OwnEngine, named: NamedSite) -> None:
    site, page = named.site, (f"http://127.0.0.1:{named.port}/", named.host("main"))
    site.up("main")
    assert engine.fetch(*page) == "page of main\n"
    process = site.start("replace", "main")
    time.sleep(1)
    engine.kill()
    process.communicate()
    engine.start()
    site.up("main")
    assert engine.fetch(*page) == "page of main\n"
    engine.kill()
    engine.start()
    site.run("down", "--all", "--yes")
    assert site.remains() == []
    assert not named.is_there()


def is_answered(named: NamedSite, host: str, page: bytes) -> bool:
    try:
        return named.ask(host)[1] == page
    except OSError:
        return False
