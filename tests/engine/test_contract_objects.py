"""What every engine promises of objects: they are seen, refused and removed."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.domain.engine.observation import ContainerState, Health
from previewer.domain.labels import EXPIRES_AT
from previewer.engine.protocol import REJOINING, LogOptions, Selection
from previewer.errors import ConflictError, EngineError, ObjectNotFoundError, UnsupportedError
from tests.at_once import at_once
from tests.engine.cast import FILES
from tests.engine.listener import lines_of
from tests.worlds.engine import ContractFixture

HOSTILE_LABEL = "[/foo] \x1b[31m 名前 \u202e\n=,\"'"


def test_what_is_made_is_observed_with_its_ownership(bench: ContractFixture) -> None:
    network, volume, container = bench.make_network(), bench.make_volume(), bench.make("sleeper", number=2)
    found = bench.observe()
    assert [(n.name, n.key, n.ownership) for n in found.networks] == [(network, "default", bench.ownership)]
    assert [(v.name, v.key, v.ownership) for v in found.volumes] == [(volume, "data", bench.ownership)]
    [seen] = found.containers
    assert (seen.name, seen.number, seen.image) == (container, 2, bench.image)
    assert seen.ownership == replace(bench.ownership, service="sleeper")
    assert (seen.state, seen.health, seen.exit_code) == (ContainerState.CREATED, Health.NONE, None)


def test_containers_and_volumes_are_measured(bench: ContractFixture) -> None:
    volume, container = bench.make_volume(), bench.make()
    theirs = bench.engine.measure_containers(bench.selection)
    assert set(theirs) == {container}
    assert all(size >= 0 for size in theirs.values())
    assert bench.engine.measure_volumes()[volume] == 0


@pytest.mark.parametrize("field", ["installation", "environment", "operation"])
def test_a_selection_chooses_by(bench: ContractFixture, field: str) -> None:
    other = bench.sibling(**{field: f"{getattr(bench.ownership, field)}-other"})
    mine, theirs = bench.make(), other.make()
    try:
        chosen = bench.engine.observe(Selection(**{field: getattr(bench.ownership, field)}))
        assert mine in {c.name for c in chosen.containers}
        assert theirs not in {c.name for c in chosen.containers}
    finally:
        bench.engine.remove_container(theirs)


def test_an_object_that_is_not_ours_is_never_seen(bench: ContractFixture) -> None:
    spec = bench.container_spec()
    broken = {key: text for key, text in spec.labels.items() if not key.endswith(".release")}
    bench.engine.create_container(replace(spec, labels=broken))
    try:
        assert bench.observe().is_empty
        assert bench.engine.observe(Selection(operation=bench.ownership.operation)).is_empty
    finally:
        bench.engine.remove_container(spec.name)


def test_labels_come_back_as_they_were_given(bench: ContractFixture) -> None:
    hostile = replace(bench, ownership=replace(bench.ownership, owner=HOSTILE_LABEL, branch="wip/[red]"))
    hostile.make("sleeper", labels={"note": HOSTILE_LABEL})
    [seen] = bench.observe().containers
    assert (seen.ownership.owner, seen.ownership.branch) == (HOSTILE_LABEL, "wip/[red]")


def test_a_definition_cannot_label_itself_away(bench: ContractFixture) -> None:
    with pytest.raises(EngineError, match="reserved"):
        bench.make("sleeper", labels={EXPIRES_AT: "never"})
    assert bench.observe().is_empty


def test_configs_and_secrets_reach_the_container_with_their_content_mode_and_owner(
    bench: ContractFixture,
) -> None:
    spec = bench.container_spec(
        "reader",
        configs=[{"source": "motd", "target": FILES[0], "mode": "0440", "uid": "7", "gid": "8"}],
        secrets=[{"source": "token"}],
    )
    contents = {"configs/motd": f"{HOSTILE_LABEL}\n".encode(), "secrets/token": b"a secret\n"}
    bench.engine.create_container(replace(spec, contents=contents))
    bench.engine.start_container(spec.name)
    bench.await_end(spec.name)
    printed = [line.text for line in lines_of(bench.engine.logs([spec.name], LogOptions()))]
    assert printed == ["440 7:8", *HOSTILE_LABEL.split("\n"), "444 0:0", "a secret"]


def test_a_config_without_content_leaves_nothing(bench: ContractFixture) -> None:
    with pytest.raises(EngineError, match="nothing says what 'motd' contains"):
        bench.make("reader", configs=[{"source": "motd"}])
    assert bench.observe().is_empty


def test_removal_removes_what_runs_and_is_idempotent(bench: ContractFixture) -> None:
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


def test_removal_by_several_at_once_ends_for_all_when_it_is_gone(bench: ContractFixture) -> None:
    name = bench.run()
    left: list[str] = []

    def remove() -> None:
        bench.engine.remove_container(name)
        left.extend(container.name for container in bench.observe().containers)

    assert at_once([remove] * 4) == [None] * 4
    assert left == []


def test_a_network_goes_whatever_hangs_on_it(bench: ContractFixture) -> None:
    bench.needs(REJOINING)
    network = bench.make_network()
    name = bench.run("sleeper", networks={"default": {}})
    bench.engine.remove_network(network)
    assert bench.observe().networks == ()
    assert bench.find(name).state is ContainerState.RUNNING


def test_a_disconnected_container_goes_on_and_its_network_is_still_there(bench: ContractFixture) -> None:
    bench.needs(REJOINING)
    network = bench.make_network()
    names = [bench.run("sleeper", number=number, networks={"default": {}}) for number in (1, 2)]
    assert [bench.find(name).networks for name in names] == [(network,)] * 2
    identifier = bench.observe().networks[0].id
    for by in (network, identifier):  # the second time it is not in it any more
        bench.engine.disconnect_container(names[0], [by])
    assert [bench.find(name).networks for name in names] == [(), (network,)]
    assert [found.name for found in bench.observe().networks] == [network]
    assert [bench.find(name).state for name in names] == [ContainerState.RUNNING] * 2


def test_nothing_is_disconnected_from_what_is_gone_nor_what_is_gone_from_anything(bench: ContractFixture) -> None:
    bench.needs(REJOINING)
    network = bench.make_network()
    name = bench.run("sleeper", networks={"default": {}})
    bench.engine.remove_network(network)
    bench.engine.disconnect_container(name, [network])
    bench.engine.remove_container(name)
    bench.engine.disconnect_container(name, [network])
    assert bench.observe().is_empty


def test_a_volume_in_use_stays(bench: ContractFixture) -> None:
    volume = bench.make_volume()
    bench.make("sleeper", volumes=[_volume("/data")])
    with pytest.raises(ConflictError):
        bench.engine.remove_volume(volume)
    assert [v.name for v in bench.observe().volumes] == [volume]


def test_a_taken_name_is_a_conflict(bench: ContractFixture) -> None:
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


def test_what_is_not_there_is_not_found(bench: ContractFixture) -> None:
    with pytest.raises(ObjectNotFoundError):
        bench.engine.inspect_container("previewer-no-such-container")
    with pytest.raises(ObjectNotFoundError):
        bench.engine.start_container("previewer-no-such-container")
    with pytest.raises(ObjectNotFoundError):
        bench.engine.logs(["previewer-no-such-container"], LogOptions())


def test_a_key_that_cannot_be_honoured_leaves_nothing(bench: ContractFixture) -> None:
    with pytest.raises(UnsupportedError, match="provider"):
        bench.make("sleeper", provider={"type": "x"})
    assert bench.observe().is_empty


def _volume(target: str) -> dict[str, str]:
    return {"type": "volume", "source": "data", "target": target}


def test_resources_name_the_subnets_that_are_taken(bench: ContractFixture) -> None:
    before = bench.engine.resources()
    bench.make_network()
    after = bench.engine.resources()
    assert set(after.subnets) - set(before.subnets)
    assert after.memory is None or after.memory > 0
