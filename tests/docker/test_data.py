"""Seeds, clones and state that survives a release, on a real engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from previewer.cli.exit_codes import ExitCode
from previewer.domain import labels
from tests.worlds.docker import EngineFixture, fetch
from tests.worlds.inside import run_inside

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

COMPOSE = """
services:
  web:
    image: previewer-test/base:1
    command: [sh, -c, 'echo "$PREVIEWER_FIRST_RUN $PREVIEWER_DATA" > /data/told; exec httpd -f -p 8080 -h /data']
    ports: ["8080"]
    stop_signal: SIGKILL
    volumes: ["book:/data"]
    healthcheck: {test: [CMD, test, -f, /data/told], interval: 100ms, retries: 50}
volumes: {book: {}}
x-previewer:
  seeds:
    book:
      run: web
      command: [sh, -c, 'cat /proc/uptime; echo ann > /data/guests; chown 70 /data']
      volumes: [book]
      from: [guests/**]
"""
FILES = {"compose.yaml": COMPOSE, "guests/list": "ann\n"}

STATE = COMPOSE + "  lifetime: {book: environment}\n"


@pytest.fixture
def site(engine_fixture: EngineFixture) -> EngineFixture:
    engine_fixture.repository.commit(FILES, subject="data")
    return engine_fixture


def guests(environment: dict[str, Any]) -> str:
    return fetch(f"{environment['url']}/guests")


def write(site: EngineFixture, environment: str, line: str) -> None:
    """A guest writes into the book of an environment."""
    api = site.connection.api
    label = [f"{labels.INSTALLATION}={site.installation}", f"{labels.ENVIRONMENT}={site.project}-{environment}"]
    (found,) = api.containers(filters={"label": label})
    assert run_inside(api, found["Id"], "sh", "-c", f"echo {line} >> /data/guests") == b""


def swap_layer(site: EngineFixture, environment: str) -> set[str]:
    """Lay the volume of an environment over another seed's snapshot by hand; the kinds of drift."""
    api = site.connection.api
    label = [f"{labels.INSTALLATION}={site.installation}", f"{labels.ENVIRONMENT}={site.project}-{environment}"]
    (container,) = api.containers(filters={"label": label})
    (volume,) = (v for v in api.volumes(filters={"label": label})["Volumes"] if v["Labels"].get(labels.LAYERS))
    below = volume["Labels"][labels.LAYERS].split()[-1]
    data = api.volumes(filters={"label": [label[0], f"{labels.DATA}={labels.DATA_VOLUME}"]})["Volumes"]
    (other,) = (v["Mountpoint"] for v in data if v["Name"] != below)
    api.remove_container(container["Id"], force=True)
    api.remove_volume(volume["Name"])
    options = volume["Options"]
    options["o"] = options["o"].replace(f"lowerdir={api.inspect_volume(below)['Mountpoint']}", f"lowerdir={other}")
    api.create_volume(volume["Name"], driver="local", driver_opts=options, labels=volume["Labels"])
    (drift,) = json.loads(site.run("drift", environment, "-o", "json"))
    return {finding["kind"] for finding in drift["findings"]}


def mounts(site: EngineFixture) -> list[str]:
    """The mounts of this machine that are the repository's."""
    every = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    return [line for line in every if f"/{site.project}-" in line]


def test_a_seed_runs_once_and_every_environment_has_a_clone(site: EngineFixture) -> None:
    site.repository.git("branch", "topic", "main")
    first = site.up("main")
    digest = fetch(f"{first['url']}/told").split()
    assert digest[0] == "0"
    assert digest[1].startswith("sha256:")
    write(site, "main", "bob")
    topic = site.up("topic")
    assert (guests(first), guests(topic)) == ("ann\nbob\n", "ann\n")
    assert fetch(f"{topic['url']}/told").split() == digest
    (said,) = json.loads(site.run("status", "topic", "-o", "json"))["data"]
    assert said == {"volume": "book", "origin": "seed book", "snapshot": digest[1], "lifetime": "generation"}
    assert "book begins with seed book" in site.run("history", "topic")
    side = json.loads(site.run("parity", "main", "topic", "-o", "json"))["left"]
    assert side["data"] == [f"book: seed book ({digest[1][7:19]}, less than a day old)"]
    told = json.loads(site.run("inspect", "topic", "-o", "json"))["data"]
    assert {row["environment"]: row["snapshot"] for row in told} == dict.fromkeys(
        (f"{site.project}-main", f"{site.project}-topic"), digest[1]
    )
    assert f"{site.project}-topic, book: seed book" in site.run("inspect", "topic")
    again = json.loads(site.run("replace", "main", "-o", "json"))
    assert guests(again) == "ann\n"
    site.repository.commit({"guests/list": "eve\n"}, subject="another seed")
    other = site.up("main")
    assert fetch(f"{other['url']}/told").split() != digest
    site.run("down", "main")
    assert "volume-changed" in swap_layer(site, "topic")
    site.run("down", "topic")
    left = site.remains()
    assert len(left) == 4, left  # two snapshots, each with its mark
    assert mounts(site) == []


def test_a_seed_that_fails_leaves_nothing_and_shows_its_last_lines(site: EngineFixture) -> None:
    broken = COMPOSE.replace("cat /proc/uptime", "echo the guests are late; exit 3")
    site.repository.commit({"compose.yaml": broken}, subject="broken")
    process = site.start("up", "main")
    _printed, reported = process.communicate(timeout=60)
    assert process.returncode == ExitCode.UNHEALTHY, reported
    assert "the guests are late" in reported
    assert site.remains() == []
    assert mounts(site) == []


def test_state_is_handed_over_given_back_and_gone_back_to(site: EngineFixture) -> None:
    up = ("up", "main", "--role", "staging", "--yes", "-o", "json")

    def release(line: str, compose: str = STATE) -> None:
        """A release that writes a line of its own when it starts."""
        text = compose.replace("exec httpd", f"echo {line} >> /data/guests; exec httpd")
        site.repository.commit({"envs/staging.yaml": text}, subject=line)

    release("one")
    site.run(*up)
    release("two")
    second = json.loads(site.run(*up))
    assert guests(second) == "ann\none\ntwo\n"
    assert fetch(f"{second['url']}/told").startswith("0 sha256:")
    (drift,) = json.loads(site.run("drift", "staging", "-o", "json"))
    assert drift["findings"] == [], "a change in a volume is no drift"

    release("sick", STATE.replace("/data/told]", "/none]").replace("retries: 50", "retries: 2"))
    site.run(*up, code=ExitCode.UNHEALTHY)
    assert guests(second) == "ann\none\ntwo\ntwo\n", "its predecessor was started again on its own data"

    back = json.loads(site.run("rollback", "staging", "--yes", "-o", "json"))
    assert guests(back) == "ann\none\ntwo\ntwo\none\n", "only the code goes back"
    release("three")
    assert guests(json.loads(site.run(*up))).endswith("two\none\nthree\n")
    both = json.loads(site.run("rollback", "staging", "--with-data", "--yes", "-o", "json"))
    assert guests(both) == "ann\none\ntwo\ntwo\none\none\n", "as the first release left it, and started again"
    site.run("down", "staging", "--yes")
    assert len(site.remains()) >= 4
    assert mounts(site) == []


def test_a_snapshot_may_freeze_what_writes_instead_of_stopping_it(site: EngineFixture) -> None:
    first = site.up("main")
    write(site, "main", "bob")
    label = [f"{labels.INSTALLATION}={site.installation}"]

    def began() -> list[tuple[str, bool]]:
        found = (
            site.connection.api.inspect_container(c["Id"])
            for c in site.connection.api.containers(filters={"label": label})
        )
        return [(container["State"]["StartedAt"], container["State"]["Paused"]) for container in found]

    before = began()
    (taken,) = json.loads(site.run("data", "snapshot", "main", "--pause", "-o", "json"))
    assert began() == before, "it went on where it was"
    (drift,) = json.loads(site.run("drift", "main", "-o", "json"))
    kinds = {finding["kind"] for finding in drift["findings"]}
    # A busy engine tells late what the test ran, and that it has ended.
    assert kinds <= {"command-run", "command-running"}, "the test wrote, but previewer itself paused it"
    write(site, "main", "cyd")
    assert guests(first) == "ann\nbob\ncyd\n"
    again = json.loads(site.run("data", "reset", "main", "--to", taken["snapshot"], "-o", "json"))
    assert guests(again) == "ann\nbob\n"
    site.run("down", "main")


def test_snapshots_are_taken_masked_gone_back_to_and_moved(site: EngineFixture, tmp_path: Path) -> None:
    def data(*arguments: str, code: int = 0) -> Any:
        said = site.run("data", *arguments, "-o", "json", code=code)
        return json.loads(said) if said else None

    masked = "  data: {mask: {run: web, command: [sh, -c, 'sed -i s/bob/someone/ /data/guests']}}\n"
    site.repository.commit({"compose.yaml": COMPOSE + masked}, subject="with a mask")
    site.repository.git("branch", "topic", "main")
    first = site.up("main")
    write(site, "main", "bob")
    (taken,) = data("snapshot", "main", "--name", "before")
    assert (taken["kind"], taken["raw"], taken["volumes"]) == ("environment", True, ["book"])
    assert guests(first) == "ann\nbob\n", "it was started again"
    write(site, "main", "cyd")

    again = data("reset", "main", "--to", "before")
    assert guests(again) == "ann\nbob\n"
    assert guests(json.loads(site.run("replace", "main", "-o", "json"))) == "ann\nbob\n", "it begins as it did"

    site.run("up", "topic", "--data", "before", code=ExitCode.REFUSED)
    (clean,) = data("snapshot", "main", "--mask")
    assert (clean["kind"], clean["raw"], clean["environment"]) == ("masked", False, None)
    topic = site.up("topic", "--data", clean["snapshot"])
    assert guests(topic) == "ann\nsomeone\n"

    file = tmp_path / "book.tar.gz"
    data("export", clean["snapshot"], str(file))
    (planned,) = data("import", str(file), "--name", "moved", "--dry-run")
    assert "imported" not in {row["kind"] for row in data("ls")}
    (imported,) = data("import", str(file), "--name", "moved")
    assert (imported["kind"], imported["raw"], imported["volumes"]) == ("imported", True, ["book"])
    assert planned | {"created_at": ""} == imported | {"created_at": ""}
    kinds = sorted(row["kind"] for row in data("ls"))
    assert kinds == ["environment", "imported", "masked", "seed"]
    trust = '[policy.preview]\nallow = ["raw-data:imported"]\n'
    site.repository.commit({"previewer.toml": trust}, subject="trust")
    moved = site.up("topic", "--data", "moved")
    assert (moved["generation"], guests(moved)) == (2, "ann\nsomeone\n")

    site.run("down", "main", "topic")
    gone = data("prune", "--keep", "0", "--yes")
    assert sorted(row["kind"] for row in gone) == ["masked", "seed"]
    assert sorted(row["name"] for row in data("ls")) == ["before", "moved"]
    assert mounts(site) == []
