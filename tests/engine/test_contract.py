"""One suite for every engine: what :mod:`previewer.engine.protocol` promises."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from previewer.domain.json_value import JsonValue
from previewer.domain.labels import EXPIRES_AT
from previewer.domain.observation import ContainerState, Health
from previewer.domain.specification import HOST_BINDING_OPTION
from previewer.engine.protocol import ContainerEvent, LogLine, LogOptions, Selection, Stream
from previewer.errors import ConflictError, EngineError, ObjectNotFoundError, PortTakenError, UnsupportedError
from tests.engine.bench import Bench, eventually
from tests.engine.cast import HOSTILE_LINE, SICK_OUTPUT

HOSTILE_LABEL = "[/foo] \x1b[31m 名前 \u202e\n=,\"'"


class Listener:
    """Reads a stream in a thread of its own."""

    def __init__(self, stream: Stream[Sequence[ContainerEvent | LogLine]]) -> None:
        self.stream = stream
        self.items: list[ContainerEvent | LogLine] = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        for batch in self.stream:
            self.items += batch

    @property
    def actions(self) -> list[str]:
        return [item.action for item in self.items if isinstance(item, ContainerEvent)]

    @property
    def texts(self) -> list[str]:
        return [item.text for item in self.items if isinstance(item, LogLine)]

    def has_ended(self, within: float) -> bool:
        self.thread.join(within)
        return not self.thread.is_alive()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def lines_of(stream: Stream[Sequence[LogLine]]) -> list[LogLine]:
    return [line for batch in stream for line in batch]


# --- what is made is seen, and nothing else --------------------------------------------------------------------


def test_what_is_made_is_observed_with_its_ownership(bench: Bench) -> None:
    network, volume, container = bench.make_network(), bench.make_volume(), bench.make("sleeper", number=2)
    found = bench.observe()
    assert [(n.name, n.key, n.ownership) for n in found.networks] == [(network, "default", bench.ownership)]
    assert [(v.name, v.key, v.ownership) for v in found.volumes] == [(volume, "data", bench.ownership)]
    [seen] = found.containers
    assert (seen.name, seen.number, seen.image) == (container, 2, bench.image)
    assert seen.ownership == replace(bench.ownership, service="sleeper")
    assert (seen.state, seen.health, seen.exit_code) == (ContainerState.CREATED, Health.NONE, None)


def test_containers_and_volumes_are_measured(bench: Bench) -> None:
    volume, container = bench.make_volume(), bench.make()
    theirs = bench.engine.measure_containers(bench.selection)
    assert set(theirs) == {container}
    assert all(size >= 0 for size in theirs.values())
    assert bench.engine.measure_volumes()[volume] == 0


@pytest.mark.parametrize("field", ["installation", "environment", "operation"])
def test_a_selection_chooses_by(bench: Bench, field: str) -> None:
    other = bench.sibling(**{field: f"{getattr(bench.ownership, field)}-other"})
    mine, theirs = bench.make(), other.make()
    try:
        chosen = bench.engine.observe(Selection(**{field: getattr(bench.ownership, field)}))
        assert mine in {c.name for c in chosen.containers}
        assert theirs not in {c.name for c in chosen.containers}
    finally:
        bench.engine.remove_container(theirs)


def test_an_object_that_is_not_ours_is_never_seen(bench: Bench) -> None:
    spec = bench.container_spec()
    broken = {key: text for key, text in spec.labels.items() if not key.endswith(".release")}
    bench.engine.create_container(replace(spec, labels=broken))
    try:
        assert bench.observe().is_empty
        assert bench.engine.observe(Selection(operation=bench.ownership.operation)).is_empty
    finally:
        bench.engine.remove_container(spec.name)


def test_labels_come_back_as_they_were_given(bench: Bench) -> None:
    hostile = replace(bench, ownership=replace(bench.ownership, owner=HOSTILE_LABEL, branch="wip/[red]"))
    hostile.make("sleeper", labels={"note": HOSTILE_LABEL})
    [seen] = bench.observe().containers
    assert (seen.ownership.owner, seen.ownership.branch) == (HOSTILE_LABEL, "wip/[red]")


def test_a_definition_cannot_label_itself_away(bench: Bench) -> None:
    with pytest.raises(EngineError, match="reserved"):
        bench.make("sleeper", labels={EXPIRES_AT: "never"})
    assert bench.observe().is_empty


# --- ports that move ---------------------------------------------------------------------------------------------


def publish(bench: Bench, port: int, *networks: str) -> str:
    """A running container that publishes ``port`` wherever its network says."""
    ports: list[JsonValue] = [{"target": 80, "protocol": "tcp", "published": str(port), "host_ip": ""}]
    return bench.run(ports=ports, networks=dict.fromkeys(networks))


def bound(bench: Bench, key: str, address: str) -> str:
    return bench.make_network(key, driver_opts={HOST_BINDING_OPTION: address})


def addresses(bench: Bench, name: str) -> set[str]:
    seen = {port.host_ip for port in bench.engine.inspect_container(name).ports}
    assert seen == {port.host_ip for port in bench.find(name).ports}
    return seen


def test_a_network_says_where_ports_are_and_a_gateway_moves_them(bench: Bench) -> None:
    port = free_port()
    bound(bench, "default", "127.80.0.77")
    edge = bound(bench, "-edge", "127.0.0.1")
    name = publish(bench, port, "default")
    assert addresses(bench, name) == {"127.80.0.77"}
    bench.engine.connect_network(name, edge, is_gateway=True)
    assert addresses(bench, name) == {"127.0.0.1"}
    bench.engine.stop_container(name, grace=0)
    assert bench.engine.inspect_container(name).ports == ()
    bench.engine.start_container(name)
    assert addresses(bench, name) == {"127.0.0.1"}


def test_a_port_that_is_taken_is_not_moved_to(bench: Bench) -> None:
    port = free_port()
    bound(bench, "default", "127.0.0.1")
    bound(bench, "other", "127.80.0.77")
    edge = bound(bench, "-edge", "127.0.0.1")
    publish(bench, port, "default")
    spec = bench.container_spec(
        number=2,
        ports=[{"target": 80, "protocol": "tcp", "published": str(port), "host_ip": ""}],
        networks={"other": None},
    )
    bench.engine.create_container(spec)
    bench.engine.start_container(spec.name)
    with pytest.raises(PortTakenError):
        bench.engine.connect_network(spec.name, edge, is_gateway=True)


def test_leaving_a_network_twice_is_fine(bench: Bench) -> None:
    network = bench.make_network()
    name = bench.run(networks={"default": None})
    bench.engine.disconnect_network(name, network)
    bench.engine.disconnect_network(name, network)
    bench.engine.disconnect_network("nobody", network)


@pytest.mark.parametrize("grace", [0, 1])
def test_a_stopped_container_stays_and_can_be_started_again(bench: Bench, grace: int) -> None:
    name = bench.run()
    bench.engine.stop_container(name, grace=grace)
    bench.engine.stop_container(name, grace=grace)
    assert bench.find(name).state is ContainerState.EXITED
    bench.engine.start_container(name)
    assert bench.find(name).state is ContainerState.RUNNING
    with pytest.raises(ObjectNotFoundError):
        bench.engine.stop_container("nobody", grace=grace)


@pytest.mark.parametrize("policy", ["always", "on-failure:3", "no"])
def test_what_is_stopped_has_no_restart_policy_until_it_is_started_again(bench: Bench, policy: str) -> None:
    name = bench.run(restart=policy)
    assert bench.engine.inspect_container(name).restart_policy == policy
    bench.engine.stop_container(name, grace=0)
    assert bench.engine.inspect_container(name).restart_policy == "no"
    bench.engine.start_container(name, again=True)
    assert bench.engine.inspect_container(name).restart_policy == policy
    assert bench.find(name).state is ContainerState.RUNNING


# --- a container's life --------------------------------------------------------------------------------------


def test_a_started_container_runs_and_starting_twice_is_fine(bench: Bench) -> None:
    name = bench.run()
    bench.engine.start_container(name)
    assert bench.find(name).state is ContainerState.RUNNING
    assert bench.engine.inspect_container(name).state is ContainerState.RUNNING


@pytest.mark.parametrize(("service", "verdict"), [("healthy", Health.HEALTHY), ("sick", Health.UNHEALTHY)])
def test_health_is_seen_in_both_ways(bench: Bench, service: str, verdict: Health) -> None:
    name = bench.run(service)
    eventually(lambda: bench.engine.inspect_container(name).health is verdict, what=f"{name} is {verdict}")
    assert bench.find(name).health is verdict
    assert bench.engine.inspect_container(name).health_log != ()


def test_a_container_without_a_check_has_no_health(bench: Bench) -> None:
    assert bench.engine.inspect_container(bench.run()).health is Health.NONE


@pytest.mark.parametrize(("service", "code"), [("job", 0), ("failing", 3)])
def test_the_exit_code_is_seen_in_both_ways(bench: Bench, service: str, code: int) -> None:
    name = bench.run(service)
    bench.await_end(name)
    seen = bench.find(name)
    assert (seen.state, seen.exit_code) == (ContainerState.EXITED, code)
    assert bench.engine.inspect_container(name).exit_code == code


def test_an_ended_container_starts_again(bench: Bench) -> None:
    name = bench.run("failing")
    bench.await_end(name)
    bench.engine.start_container(name)
    bench.await_end(name)
    assert bench.engine.inspect_container(name).exit_code == 3


def test_a_program_that_is_not_there_fails_the_start(bench: Bench) -> None:
    name = bench.make("broken")
    with pytest.raises(EngineError, match="no such"):
        bench.engine.start_container(name)
    assert bench.find(name).state is ContainerState.CREATED


# --- removal -------------------------------------------------------------------------------------------------


def test_removal_removes_what_runs_and_is_idempotent(bench: Bench) -> None:
    bench.make_network()
    bench.make_volume()
    name = bench.run("sleeper", networks={"default": {}}, volumes=[_volume("/data")])
    seen = bench.observe()
    for _twice in range(2):
        bench.engine.remove_container(name)
        for network in seen.networks:
            bench.engine.remove_network(network.name)
        for volume in seen.volumes:
            bench.engine.remove_volume(volume.name)
    assert bench.observe().is_empty


def test_removal_by_several_at_once_ends_for_all_when_it_is_gone(bench: Bench) -> None:
    name = bench.run()
    failures: list[BaseException] = []
    left: list[str] = []

    def remove() -> None:
        try:
            bench.engine.remove_container(name)
            left.extend(container.name for container in bench.observe().containers)
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=remove) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, left) == ([], [])


def test_a_network_goes_whatever_hangs_on_it(bench: Bench) -> None:
    network = bench.make_network()
    name = bench.run("sleeper", networks={"default": {}})
    bench.engine.remove_network(network)
    assert bench.observe().networks == ()
    assert bench.find(name).state is ContainerState.RUNNING


def test_a_volume_in_use_stays(bench: Bench) -> None:
    volume = bench.make_volume()
    bench.make("sleeper", volumes=[_volume("/data")])
    with pytest.raises(ConflictError):
        bench.engine.remove_volume(volume)
    assert [v.name for v in bench.observe().volumes] == [volume]


# --- refusals ------------------------------------------------------------------------------------------------


def test_a_taken_name_is_a_conflict(bench: Bench) -> None:
    bench.make()
    bench.make_network()
    other = replace(bench, ownership=replace(bench.ownership, generation=2))
    with pytest.raises(ConflictError):
        bench.engine.create_container(bench.container_spec())
    with pytest.raises(ConflictError):
        bench.engine.create_network(bench.network_spec())
    bench.make_volume()
    with pytest.raises(ConflictError):
        bench.engine.create_volume(other.volume_spec())
    assert len(bench.observe().owners) == 3


def test_a_taken_port_is_a_conflict_when_it_starts(bench: Bench) -> None:
    bench.make_network()
    first = bench.run("sleeper", number=1, networks={"default": {}}, ports=[_port()])
    [port] = bench.find(first).ports
    second = bench.make("sleeper", number=2, networks={"default": {}}, ports=[_port(str(port.host_port))])
    with pytest.raises(ConflictError, match=r"allocated|in use"):
        bench.engine.start_container(second)
    bench.engine.remove_container(first)
    bench.engine.start_container(second)
    assert [p.host_port for p in bench.find(second).ports] == [port.host_port]


def test_a_published_port_is_seen_where_it_was_asked_for(bench: Bench) -> None:
    bench.make_network()
    name = bench.run("sleeper", networks={"default": {}}, ports=[_port()])
    [port] = bench.find(name).ports
    assert (port.target, port.protocol, port.host_ip) == (80, "tcp", "127.0.0.1")
    assert port.host_port > 1024


def test_what_is_not_there_is_not_found(bench: Bench) -> None:
    with pytest.raises(ObjectNotFoundError):
        bench.engine.inspect_container("previewer-no-such-container")
    with pytest.raises(ObjectNotFoundError):
        bench.engine.start_container("previewer-no-such-container")
    with pytest.raises(ObjectNotFoundError):
        bench.engine.logs(["previewer-no-such-container"], LogOptions())


def test_a_key_that_cannot_be_honoured_leaves_nothing(bench: Bench) -> None:
    with pytest.raises(UnsupportedError, match="provider"):
        bench.make("sleeper", provider={"type": "x"})
    assert bench.observe().is_empty


# --- events --------------------------------------------------------------------------------------------------


def test_a_watch_sees_a_life_from_start_to_end(bench: Bench) -> None:
    listener = Listener(bench.engine.watch(bench.selection))
    name = bench.run("healthy")
    eventually(lambda: "health_status" in listener.actions, what="a verdict is told")
    bench.engine.remove_container(name)
    eventually(lambda: "destroy" in listener.actions, what="the removal is told")
    listener.stream.close()
    assert listener.has_ended(within=1)
    wanted = ["create", "start", "health_status", "die", "destroy"]
    assert [action for action in listener.actions if action in wanted] == wanted
    assert {item.container for item in listener.items} == {name}


def test_a_watch_sees_only_what_is_selected(bench: Bench) -> None:
    listener = Listener(bench.engine.watch(bench.selection))
    bench.sibling().run()
    name = bench.run("job")
    eventually(lambda: "die" in listener.actions, what="the end is told")
    listener.stream.close()
    assert {item.container for item in listener.items} == {name}


def test_closing_ends_a_blocked_watch(bench: Bench) -> None:
    listener = Listener(bench.engine.watch(bench.selection))
    time.sleep(0.1)
    listener.stream.close()
    listener.stream.close()
    assert listener.has_ended(within=1)


# --- logs ----------------------------------------------------------------------------------------------------


def test_lines_come_with_container_service_time_and_stream(bench: Bench) -> None:
    name = bench.run("writer")
    bench.await_end(name)
    found = lines_of(bench.engine.logs([name], LogOptions()))
    assert [(line.text, line.is_error) for line in found] == [("out", False), ("err", True)]
    assert {(line.container, line.service) for line in found} == {(name, "writer")}
    assert all(line.at is not None and line.at.tzinfo is not None for line in found)


def test_hostile_lines_arrive_whole(bench: Bench) -> None:
    name = bench.run("hostile")
    bench.await_end(name)
    assert [line.text for line in lines_of(bench.engine.logs([name], LogOptions()))] == [HOSTILE_LINE]


def test_the_tail_is_counted_per_container(bench: Bench) -> None:
    names = [bench.run("talker", number) for number in (1, 2)]
    for name in names:
        eventually(
            lambda name=name: len(lines_of(bench.engine.logs([name], LogOptions()))) == 3,  # type: ignore[misc]
            what="three lines are written",
        )
    found = lines_of(bench.engine.logs(names, LogOptions(tail=1)))
    assert sorted((line.container, line.text) for line in found) == [(name, "three") for name in names]


def test_complete_logs_are_merged_by_time(bench: Bench) -> None:
    names = [bench.run("writer", number) for number in (1, 2, 3)]
    for name in names:
        bench.await_end(name)
    found = lines_of(bench.engine.logs(names, LogOptions()))
    times = [line.at for line in found if line.at is not None]
    assert len(times) == 6
    assert times == sorted(times)


def test_a_followed_log_ends_with_its_containers(bench: Bench) -> None:
    names = [bench.run("writer"), bench.run("talker")]
    listener = Listener(bench.engine.logs(names, LogOptions(follow=True)))
    eventually(lambda: {"out", "err", "one", "three"} <= set(listener.texts), what="all lines arrive")
    assert not listener.has_ended(within=0.2)
    bench.engine.remove_container(names[1])
    assert listener.has_ended(within=3)


def test_closing_ends_a_blocked_log(bench: Bench) -> None:
    listener = Listener(bench.engine.logs([bench.run("talker")], LogOptions(follow=True)))
    eventually(lambda: len(listener.texts) == 3, what="three lines arrive")
    listener.stream.close()
    assert listener.has_ended(within=1)


def _port(published: str = "") -> dict[str, str | int]:
    return {"target": 80, "protocol": "tcp", "host_ip": "127.0.0.1", "published": published}


def _volume(target: str) -> dict[str, str]:
    return {"type": "volume", "source": "data", "target": target}


def test_the_checks_output_is_kept(bench: Bench) -> None:
    if bench.engine.capabilities.name.startswith("Memory"):
        pytest.skip("the memory engine runs no checks")
    name = bench.run("sick")
    eventually(lambda: bench.engine.inspect_container(name).health is Health.UNHEALTHY, what="it is unhealthy")
    assert bench.engine.inspect_container(name).health_log[0] == f"1: {SICK_OUTPUT}"


def test_resources_name_the_subnets_that_are_taken(bench: Bench) -> None:
    before = bench.engine.resources()
    bench.make_network()
    after = bench.engine.resources()
    assert set(after.subnets) - set(before.subnets)
    assert after.memory is None or after.memory > 0
