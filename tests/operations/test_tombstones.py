from __future__ import annotations

from datetime import timedelta

import pytest

from previewer.domain.deploy.request import DeployRequest
from previewer.engine.protocol import LogOptions
from previewer.errors import DefinitionError, EngineError, LeftoversError, NotFoundError
from previewer.ledger.protocol import RecordKind
from previewer.operations.down import down, find_down_target, plan_down
from previewer.operations.logs import remembered_lines
from previewer.operations.replace import replace_environment
from previewer.records.environments import find_environment
from previewer.records.final_logs import BYTES, LINES
from previewer.records.tombstones import find_tombstone
from previewer.session.release_files import read_content, read_contents
from previewer.session.run import Run
from previewer.testing.memory.container import Behaviour
from tests.definition.trees import load_text, tree_of
from tests.operations.shop import COMPOSE, Shop, on_call

WITH_PASSWORD = COMPOSE.replace(
    "    image: shop-db\n", "    image: shop-db\n    environment: {DB_PASSWORD: hunter2}\n"
)


def test_what_was_removed_is_remembered() -> None:
    shop = Shop()
    shop.engine.behaviours["web"] = Behaviour(lines=("listening", "bye"), error_lines=("oops",))
    shop.up()
    result = shop.down("main")
    stone = result.tombstones[0]
    assert (stone.environment, stone.branch, stone.bytes_freed) == ("shop-main", "main", 0)
    assert [former.service for former in stone.containers] == ["api", "db", "migrate", "web"]
    assert {former.service: former.exit_code for former in stone.containers}["migrate"] == 0
    found = find_tombstone(shop.session, "main")
    assert found.tombstone == stone
    assert {line.text for line in found.lines if line.service == "web"} == {"listening", "bye", "oops"}


def test_the_logs_of_a_service_are_found_again() -> None:
    shop = Shop()
    shop.engine.behaviours["web"] = Behaviour(lines=("one", "two"))
    shop.engine.behaviours["db"] = Behaviour(lines=("ready",))
    shop.up()
    shop.down("main")

    def texts(*services: str, tail: int | None = None) -> list[str]:
        options = LogOptions(tail=tail)
        return [
            line.text for line in remembered_lines(shop.session, "shop-main", services=services, options=options)
        ]

    assert sorted(texts()) == ["one", "ready", "two"]
    assert texts("web") == ["one", "two"]
    assert texts("web", tail=1) == ["two"]
    with pytest.raises(NotFoundError, match="no service nope"):
        texts("nope")
    with pytest.raises(NotFoundError):
        remembered_lines(shop.session, "never-was", options=LogOptions())


def test_known_secrets_are_masked() -> None:
    shop = Shop(compose=WITH_PASSWORD)
    shop.engine.behaviours["db"] = Behaviour(lines=("connecting with hunter2",))
    shop.up()
    shop.down("main")
    record = shop.session.ledger.load_record(RecordKind.TOMBSTONE, "shop-main-g1") or {}
    assert not any(b"hunter2" in content for content in record.values())
    assert any(b"connecting with ***" in content for content in record.values())


def test_a_secret_is_known_although_another_cannot_be_had() -> None:
    text = "services: {db: {image: db, secrets: [known, lost, gone]}}\n"
    text += "secrets: {known: {file: ./known}, lost: {environment: LOST}, gone: {file: ./gone}}\n"
    tree = tree_of({"known": "hunter2"})
    definition = load_text(text)
    contents = [read_content(definition, f"secrets/{name}", tree, {}) for name in ("known", "lost", "gone")]
    assert contents == [b"hunter2", None, None]
    with pytest.raises(DefinitionError):
        read_contents(definition, tree, {})


def test_logs_are_bounded() -> None:
    shop = Shop()
    shop.engine.behaviours["web"] = Behaviour(lines=tuple(f"line {number}" for number in range(3 * LINES)))
    shop.engine.behaviours["db"] = Behaviour(lines=("x" * BYTES * 2, *("y" * 1000 for _ in range(200))))
    shop.up()
    shop.down("main")
    lines = find_tombstone(shop.session, "main").lines
    of_web = [line.text for line in lines if line.service == "web"]
    assert (len(of_web), of_web[-1]) == (LINES, f"line {3 * LINES - 1}")
    assert sum(len(line.text) for line in lines if line.service == "db") <= BYTES


def test_a_removal_in_two_attempts_has_one_tombstone() -> None:
    is_broken = [True]

    def fail() -> None:
        if is_broken:
            raise EngineError("device busy")

    shop = Shop()
    shop.engine.behaviours["web"] = Behaviour(lines=("hello",))
    shop.up()
    shop.engine._on_call = on_call("remove_volume", fail)
    with pytest.raises(LeftoversError):
        shop.down("main")
    is_broken.clear()
    shop.down("main")
    found = find_tombstone(shop.session, "main")
    assert len(found.tombstone.containers) == 4
    assert [line.text for line in found.lines if line.service == "web"] == ["hello"]


def test_only_the_newest_few_are_kept() -> None:
    shop = Shop()
    for _round in range(5):
        shop.up()
        shop.down("main")
    kept = shop.session.ledger.record_names(RecordKind.TOMBSTONE)
    assert 1 <= len(kept) <= 3


def test_the_last_life_is_remembered_whatever_its_generation_and_the_clock() -> None:
    shop = Shop()
    now = shop.session.clock()
    shop.up()
    for _round in range(4):
        replace_environment(Run(shop.session, shop.report), "main", DeployRequest())
    assert shop.down("main").tombstones[0].generation == 5
    for days in (1, -1):
        shop.session.clock = lambda days=days: now + timedelta(days=days)  # type: ignore[misc]
        shop.up()
        (stone,) = shop.down("main").tombstones
        assert stone.generation == 1, "nothing of its former life could be brought back"
        assert find_tombstone(shop.session, "main").tombstone == stone


def test_why_is_remembered() -> None:
    shop = Shop()
    shop.up()
    target = find_down_target(shop.session, ["main"], causes={"shop-main": "its branch main is gone"})
    assert "because its branch main is gone" in plan_down(shop.session, target).text()
    result = down(Run(shop.session, shop.report), target)
    assert result.tombstones[0].cause == "its branch main is gone"
    assert shop.session.ledger.entries()[0].detail.endswith("because its branch main is gone")


def test_a_name_that_is_gone_leads_to_its_tombstone() -> None:
    shop = Shop()
    shop.up()
    shop.down("main")
    with pytest.raises(NotFoundError) as failure:
        find_environment(shop.session, "main")
    assert "previewer status --gone shop-main" in (failure.value.hint or "")
