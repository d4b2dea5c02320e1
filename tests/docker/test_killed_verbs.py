"""Every verb, with itself or its engine killed with -9 at random moments: the next commands leave one whole
generation, and at the end nothing.

The points follow from a seed. ``PREVIEWER_TEST_KILL_POINTS=200 PREVIEWER_TEST_KILL_SEED=7`` tries others and more;
what fails names its verb, what was killed, and its delay.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.docker.own_engine import OwnEngine
from tests.docker.test_faults_engine import ALL_ROLES, COMPOSE, NOTICED, PREVIEW, new_engine, new_site
from tests.worlds.docker import TIMEOUT, EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.slow]

POINTS = int(os.environ.get("PREVIEWER_TEST_KILL_POINTS", "13"))
SEED = int(os.environ.get("PREVIEWER_TEST_KILL_SEED", "1"))
LONGEST_DELAY = 3.0
"""Seconds that a command is given before it is killed, at most: the verbs take 0.5 to 3 on a quiet machine."""
UP = ("up", "first", "--name", PREVIEW)
STAGE = ("up", "first", "--role", "staging", "--yes")
STAGE_NEXT = ("up", "second", "--role", "staging", "--yes")
PROMOTE = ("promote", "staging", "--to", "production", "--yes")


@dataclass(frozen=True)
class KilledVerb:
    """A command that is killed, after what makes it possible."""

    command: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    after: tuple[tuple[str, ...], ...] = ()


VERBS: Mapping[str, KilledVerb] = {
    "freeze": KilledVerb(("freeze", "new")),
    "up": KilledVerb(UP),
    "replace": KilledVerb(("replace", PREVIEW), (UP,)),
    "up over another": KilledVerb(("up", "second", "--name", PREVIEW), (UP,)),
    "sleep": KilledVerb(("sleep", PREVIEW), (UP,)),
    "wake": KilledVerb(("wake", PREVIEW), (UP, ("sleep", PREVIEW))),
    "down": KilledVerb(("down", PREVIEW), (UP,)),
    "promote": KilledVerb(PROMOTE, (STAGE,), (STAGE_NEXT, PROMOTE)),
    "rollback": KilledVerb(("rollback", "staging", "--yes"), (STAGE, STAGE_NEXT), (STAGE, PROMOTE)),
    "prune": KilledVerb(("prune", "--keep", "0", "--releases", "--yes"), (UP, STAGE), (STAGE, PROMOTE)),
    "update": KilledVerb(("update", PREVIEW, "--yes"), (UP,)),
    "extend": KilledVerb(("extend", PREVIEW, "5d"), (UP,)),
    "debug": KilledVerb(("debug", PREVIEW, "web", "--", "busybox", "sleep", "30"), (UP,)),
}
VICTIMS = ("previewer", "engine")


@pytest.fixture(scope="module")
def engine() -> Iterator[OwnEngine]:
    found = new_engine()
    yield found
    found.wipe()


@pytest.fixture(scope="module")
def engine_fixture(engine: OwnEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineFixture]:
    made = new_site(tmp_path_factory.mktemp("killed"), engine)
    for branch in ("first", "second"):
        made.repository.git("checkout", "--quiet", branch)
        text = COMPOSE.format(page=branch, checked="/page").replace("200ms", "1s")  # the least for production
        made.repository.commit({**ALL_ROLES, "compose.yaml": text}, subject="roles")
    yield made
    made.connection.close()


def kill_points() -> list[tuple[str, str, float]]:
    """Verbs in turn, each with what is killed, and after how many seconds."""
    dice = random.Random(SEED)
    verbs = list(VERBS)
    return [
        (
            verbs[number % len(verbs)],
            VICTIMS[(number + number // len(verbs)) % len(VICTIMS)],
            round(dice.uniform(0.1, LONGEST_DELAY), 2),
        )
        for number in range(POINTS)
    ]


@pytest.mark.parametrize(("verb", "victim", "delay"), kill_points())
def test_a_killed_verb_leaves_nothing_that_the_next_commands_do_not_mend(
    engine_fixture: EngineFixture, engine: OwnEngine, verb: str, victim: str, delay: float
) -> None:
    make_new_commits(engine_fixture, f"{verb} {delay}")
    killed = VERBS[verb]
    for command in killed.before:
        engine_fixture.run(*command)
    if verb == "update":
        make_new_commits(engine_fixture, f"{verb} {delay} again")
    process = engine_fixture.start(*killed.command)
    time.sleep(delay)  # where the kill falls, and nothing that is judged
    if victim == "previewer":
        process.kill()
        process.communicate(timeout=60)
    else:
        engine.kill()
        try:
            _printed, said = process.communicate(timeout=NOTICED)
        finally:
            engine.start()
        assert process.returncode in (0, 1, 9), said
        assert said.count("error:") == int(process.returncode != 0), said
    engine_fixture.run("ls")
    come_up(engine_fixture)
    (preview,) = [found for found in engine_fixture.environments() if found["role"] == "preview"]
    assert engine.fetch(f"{preview['url']}/page").startswith("first")
    assert len(generations_of(engine_fixture, preview["environment"])) == 1
    for command in killed.after:
        engine_fixture.run(*command)
    engine_fixture.run("down", *(found["environment"] for found in engine_fixture.environments()), "--yes")
    assert engine_fixture.remains() == []


def come_up(engine_fixture: EngineFixture) -> None:
    """Bring it up; by `replace`, as the error says, where the engine was killed while it started a container."""
    up = engine_fixture.start(*UP)
    _printed, said = up.communicate(timeout=TIMEOUT)
    if up.returncode:
        assert "cannot start it any more" in said or "An engine that was killed may hold it" in said, said
        engine_fixture.run("replace", PREVIEW, "--yes")


def make_new_commits(engine_fixture: EngineFixture, page: str) -> None:
    """A commit on `first`, and one on `new` that is not frozen."""
    for branch in ("first", "new"):
        engine_fixture.repository.git(
            "checkout", "--quiet", *(["-B", "new", "first"] if branch == "new" else [branch])
        )
        text = COMPOSE.format(page=f"first of {page} on {branch}".replace(" ", "-"), checked="/page").replace(
            "200ms", "1s"
        )
        engine_fixture.repository.commit({"compose.yaml": text}, subject=page)


def generations_of(engine_fixture: EngineFixture, environment: str) -> set[str]:
    """Those of which anything is left."""
    return {
        found[1] for thing in engine_fixture.remains() if (found := re.search(rf"{environment}-g(\d+)", thing))
    }
