"""What every engine promises of its streams: events and logs."""

from __future__ import annotations

import time

from previewer.engine.protocol import LogOptions
from tests.engine.cast import HOSTILE_LINE
from tests.engine.listener import Listener, lines_of
from tests.eventually import eventually
from tests.worlds.engine import ContractFixture


def test_a_watch_sees_a_life_from_start_to_end(bench: ContractFixture) -> None:
    listener = Listener(bench.engine.watch(bench.selection))
    name = bench.run("healthy")

    def is_judged() -> bool:
        """Without systemd Podman checks only on request."""
        bench.engine.inspect_container(name)
        return "health_status" in listener.actions

    eventually(is_judged, what="a verdict is told")
    bench.engine.remove_container(name)
    eventually(lambda: "destroy" in listener.actions, what="the removal is told")
    listener.stream.close()
    assert listener.has_ended()
    wanted = ["create", "start", "health_status", "die", "destroy"]
    assert [action for action in dict.fromkeys(listener.actions) if action in wanted] == wanted
    assert {item.container for item in listener.items} == {name}


def test_a_watch_sees_only_what_is_selected(bench: ContractFixture) -> None:
    listener = Listener(bench.engine.watch(bench.selection))
    bench.sibling().run()
    name = bench.run("job")
    eventually(lambda: "die" in listener.actions, what="the end is told")
    listener.stream.close()
    assert {item.container for item in listener.items} == {name}


def test_closing_ends_a_blocked_watch(bench: ContractFixture) -> None:
    listener = Listener(bench.engine.watch(bench.selection))
    time.sleep(0.1)
    listener.stream.close()
    listener.stream.close()
    assert listener.has_ended()


def test_lines_come_with_container_service_time_and_stream(bench: ContractFixture) -> None:
    name = bench.run("writer")
    bench.await_end(name)
    found = lines_of(bench.engine.logs([name], LogOptions()))
    assert [(line.text, line.is_error) for line in found] == [("out", False), ("err", True)]
    assert {(line.container, line.service) for line in found} == {(name, "writer")}
    assert all(line.at is not None and line.at.tzinfo is not None for line in found)


def test_hostile_lines_arrive_whole(bench: ContractFixture) -> None:
    name = bench.run("hostile")
    bench.await_end(name)
    assert [line.text for line in lines_of(bench.engine.logs([name], LogOptions()))] == [HOSTILE_LINE]


def test_the_tail_is_counted_per_container(bench: ContractFixture) -> None:
    names = [bench.run("talker", number) for number in (1, 2)]
    for name in names:
        eventually(
            lambda name=name: len(lines_of(bench.engine.logs([name], LogOptions()))) == 3,  # type: ignore[misc]
            what="three lines are written",
        )
    found = lines_of(bench.engine.logs(names, LogOptions(tail=1)))
    assert sorted((line.container, line.text) for line in found) == [(name, "three") for name in names]


def test_complete_logs_are_merged_by_time(bench: ContractFixture) -> None:
    names = [bench.run("writer", number) for number in (1, 2, 3)]
    for name in names:
        bench.await_end(name)
    found = lines_of(bench.engine.logs(names, LogOptions()))
    times = [line.at for line in found if line.at is not None]
    assert len(times) == 6
    assert times == sorted(times)


def test_a_followed_log_ends_with_its_containers(bench: ContractFixture) -> None:
    names = [bench.run("writer"), bench.run("talker")]
    listener = Listener(bench.engine.logs(names, LogOptions(follow=True)))
    eventually(lambda: {"out", "err", "one", "three"} <= set(listener.texts), what="all lines arrive")
    assert not listener.has_ended(within=0.2)
    bench.engine.remove_container(names[1])
    assert listener.has_ended()


def test_closing_ends_a_blocked_log(bench: ContractFixture) -> None:
    listener = Listener(bench.engine.logs([bench.run("talker")], LogOptions(follow=True)))
    eventually(lambda: len(listener.texts) == 3, what="three lines arrive")
    listener.stream.close()
    assert listener.has_ended()
