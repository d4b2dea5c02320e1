"""PostgreSQL, MariaDB, Redis and SQLite behind a web application: each seeded once, cloned, released over,
rolled back and snapshotted under load, and checked with its own tool.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.domain import labels
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
    """The database of one environment, through commands in its container."""

    def __init__(self, site: EngineFixture, server: DatabaseServer, environment: str) -> None:
        self._api = site.connection.api
        self._labels = [
            f"{labels.INSTALLATION}={site.installation}",
            f"{labels.ENVIRONMENT}={site.project}-{environment}",
        ]
        self._server = server

    def write(self, row: str) -> None:
        """A row that the server acknowledges."""
        self._execute(self._server.write, row)

    def rows(self) -> set[str]:
        """The rows beside those of the seed, all of which have to be there, in a database without fault."""
        assert self._ask(self._server.count) == [str(SEEDED)]
        self._execute(self._server.check)
        return set(self._ask(self._server.read))

    def _ask(self, script: str) -> list[str]:
        """The words that a command prints. A busy engine may lose what a short one does: it is asked again."""
        said: list[str] = []

        def is_whole() -> bool:
            said[:] = self._execute(f"{{ {script}; }} && echo end").split()
            return said[-1:] == ["end"]

        eventually(is_whole, what="a whole answer")
        return said[:-1]

    def _execute(self, script: str, row: str = "") -> str:
        stream, run = self.start(script, row)
        said = b"".join(stream).decode()
        assert self._api.exec_inspect(run)["ExitCode"] == 0, said
        return said

    def start(self, script: str, row: str = "") -> tuple[Iterator[bytes], str]:
        """What a command prints, as it comes, and its id."""
        (container,) = self._api.containers(filters={"label": self._labels})
        run: str = self._api.exec_create(container["Id"], ["sh", "-c", script, "sh", row])["Id"]
        return self._api.exec_start(run, stream=True), run

    def load(self, name: str) -> Load:
        """Rows ``load-NAME-0`` and so on, written one after the other until the server goes."""
        return Load(self, f"i=0; while set -- load-{name}-$i; {self._server.write}; do echo $1; i=$((i+1)); done")


class Load:
    """A constant load of writes while the block lasts, until the server is stopped."""

    def __init__(self, database: Database, script: str) -> None:
        self._stream, _run = database.start(script)
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
        for piece in self._stream:
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
