"""PostgreSQL, MariaDB, Redis and SQLite behind a web application: each seeded once, cloned, released over,
rolled back and snapshotted under load, and checked with its own tool.
"""

from __future__ import annotations

import json
import os
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from types import TracebackType
from typing import Any, Self

import pytest

from previewer.docker_api.connection import DockerConnection
from tests.docker.database_servers import (
    REFERENCE,
    SEEDED,
    SERVERS,
    DatabaseServer,
    load_databases,
    missing_programs,
)
from tests.docker.test_data import mounts
from tests.eventually import eventually
from tests.starting_environment import REQUIRES_ENGINE
from tests.worlds.docker import EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("database_image")]

BRANCHES = ("one", "two", "three", "four", "five")
UP = ("up", "main", "--role", "staging", "--yes", "-o", "json")


@pytest.fixture(scope="module")
def database_image(
    docker_connection: DockerConnection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    if missing := missing_programs():
        reason = f"database servers are missing: {', '.join(missing)}"
        if os.environ.get(REQUIRES_ENGINE):
            pytest.fail(reason)
        pytest.skip(reason)
    load_databases(docker_connection, tmp_path_factory.mktemp("databases"))
    yield
    docker_connection.api.remove_image(REFERENCE, force=True)


class Database:
    """The database of one environment, through a page that runs commands beside it."""

    def __init__(self, site: EngineFixture, server: DatabaseServer, environment: str) -> None:
        self._site = site
        self._name = f"{site.project}-{environment}"
        self._server = server

    def write(self, row: str) -> None:
        """A row that the server acknowledges."""
        self._run(self._url(), self._server.write, row)

    def rows(self) -> set[str]:
        """The rows beside those of the seed, all of which have to be there, in a database without fault."""
        url = self._url()
        assert self._run(url, self._server.count) == [str(SEEDED)]
        self._run(url, self._server.check)
        return set(self._run(url, self._server.read))

    def _url(self) -> str:
        (url,) = (found["url"] for found in self._site.environments() if found["environment"] == self._name)
        return str(url)

    def _run(self, url: str, script: str, row: str = "") -> list[str]:
        """The words that a command prints, which has to end with 0."""
        with self._open(url, script, row) as answer:
            said: list[str] = answer.read().decode().split()
        assert said[-1:] == ["done"], said
        return said[:-1]

    def _open(self, url: str, script: str, row: str = "") -> HTTPResponse:
        """What a command prints, as it comes; ``done`` at its end, or ``failed``."""
        answer: HTTPResponse = urllib.request.urlopen(f"{url}/cgi-bin/run?{row}", script.encode(), timeout=120)
        return answer

    def load(self, name: str) -> Load:
        """Rows ``load-NAME-0`` and so on, written one after the other until the server goes."""
        script = f"i=0; while set -- load-{name}-$i; {self._server.write}; do echo $1; i=$((i+1)); done"
        return Load(self._open(self._url(), script))


class Load:
    """A constant load of writes while the block lasts, until the server is stopped."""

    def __init__(self, answer: HTTPResponse) -> None:
        self._answer = answer
        self._printed = b""
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        eventually(lambda: len(self.acknowledged) >= 5, what="the load is accepted")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive(), "the server was not stopped"

    @property
    def acknowledged(self) -> set[str]:
        """The rows that the server said it has; a line that is cut off is none."""
        return {line for line in self._printed.decode().split("\n")[:-1] if line.startswith("load-")}

    def _read(self) -> None:
        with suppress(OSError, HTTPException), self._answer:
            while piece := self._answer.read1():
                self._printed += piece


def definition(server: DatabaseServer, release: str) -> dict[str, str]:
    """A repository's files: previews have clones, staging keeps its state."""
    compose = (
        f"services:\n{server.compose()}    environment: {{RELEASE: {release}}}\nvolumes: {{db-data: {{}}}}\n"
        f"x-previewer:\n  seeds: {{db: {{run: db, command: {server.seed_command()}, volumes: [db-data]}}}}\n"
    )
    return {"envs/preview.yaml": compose, "envs/staging.yaml": compose + "  lifetime: {db-data: environment}\n"}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("server", SERVERS, ids=[server.name for server in SERVERS])
def test_rows_are_where_they_belong_and_the_server_finds_no_fault(
    engine_fixture: EngineFixture, server: DatabaseServer
) -> None:
    site = engine_fixture
    trust = f'[policy.preview]\nallow = ["raw-data:{site.project}-staging"]\n'
    site.repository.commit({**definition(server, "one"), "previewer.toml": trust}, subject="one")
    for branch in BRANCHES:
        site.repository.git("branch", branch, "main")
    site.up("one")
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(site.up, BRANCHES[1:]))
    assert [row["kind"] for row in snapshots(site)] == ["seed"], "seeded once"
    previews = {branch: Database(site, server, branch) for branch in BRANCHES}
    for branch, database in previews.items():
        database.write(f"of-{branch}")
    for branch, database in previews.items():
        assert database.rows() == {f"of-{branch}"}
    site.run("replace", "one")
    assert previews["one"].rows() == set(), "a clone of the seed again"
    site.run("down", *BRANCHES[2:])

    staging = Database(site, server, "staging")
    site.run(*UP)
    staging.write("first")
    with staging.load("snapshot") as load:
        site.run("data", "snapshot", "staging", "--name", "kept")
    expected = {"first", *load.acknowledged}
    held = staging.rows()
    assert expected <= held, "each acknowledged row is there"
    assert len(held - expected) <= 1, "but for one whose acknowledgement was cut off"
    staging.write("second")
    site.run("data", "reset", "two", "--to", "kept")
    assert previews["two"].rows() == held, "what is restored is what was there when it was taken"

    site.repository.commit(definition(server, "two"), subject="two")
    with staging.load("release") as load:
        site.run(*UP)
    handed = staging.rows()
    assert {*held, "second", *load.acknowledged} <= handed, "nothing is lost in a release"
    staging.write("third")
    site.run("rollback", "staging", "--yes")
    assert staging.rows() == {*handed, "third"}, "only the code goes back"
    site.repository.commit(definition(server, "three"), subject="three")
    site.run(*UP)
    staging.write("fourth")
    site.run("rollback", "staging", "--with-data", "--yes")
    assert staging.rows() == {*handed, "third"}, "as the release before left it"
    assert [row["kind"] for row in snapshots(site)].count("seed") == 1, "what is handed over needs no seed"
    site.run("down", "one", "two", "staging", "--yes")
    assert mounts(site) == []


def snapshots(site: EngineFixture) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(site.run("data", "ls", "-o", "json"))
    return found
