"""What only a real engine can show."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import time
from collections.abc import Iterator
from functools import partial
from ipaddress import IPv4Network, ip_network
from pathlib import Path

import pytest
from msgspec.structs import replace

from previewer.docker_api.connection import DockerConnection, connect
from previewer.domain.compose.mounted_files import FileOwner
from previewer.domain.engine.observation import ContainerState
from previewer.domain.engine.specs import FILL_FOLDER, FillSpec, NetworkSpec
from previewer.engine.docker.engine import DockerEngine
from previewer.engine.protocol import LOG_TIMES, LogOptions, Selection
from previewer.errors import ConflictError, EngineError, ObjectNotFoundError
from tests.at_once import at_once
from tests.docker.counted_requests import counted_requests
from tests.engine.listener import Listener, lines_of
from tests.eventually import eventually
from tests.worlds.engine import ContractFixture

pytestmark = pytest.mark.docker


def output_of(bench: ContractFixture, name: str) -> list[str]:
    bench.await_end(name)
    return [line.text for line in lines_of(bench.engine.logs([name], LogOptions()))]


def subnet_of(connection: DockerConnection, network: str) -> IPv4Network:
    [config] = connection.api.inspect_network(network)["IPAM"]["Config"]
    found = ip_network(config["Subnet"])
    assert isinstance(found, IPv4Network)
    return found


def script(text: str) -> list[str]:
    return ["sh", "-c", text]


# --- networks --------------------------------------------------------------------------------------------------


def test_networks_are_small_different_and_of_the_pool(
    docker_bench: ContractFixture, docker_connection: DockerConnection
) -> None:
    subnets = [subnet_of(docker_connection, docker_bench.make_network(key)) for key in ("a", "b", "c")]
    assert len(set(subnets)) == 3
    assert all(subnet.prefixlen == 28 and subnet.subnet_of(IPv4Network("10.214.0.0/16")) for subnet in subnets)


def test_previewers_at_the_same_time_share_a_pool(
    docker_bench: ContractFixture, docker_connection: DockerConnection
) -> None:
    """A pool of four subnets, four networks that all want to begin at the same one."""

    def make(number: int) -> None:
        spec = docker_bench.network_spec(f"race{number}")
        DockerEngine(docker_connection).create_network(_in_tiny_pool(spec))

    assert at_once([partial(make, number) for number in range(4)]) == [None] * 4
    subnets = {subnet_of(docker_connection, network.name) for network in docker_bench.observe().networks}
    assert subnets == set(IPv4Network("10.215.77.0/26").subnets(new_prefix=28))
    with pytest.raises(ConflictError, match="no free subnet"):
        docker_bench.engine.create_network(_in_tiny_pool(docker_bench.network_spec("one-too-many")))


def test_of_two_networks_made_at_once_under_one_name_one_stays(
    docker_bench: ContractFixture, docker_connection: DockerConnection
) -> None:
    """Older engines give both the name, and can remove neither by it."""

    def make() -> None:
        DockerEngine(docker_connection).create_network(docker_bench.network_spec())

    outcomes = at_once([make] * 4)
    assert outcomes.count(None) == 1
    assert {type(outcome) for outcome in outcomes} == {type(None), ConflictError}
    assert len(docker_bench.observe().networks) == 1


def test_networks_of_one_name_are_removed_by_id(
    docker_bench: ContractFixture, docker_connection: DockerConnection
) -> None:
    """As a run leaves them that was killed at the worst moment."""
    if docker_connection.api_version >= (1, 44) or docker_connection.is_podman:
        pytest.skip("this engine never gives two networks one name")
    spec = docker_bench.network_spec()
    for _ in range(2):
        docker_connection.api.create_network(spec.name, labels=dict(spec.labels), check_duplicate=False)
    found = docker_bench.observe().networks
    assert [network.name for network in found] == [spec.name, spec.name]
    for network in found:
        docker_bench.engine.remove_network(network.id)
    assert docker_bench.observe().is_empty


def _in_tiny_pool(spec: NetworkSpec) -> NetworkSpec:
    return replace(spec, address_pool="10.215.77.0/26")


def test_environments_cannot_reach_each_other(docker_bench: ContractFixture) -> None:
    other = docker_bench.sibling()
    for bench in (docker_bench, other):
        bench.make_network()
        bench.make_network("back")
        bench.run("sleeper", networks={"default": {"aliases": ["store"]}, "back": None})
    names = ["sleeper", "store", other.container_spec().name]
    asking = script("; ".join(f"nslookup {name} >/dev/null 2>&1 && echo yes || echo no" for name in names))
    for key in ("default", "back"):
        name = docker_bench.run(f"job-{key}", networks={key: {}}, command=asking)
        store = "yes" if key == "default" else "no"
        assert output_of(docker_bench, name) == ["yes", store, "no"]


def test_a_stale_endpoint_does_not_keep_a_network(docker_bench: ContractFixture) -> None:
    network = docker_bench.make_network()
    docker_bench.run("sleeper", 1, networks={"default": {}})
    docker_bench.make("sleeper", 2, networks={"default": {}})
    docker_bench.engine.remove_network(network)
    assert docker_bench.observe().networks == ()


def test_a_network_is_left_at_once(docker_bench: ContractFixture, docker_connection: DockerConnection) -> None:
    network = docker_bench.make_network()
    names = [docker_bench.run("sleeper", number, networks={"default": {}}) for number in range(3)]
    assert len(docker_connection.api.inspect_network(network)["Containers"]) == 3
    for name in names:
        docker_bench.engine.disconnect_container(name, [network])
    assert docker_connection.api.inspect_network(network)["Containers"] == {}


# --- volumes and files -----------------------------------------------------------------------------------------


def test_a_volume_keeps_what_is_written(docker_bench: ContractFixture) -> None:
    docker_bench.make_volume()
    mount = {"type": "volume", "source": "data", "target": "/data"}
    writer = docker_bench.run("job-1", command=script("echo kept > /data/note"), volumes=[mount])
    docker_bench.await_end(writer)
    docker_bench.engine.remove_container(writer)
    reader = docker_bench.run("job-2", command=["cat", "/data/note"], volumes=[{**mount, "read_only": True}])
    assert output_of(docker_bench, reader) == ["kept"]


def test_a_volume_is_filled_before_anything_starts(docker_bench: ContractFixture) -> None:
    volume = docker_bench.make_volume()
    labels = docker_bench.container_spec().labels

    def archive(owner: FileOwner) -> Iterator[bytes]:
        assert owner == (7, 0)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            entry = tarfile.TarInfo(f"{FILL_FOLDER}/seed/rows.sql")
            entry.size = 6
            tar.addfile(entry, io.BytesIO(b"seeded"))
        yield buffer.getvalue()[:100]
        yield buffer.getvalue()[100:]

    docker_bench.engine.fill_volume(FillSpec(volume, docker_bench.image, labels, archive, user="7"))
    assert docker_bench.observe().containers == ()
    mount = {"type": "volume", "source": "data", "target": "/data"}
    reader = docker_bench.run("job", command=["cat", "/data/seed/rows.sql"], volumes=[mount])
    assert output_of(docker_bench, reader) == ["seeded"]


def test_filling_makes_no_volume(docker_bench: ContractFixture) -> None:
    spec = docker_bench.volume_spec()
    with pytest.raises(ObjectNotFoundError):
        docker_bench.engine.fill_volume(
            FillSpec(
                spec.name, docker_bench.image, docker_bench.container_spec().labels, lambda _owner: iter((b"",))
            )
        )
    assert docker_bench.observe().is_empty


def test_configs_and_secrets_are_copied_in(docker_bench: ContractFixture) -> None:
    spec = docker_bench.container_spec(
        "job",
        command=script(
            "cat /run/secrets/token /settings /etc/deep/er; stat -c '%a %u %g' /run/secrets/token /etc/deep/er"
        ),
        secrets=[{"source": "token"}],
        configs=[
            {"source": "settings"},
            {"source": "deep", "target": "/etc/deep/er", "mode": "0440", "uid": "7", "gid": "8"},
        ],
    )
    contents = {"secrets/token": b"s3cret\n", "configs/settings": b"a=1\n", "configs/deep": b"deep\n"}
    docker_bench.engine.create_container(replace(spec, contents=contents))
    docker_bench.engine.start_container(spec.name)
    assert output_of(docker_bench, spec.name) == ["s3cret", "a=1", "deep", "444 0 0", "440 7 8"]


def test_a_container_that_cannot_be_completed_is_not_left(
    docker_bench: ContractFixture, docker_connection: DockerConnection
) -> None:
    if docker_connection.is_podman:
        pytest.skip("Podman copies files into what is read-only to the container")
    spec = docker_bench.container_spec("sleeper", read_only=True, configs=[{"source": "settings"}])
    with pytest.raises(EngineError, match="read-only"):
        docker_bench.engine.create_container(replace(spec, contents={"configs/settings": b"a=1"}))
    assert docker_bench.observe().containers == ()


# --- logs ------------------------------------------------------------------------------------------------------


def test_a_terminals_lines_and_long_lines_arrive_whole(docker_bench: ContractFixture) -> None:
    long = "é" * 20_000
    terminal = docker_bench.run("job-1", command=script("echo one; echo two"), tty=True)
    piped = docker_bench.run(
        "job-2", command=script("i=0; while [ $i -lt 2000 ]; do printf éééééééééé; i=$((i+1)); done; echo")
    )
    assert output_of(docker_bench, terminal) == ["one", "two"]
    assert output_of(docker_bench, piped) == [long]


def test_a_flood_arrives_in_large_batches(docker_bench: ContractFixture) -> None:
    # Not followed: on a busy machine Docker 20.10 cuts followed logs short, as its own command line shows.
    name = docker_bench.run("job", command=["seq", "1", "20000"])
    docker_bench.await_end(name)
    batches = list(docker_bench.engine.logs([name], LogOptions()))
    assert [line.text for batch in batches for line in batch] == [str(number) for number in range(1, 20_001)]
    assert max(len(batch) for batch in batches) <= 500
    assert len(batches) < 400


def test_lines_since_a_moment(docker_bench: ContractFixture) -> None:
    docker_bench.needs(LOG_TIMES)
    name = docker_bench.run("job", command=script("echo early; sleep 0.5; echo late"))
    docker_bench.await_end(name)
    [first, _second] = lines_of(docker_bench.engine.logs([name], LogOptions()))
    assert first.at is not None
    later = first.at.replace(microsecond=min(first.at.microsecond + 100_000, 999_999))
    assert [line.text for line in lines_of(docker_bench.engine.logs([name], LogOptions(since=later)))] == ["late"]


# --- the connection ----------------------------------------------------------------------------------------------


def test_a_closed_engine_ends_its_streams_and_refuses(docker_bench: ContractFixture) -> None:
    name = docker_bench.run("talker")
    engine = DockerEngine(connect())
    listeners = [
        Listener(engine.watch(docker_bench.selection)),
        Listener(engine.logs([name], LogOptions(follow=True))),
    ]
    time.sleep(0.2)
    engine.close()
    assert all(listener.has_ended() for listener in listeners)
    with pytest.raises(EngineError, match="closed"):
        engine.observe(Selection())


def test_an_observation_costs_three_calls(
    docker_bench: ContractFixture, docker_connection: DockerConnection
) -> None:
    for number in (1, 2, 3):
        docker_bench.run("healthy", number)
    with counted_requests(docker_connection) as requests:
        docker_bench.observe()
    expected = ["containers", "networks", "volumes"]
    if docker_connection.is_podman:
        expected.insert(1, "libpod")  # verdicts of health checks are not in its Docker API's list
    assert sorted(request.path.split("/")[2] for request in requests) == expected


def test_over_ssh_streams_close_as_well(
    docker_bench: ContractFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's ``ssh`` is replaced by a script that runs what the other machine would run."""
    command = tmp_path / "ssh"
    command.write_text('#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift 2\nexec $1\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    name = docker_bench.run("talker")
    with connect("ssh://ada@elsewhere") as connection:
        assert not connection.is_local
        engine = DockerEngine(connection)
        assert [c.state for c in engine.observe(docker_bench.selection).containers] == [ContainerState.RUNNING]
        listener = Listener(engine.logs([name], LogOptions(follow=True)))
        eventually(lambda: len(listener.texts) == 3, what="three lines arrive")
        listener.stream.close()
        assert listener.has_ended()
        engine.close()


# --- stopping --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [None, "0s"])
def test_what_is_kept_has_its_own_time_to_end_else_two_seconds(
    docker_bench: ContractFixture, docker_connection: DockerConnection, said: str | None
) -> None:
    """The engine itself would give ten seconds to a shell, which ignores the signal."""
    if said is None and docker_connection.is_podman:
        pytest.skip("Podman says ten seconds of each container that says none")
    name = docker_bench.run(command=script("while :; do sleep 60; done"), stop_grace_period=said)
    with counted_requests(docker_connection) as requests:
        docker_bench.engine.stop_container(name, grace=None)
    ending = [request for request in requests if request.method == "POST"][-1]
    asked_for = (ending.path.rpartition("/")[2], ending.parameters.get("t"))
    assert asked_for == (("stop", "2") if said is None else ("kill", None))
