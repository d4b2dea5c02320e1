"""What volumes begin with, which data is kept, and what a seed's digest depends on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from previewer.domain import labels
from previewer.domain.compose.definition import Definition, Location, Role
from previewer.domain.compose.service import Condition
from previewer.domain.data.beginning import (
    MOST_LAYERS,
    Lifetime,
    VolumeData,
    data_variables,
    decide_beginning,
    writers_of,
)
from previewer.domain.data.seeds import (
    awaited_condition,
    frozen_sources,
    seed_digest,
    seeding_definition,
    seeds_of,
)
from previewer.domain.data.snapshots import (
    DataSeen,
    Snapshot,
    SnapshotKind,
    data_labels,
    flat_labels,
    flattened,
    judge_snapshots,
    loose_volumes,
    mark_labels,
    read_data,
    released_volumes,
)
from previewer.domain.engine.observation import ContainerState, Observation, observed_volume, told_data
from previewer.domain.engine.specs import UPPER, CloneSpec, volume_of
from previewer.domain.json_value import JsonObject
from previewer.domain.policy.data_rules import refuse_raw_data
from previewer.domain.policy.trust import Grant, Trust
from previewer.errors import PolicyError
from tests.domain.values import make_artifact, make_container, make_ownership

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SEED = Snapshot("sha256:aa", SnapshotKind.SEED, "seed db", {"data": ("base",)}, NOW)
MODEL: JsonObject = {
    "services": {
        "db": {"image": "db", "healthcheck": {"test": "ok"}, "volumes": [{"type": "volume", "source": "data"}]},
        "migrate": {
            "image": "app",
            "command": ["migrate"],
            "depends_on": {"db": {"condition": "service_healthy"}},
        },
        "web": {"image": "app", "ports": [{"target": 80}], "deploy": {"replicas": 3}},
    },
    "volumes": {"data": {}, "media": {}, "cache": {"driver_opts": {"type": "tmpfs"}}},
    "x-previewer": {
        "routes": [{"service": "web", "port": 80}],
        "seeds": {
            "db": {"run": "migrate", "volumes": ["data"], "from": ["migrations/**", "seeds/a*.sql", "x.sql"]},
            "media": {"run": "web", "command": ["load"], "volumes": ["media"]},
            "off": {"run": "gone", "volumes": ["media"]},
        },
        "lifetime": {"data": "environment"},
    },
}
DEFINITION = Definition("preview", Role.PREVIEW, ("compose.yaml",), MODEL)
IMAGES = {name: make_artifact(name) for name in ("db", "migrate", "web")}
LABELS = {"data": {"of": "shop"}, "media": {"of": "shop"}}


def test_a_seed_is_its_service_and_what_that_depends_on_published_nowhere() -> None:
    db, media = seeds_of(DEFINITION)
    assert (db.service, db.volumes, db.sources) == ("migrate", ("data",), ("migrations", "seeds", "x.sql"))
    assert frozen_sources(DEFINITION) == {"migrations", "seeds", "x.sql"}
    running = seeding_definition(DEFINITION, db)
    assert set(running.services) == {"db", "migrate"}
    assert set(running.volumes) == {"data"}
    assert awaited_condition(DEFINITION, db) is Condition.COMPLETED
    web = seeding_definition(DEFINITION, media).services["web"]
    assert (web.ports, web.replicas, web.spec["command"], web.spec["restart"]) == ((), 1, ["load"], "no")
    server = replace(db, service="db")
    assert awaited_condition(DEFINITION, server) is Condition.HEALTHY
    assert awaited_condition(DEFINITION, replace(server, command="fill")) is Condition.COMPLETED


@pytest.mark.parametrize(
    ("image", "files", "parent", "is_same"),
    [
        ("web", {}, "", True),  # not one that the seed needs
        ("db", {}, "", False),
        ("migrate", {}, "", False),
        (None, {"seeds": "2"}, "", False),
        (None, {"other": "2"}, "", True),
        (None, {}, "sha256:parent", False),
    ],
)
def test_a_digest_is_of_all_that_the_result_depends_on(
    image: str | None, files: dict[str, str], parent: str, is_same: bool
) -> None:
    seed = seeds_of(DEFINITION)[0]
    before = seed_digest(DEFINITION, seed, artifacts=IMAGES, files={"seeds": "1"})
    images = {**IMAGES, image: make_artifact("other")} if image else IMAGES
    after = seed_digest(DEFINITION, seed, artifacts=images, files={"seeds": "1", **files}, parent=parent)
    assert (before == after) is is_same


def begin(
    snapshots: dict[str, Snapshot], held: dict[str, tuple[str, ...]], *, outlives: bool = True
) -> dict[str, VolumeData]:
    said = labels.OUTLIVES if outlives else ""
    volumes = {
        key: observed_volume(
            f"shop-g1_{key}",
            {labels.COMPOSE_VOLUME: key, labels.LIFETIME: said, labels.LAYERS: " ".join(layers)},
            make_ownership("shop"),
        )
        for key, layers in held.items()
    }
    found = decide_beginning(DEFINITION, scope="shop-g2", snapshots=snapshots, held=volumes, labels_of=LABELS)
    return dict(found)


def test_a_volume_begins_with_its_snapshot_or_goes_on() -> None:
    first = begin({"data": SEED, "media": replace(SEED, volumes={"media": ("m",)})}, {})
    assert first["data"] == VolumeData(
        "shop-g2_data.data", ("base",), False, Lifetime.ENVIRONMENT, SEED.id, SEED.origin, LABELS["data"]
    )
    assert (first["media"].layers, first["media"].own_labels) == (("m",), {})
    assert begin({}, {}) == {
        "data": VolumeData("shop-g2_data.data", lifetime=Lifetime.ENVIRONMENT, own_labels=LABELS["data"])
    }
    after = begin({"data": SEED}, {"data": (f"one{UPPER}", "base")})["data"]
    assert (after.layers, after.copies) == ((f"one{UPPER}", "base"), False)
    plain = begin({"data": SEED}, {"data": ()}, outlives=False)["data"]
    assert (plain.layers, plain.copies) == (("shop-g1_data",), True)
    assert data_variables([plain])["PREVIEWER_FIRST_RUN"] == "0"
    assert data_variables(begin({}, {}).values()) == {"PREVIEWER_FIRST_RUN": "1", "PREVIEWER_DATA": ""}


@given(st.integers(1, 60))
def test_however_often_it_is_handed_over_no_state_is_left_out_and_layers_are_few(times: int) -> None:
    layers: tuple[str, ...] = ("base",)
    for number in range(times):
        data = begin({}, {"data": layers})["data"]
        assert data.layers == (layers if len(layers) <= MOST_LAYERS else ("shop-g1_data",))
        own = f"own{number}"
        clone = CloneSpec(own, {}, data.layers, "image", {}, copies=data.copies)
        shown = clone.shown_layers(is_overlaid=not data.copies)
        assert volume_of(shown[0]) == own
        assert shown[1:] == (() if data.copies else layers)
        layers = shown
        assert len(layers) <= MOST_LAYERS + 1


def test_only_what_runs_and_mounts_handed_over_data_is_stopped_for_it() -> None:
    held = {"data": observed_volume("shop-g1_data", {labels.COMPOSE_VOLUME: "data"}, make_ownership("shop"))}
    db, web = replace(make_container("db"), volumes=("shop-g1_data",)), make_container("web")
    ended = replace(make_container("job", state=ContainerState.EXITED), volumes=("shop-g1_data",))
    live = Observation(containers=(db, web, ended))
    assert writers_of(begin({}, {"data": ()}), held, live) == (db.name,)
    assert writers_of(begin({}, {}), {}, live) == ()


@pytest.mark.parametrize(
    ("hours", "told"), [(5, "less than a day"), (-1, "less than a day"), (30, "1 day"), (73, "3 days")]
)
def test_the_age_of_data_is_told_in_days(hours: int, told: str) -> None:
    age = timedelta(hours=hours)
    assert (
        told_data("data", "seed db", "sha256:0123456789abcdef", age) == f"data: seed db (0123456789ab, {told} old)"
    )
    assert told_data("data", "", "", age) == "data: its own"


names = st.sampled_from([f"v{number}" for number in range(6)])
layer_lists = st.lists(st.tuples(names, st.booleans()), min_size=1, max_size=4).map(
    lambda found: tuple(f"{name}{UPPER}" if upper else name for name, upper in found)
)
snapshots = st.lists(
    st.tuples(layer_lists, st.booleans(), st.sampled_from(["seed a", "seed b"]), st.integers(0, 9)), max_size=5
).map(
    lambda found: tuple(
        Snapshot(
            f"sha256:{index}",
            SnapshotKind.SEED,
            origin,
            {"data": layers},
            NOW + timedelta(days=day),
            name=f"name{index}" if named else "",
        )
        for index, (layers, named, origin, day) in enumerate(found)
    )
)
seen_data = st.builds(
    lambda found, owned, clones: read_data(
        {
            **{name: data_labels(owner, "data", installation="i", project="p") for name, owner in owned.items()},
            **{f"mark{s.id}": mark_labels(s, installation="i", project="p") for s in found},
            **{f"clone{index}": {labels.LAYERS: " ".join(layers)} for index, layers in enumerate(clones)},
        }
    ),
    snapshots,
    st.dictionaries(names, st.sampled_from(["shop-main", "shop-topic"])),
    st.lists(layer_lists, max_size=3),
)


def used(seen: DataSeen) -> set[str]:
    return {volume_of(layer) for layers in seen.clones.values() for layer in layers}


@given(seen_data, st.integers(0, 3))
def test_nothing_that_is_used_or_kept_is_ever_removed(seen: DataSeen, keep: int) -> None:
    verdicts = judge_snapshots(seen, keep=keep)
    gone = {verdict.snapshot.id for verdict in verdicts if not verdict.keeps}
    staying = {volume_of(layer) for v in verdicts if v.keeps for ls in v.snapshot.volumes.values() for layer in ls}
    removed = set(released_volumes(seen, gone))
    assert removed.isdisjoint(used(seen) | staying)
    for verdict in verdicts:
        mine = {volume_of(layer) for layers in verdict.snapshot.volumes.values() for layer in layers}
        assert verdict.keeps or (not verdict.snapshot.name and mine.isdisjoint(used(seen)))
    for owner in ("shop-main", "shop-topic"):
        loose = set(loose_volumes(seen, owner))
        assert loose.isdisjoint(used(seen) | staying)
        assert all(seen.owners[name] == owner for name in loose)


@given(snapshots)
def test_a_snapshot_is_read_back_as_it_was_marked(found: tuple[Snapshot, ...]) -> None:
    marks = {s.id: mark_labels(s, installation="i", project="p") for s in found}
    assert {s.id: s for s in read_data(marks).snapshots} == {s.id: s for s in found}
    assert read_data({"x": {labels.DATA: labels.DATA_MARK, labels.SNAPSHOT_RECORD: "{}"}}) == DataSeen()


def test_raw_data_is_for_its_own_environment_and_for_who_is_trusted_with_it() -> None:
    raw = replace(SEED, kind=SnapshotKind.ENVIRONMENT, environment="shop-staging")
    refuse_raw_data(SEED, Trust(), environment="shop-main")
    refuse_raw_data(replace(raw, kind=SnapshotKind.MASKED), Trust(), environment="shop-main")
    refuse_raw_data(raw, Trust(), environment="shop-staging")
    grant = Grant("raw-data", "shop-staging", Location("previewer.toml"))
    refuse_raw_data(raw, Trust(grants=(grant,)), environment="shop-main")
    with pytest.raises(PolicyError, match="raw-data"):
        refuse_raw_data(raw, Trust(), environment="shop-main")
    with pytest.raises(PolicyError):
        refuse_raw_data(
            replace(raw, kind=SnapshotKind.IMPORTED, environment=""), Trust(grants=(grant,)), environment="x"
        )


@given(st.lists(names, min_size=1, max_size=6, unique=True).map(tuple), st.sets(st.integers(1, 6), max_size=3))
def test_of_many_layers_the_lowest_are_shown_by_one_volume(layers: tuple[str, ...], lengths: set[int]) -> None:
    common = data_labels("shop-main", "data", installation="i", project="p")
    sizes = {size for size in lengths if size <= len(layers)}
    marks = {f"mark{size}": flat_labels(common, f"flat{size}", layers[-size:]) for size in sizes}
    volumes = {f"flat{size}": common for size in sizes}

    def look(shown: tuple[str, ...]) -> DataSeen:
        return read_data({**marks, **volumes, "clone": {labels.LAYERS: " ".join(shown)}})

    longest = max(sizes, default=0)
    found = flattened(look(layers), layers)
    assert found == ((*layers[: len(layers) - longest], f"flat{longest}") if sizes else layers)
    assert loose_volumes(look(layers), "shop-main") == (), "a handover may still need each of them"
    loose = loose_volumes(look(found), "shop-main")
    assert set(loose) == {*marks, *volumes} - {f"flat{longest}"}
    assert loose[: len(marks)] == tuple(sorted(marks)), "a half is never taken for a whole"
