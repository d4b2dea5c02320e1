"""What the engine in memory offers to tests besides the protocol."""

from __future__ import annotations

import pytest

from previewer.domain.engine.observation import ContainerState, Health
from previewer.domain.json_value import JsonValue
from previewer.engine.protocol import LogOptions
from previewer.errors import ConflictError, EngineError
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.engine import MemoryEngine
from tests.engine.listener import lines_of
from tests.worlds.engine import ContractFixture, make_bench

IMAGE = "sha256:" + "1" * 64


def bench_of(engine: MemoryEngine) -> ContractFixture:
    return make_bench(engine, session="memory", image=IMAGE, extra_labels={})


def test_ports_are_given_from_40000_on_unless_named() -> None:
    bench = bench_of(MemoryEngine())
    ports: list[JsonValue] = [
        {"target": 80},
        {"target": 81, "published": "8081"},
        {"target": 82, "published": "8081-8083"},
    ]
    first = bench.run("sleeper", 1, ports=ports)
    second = bench.run("sleeper", 2, ports=[{"target": 80}])
    assert [port.host_port for port in bench.find(first).ports] == [40_000, 8081, 8082]
    assert [port.host_port for port in bench.find(second).ports] == [40_001]


def test_a_start_that_finds_a_port_taken_takes_none() -> None:
    bench = bench_of(MemoryEngine())
    bench.run("sleeper", 1, ports=[{"target": 80, "published": "9000"}])
    loser = bench.make(
        "sleeper", 2, ports=[{"target": 79, "published": "8999"}, {"target": 80, "published": "9000"}]
    )
    with pytest.raises(ConflictError):
        bench.engine.start_container(loser)
    third = bench.run("sleeper", 3, ports=[{"target": 79, "published": "8999"}])
    assert bench.find(third).state is ContainerState.RUNNING


def test_fate_waits_for_the_looks_that_it_is_given() -> None:
    bench = bench_of(
        MemoryEngine(behaviours={"healthy": Behaviour(looks=2), "job": Behaviour(exit_code=4, looks=1)})
    )
    healthy, job = bench.run("healthy"), bench.run("job")
    seen = [bench.engine.inspect_container(healthy).health for _ in range(3)]
    assert seen == [Health.STARTING, Health.STARTING, Health.HEALTHY]
    assert [bench.engine.inspect_container(job).exit_code for _ in range(2)] == [None, 4]


def test_every_change_is_recorded_and_can_be_made_to_fail() -> None:
    def refuse_volumes(method: str, _name: str) -> None:
        if method == "create_volume":
            raise EngineError("no space left on device")

    engine = MemoryEngine(on_call=refuse_volumes)
    bench = bench_of(engine)
    network = bench.make_network()
    with pytest.raises(EngineError, match="no space"):
        bench.make_volume()
    container = bench.run("sleeper", networks={"default": {}})
    assert engine.calls == [
        ("create_network", network),
        ("create_container", container),
        ("start_container", container),
    ]


def test_a_test_decides_what_happens_to_a_running_container() -> None:
    engine = MemoryEngine()
    bench = bench_of(engine)
    name = bench.run("healthy")
    followed, watched = engine.logs([name], LogOptions(follow=True)), engine.watch(bench.selection)
    engine.write_line(name, "going down", is_error=True)
    engine.set_health(name, Health.UNHEALTHY)
    assert bench.find(name).health is Health.UNHEALTHY
    engine.end_container(name, 9)
    engine.lose_events()
    assert [(line.text, line.is_error) for line in lines_of(followed)] == [("going down", True)]
    assert [event.action for batch in watched for event in batch] == ["health_status", "die"]
    assert bench.find(name).exit_code == 9


def test_running_out_of_memory_is_told() -> None:
    bench = bench_of(MemoryEngine(behaviours={"job": Behaviour(exit_code=137, out_of_memory=True)}))
    detail = bench.engine.inspect_container(bench.run("job"))
    assert (detail.exit_code, detail.out_of_memory) == (137, True)


def test_a_closed_engine_refuses() -> None:
    bench = bench_of(MemoryEngine())
    bench.engine.close()
    with pytest.raises(EngineError, match="closed"):
        bench.observe()
