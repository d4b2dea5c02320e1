"""What data goes on from, who gets a copy of it, and what is found where its layers are touched."""

from __future__ import annotations

import pytest

from previewer.deployment.data import see_data
from previewer.deployment.drift import check_drift
from previewer.domain.compose.definition import Location
from previewer.domain.data.beginning import MANY_LAYERS
from previewer.domain.data.snapshots import Snapshot, SnapshotKind
from previewer.domain.engine.observation import ContainerState, ObservedVolume
from previewer.domain.policy.trust import Grant, TrustRules
from previewer.engine.protocol import Selection
from previewer.errors import PolicyError
from previewer.operations.data import clone, reset, take
from previewer.session.run import Run
from previewer.settings.model import Settings
from previewer.testing.memory.session import memory_session
from tests.operations.releasing import STAGED, ReleasingShop
from tests.operations.shop import COMPOSE

SEEDS = "{db: {run: migrate, volumes: [data], from: [migrations], incremental: true}}"
SEEDED = f"{COMPOSE.replace('build: web', 'build: ../web')}x-previewer: {{seeds: {SEEDS}}}\n"
TRUST = TrustRules(grants=(Grant("raw-data", "shop-staging", Location("previewer.toml")),))


class SeededShop(ReleasingShop):
    """A shop whose database is seeded by migrations."""

    def __init__(self) -> None:
        super().__init__(files={**STAGED, **dict.fromkeys(("envs/preview.yaml", "envs/staging.yaml"), SEEDED)})
        settings = Settings(settle_time=0.0, trust=TRUST)
        self.session = memory_session(
            source=self.source, engine=self.engine, images=self.images, settings=settings
        )

    def migrate(self, migrations: str, branch: str = "main", **files: str) -> Snapshot:
        """Bring up a commit with these migrations; the snapshot that its database is a clone of."""
        self.source.commit(branch, {**self.files, "migrations": migrations, **files})
        self.up(branch)
        return self.snapshot(self.volume(f"shop-{branch}").snapshot)

    def volume(self, environment: str) -> ObservedVolume:
        """The live volume of the database."""
        live = self.one(environment).ownership.generation
        observed = self.engine.observe(Selection(environment=environment)).of_generation(live)
        return next(volume for volume in observed.volumes if volume.key == "data")

    def snapshot(self, identifier: str) -> Snapshot:
        """A snapshot by its id."""
        found = see_data(self.session).find(identifier)
        assert found is not None
        return found


def test_an_incremental_seed_goes_on_from_the_nearest_ancestor() -> None:
    shop = SeededShop()
    first = shop.migrate("1")
    second = shop.migrate("2")
    assert shop.migrate("2", page="another") == second, "the same migrations share a snapshot"
    alone = shop.migrate("3", branch="topic")
    third = shop.migrate("4")
    assert (first.parent, alone.parent) == ("", ""), "there is no ancestor"
    assert (second.parent, third.parent) == (first.id, second.id)
    assert second.volumes["data"][1:] == first.volumes["data"]
    assert third.volumes["data"][1:] == second.volumes["data"]
    assert shop.volume("shop-main").layers[1:] == third.volumes["data"]


def test_however_many_migrations_there_are_layers_are_few() -> None:
    shop = SeededShop()
    numbers = [len(shop.migrate(str(number)).volumes["data"]) for number in range(MANY_LAYERS + 2)]
    assert numbers == [*range(1, MANY_LAYERS + 1), MANY_LAYERS, MANY_LAYERS]


def test_an_environment_gets_a_clone_of_what_another_has_if_it_is_trusted_with_it() -> None:
    shop = SeededShop()
    seed = shop.migrate("1")
    shop.stage()
    run = Run(shop.session, shop.report)
    with pytest.raises(PolicyError, match="raw-data"):
        clone(run, "main", "staging")
    assert see_data(shop.session).snapshots == (seed,), "it was refused before anything was stopped or copied"
    clone(run, "staging", "main")
    cloned = shop.snapshot(shop.volume("shop-main").snapshot)
    assert (cloned.kind, cloned.environment, cloned.parent) == (SnapshotKind.ENVIRONMENT, "shop-staging", seed.id)
    (copy,) = cloned.volumes["data"]
    assert shop.volume("shop-main").layers[1:] == (copy,)
    assert shop.engine.filled[copy] == shop.volume("shop-staging").name.encode()
    assert shop.one("shop-staging").ownership.generation == 1


def test_a_layer_that_is_gone_is_drift() -> None:
    shop = SeededShop()
    (layer,) = shop.migrate("1").volumes["data"]
    (drift,) = check_drift(shop.session, ["main"])
    assert drift.findings == ()
    shop.engine.remove_volume(layer.split("/")[0])
    (drift,) = check_drift(shop.session, ["main"])
    assert [finding.kind for finding in drift.findings] == ["volume-missing"]


def test_a_release_that_is_handed_its_data_waits_for_no_seed() -> None:
    shop = SeededShop()
    lasting = SEEDED.replace("seeds:", "lifetime: {data: environment}, seeds:")
    for migrations in ("1", "2"):
        shop.source.commit("main", {**shop.files, "envs/staging.yaml": lasting, "migrations": migrations})
        shop.stage()
    kinds = [snapshot.kind for snapshot in see_data(shop.session).snapshots]
    assert kinds == [SnapshotKind.SEED], "the second one begins with what the first one left"
    reset(Run(shop.session, shop.report), "staging")
    kinds = [snapshot.kind for snapshot in see_data(shop.session).snapshots]
    assert sorted(kind.value for kind in kinds) == ["environment", "seed", "seed"]


def test_a_snapshot_may_freeze_what_writes_instead_of_stopping_it() -> None:
    shop = SeededShop()
    shop.migrate("1")
    writer = next(c.name for s in shop.one("shop-main").services if s.name == "db" for c in s.containers)
    before = len(shop.engine.calls)
    take(Run(shop.session, shop.report), "shop-main", pauses=True)
    done = [call for call in shop.engine.calls[before:] if call[1] == writer]
    assert done == [("pause_container", writer), ("start_container", writer)]
    assert shop.engine.inspect_container(writer).state is ContainerState.RUNNING
    assert [entry.action for entry in shop.session.ledger.entries(limit=3)] == ["snapshot", "start", "pause"]
    assert shop.notes("shop-main").stopped == ()
