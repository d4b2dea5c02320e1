from __future__ import annotations

from datetime import timedelta

from msgspec import structs
from msgspec.structs import replace

from previewer.domain.engine.observation import ContainerState, Observation, ObservedNetwork, ObservedVolume
from previewer.domain.record.tombstone import (
    FormerVolume,
    LastLine,
    Tombstone,
    join_tombstones,
    line_to_bytes,
    make_tombstone,
    newest_record,
    superseded_records,
    time_of_record,
)
from previewer.domain.stored import from_bytes, to_bytes
from tests.domain.values import NOW, make_container, make_ownership

OWNER = make_ownership()
OBSERVED = Observation(
    containers=(
        make_container("db", state=ContainerState.EXITED, exit_code=3),
        make_container("web"),
    ),
    networks=(ObservedNetwork("1", "shop-main-g1_default", "default", OWNER),),
    volumes=(ObservedVolume("shop-main-g1_data", "data", OWNER),),
)


def stone(observed: Observation = OBSERVED) -> Tombstone:
    return make_tombstone(observed, removed_at=NOW, actor="bob@ci", cause="it expired")


def test_it_says_what_there_was() -> None:
    found = stone()
    assert [(former.service, former.state, former.exit_code) for former in found.containers] == [
        ("db", "exited", 3),
        ("web", "running", None),
    ]
    assert (found.networks, found.volumes) == (("shop-main-g1_default",), (FormerVolume("shop-main-g1_data"),))
    assert (found.name, found.branch, found.actor, found.cause) == ("shop-main-g1", "main", "bob@ci", "it expired")


def test_bytes_are_known_only_if_all_are() -> None:
    names = [former.name for former in stone().containers]
    sizes = {**dict.fromkeys(names, 10), "shop-main-g1_data": 5}
    known = make_tombstone(OBSERVED, removed_at=NOW, actor="a", cause="c", sizes=sizes)
    assert known.bytes_freed == 25
    assert stone().bytes_freed is None


def test_it_reads_what_it_wrote() -> None:
    assert from_bytes(to_bytes(stone()), Tombstone) == stone()
    line = LastLine("c", "web", NOW + timedelta(microseconds=3), "hello \x1b[31m \udcff", is_error=True)
    for kept in (line, structs.replace(line, at=None)):
        assert from_bytes(line_to_bytes(kept), LastLine) == kept


def test_a_kept_generation_does_not_name_it() -> None:
    newer = make_container("web", owner=make_ownership(generation=2))
    observed = replace(OBSERVED, containers=(*OBSERVED.containers, newer))
    assert make_tombstone(observed, removed_at=NOW, actor="a", cause="c").generation == 2
    assert make_tombstone(observed, removed_at=NOW, actor="a", cause="c", kept=[2]).generation == 1


def test_a_removal_in_two_attempts_has_one_tombstone() -> None:
    rest = stone(Observation(volumes=OBSERVED.volumes))
    joined = join_tombstones(stone(), structs.replace(rest, removed_at=NOW + timedelta(minutes=1)))
    assert joined.containers == stone().containers
    assert (joined.networks, len(joined.volumes)) == (("shop-main-g1_default",), 1)
    assert joined.removed_at == NOW + timedelta(minutes=1)


def test_records_are_found_by_environment_and_ordered_by_time() -> None:
    names = ("shop-a-g1", "shop-a-g2", "shop-a-g9", "shop-a-g10", "shop-a-gx", "shop-b-g7", "shop-a-g1-g3")
    times = {name: NOW + timedelta(seconds=number) for number, name in enumerate(names)}
    assert newest_record(times, "shop-a") == "shop-a-g10"
    assert newest_record(times, "shop-c") is None
    assert superseded_records(times, "shop-a") == ("shop-a-g1",)
    assert superseded_records(times, "shop-b") == ()
    times["shop-a-g1"] = time_of_record(times, "shop-a", NOW - timedelta(days=1))
    assert newest_record(times, "shop-a") == "shop-a-g1", "of a later life, though the clock was set back"
    assert superseded_records(times, "shop-a") == ("shop-a-g2",)
    assert time_of_record(times, "shop-c", NOW) == NOW
