from __future__ import annotations

import os
import sys

import pytest

from previewer.domain.compose.definition import Location
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.policy.trust import Grant, TrustRules
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError, SourceError, UnhealthyError, UsageError
from previewer.operations.compare import Comparison, compare_revisions
from previewer.operations.data import take
from previewer.operations.run.run import CommandRequest
from previewer.records.environments import list_environments
from previewer.session.run import Run
from previewer.settings.model import Settings
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.session import memory_session
from tests.operations.shop import Shop, on_call
from tests.operations.test_run import Unwatched

NAMES = "import os\nfor name in ('URL', 'ENVIRONMENT', 'COMMIT'): print(os.environ['PREVIEWER_' + name])\n"


def compare(
    shop: Shop, *command: str, right: str = "feature/a", probes: bool = False, data: str = ""
) -> Comparison:
    request = CommandRequest(command, dict(os.environ), DeployRequest(data=data))
    return compare_revisions(Run(shop.session), "main", right, request, sweeper=Unwatched(), probes=probes)


def test_names_and_urls_are_no_difference() -> None:
    shop = Shop()
    found = compare(shop, sys.executable, "-c", NAMES)
    assert found.said is not None
    assert found.said[0].lines[:1] == ("${PREVIEWER_URL}",)
    assert not found.differs
    assert list_environments(shop.session) == ()


def test_output_and_exit_code_are_compared() -> None:
    code = "import os; ours = os.environ['PREVIEWER_BRANCH'] == 'main'; print('same'); print(ours); exit(not ours)"
    found = compare(Shop(), sys.executable, "-c", code)
    assert [(one.what, one.left, one.right) for one in found.differences] == [
        ("exit code", "0", "1"),
        ("line 2", "True", "False"),
    ]


@pytest.mark.parametrize("data", ["yesterday", "from:with-data"])
def test_both_begin_with_the_same_snapshot(data: str) -> None:
    seen: set[tuple[str, str]] = set()

    def look() -> None:
        volumes = shop.engine.observe(Selection()).volumes
        seen.update((v.ownership.environment, v.snapshot) for v in volumes if v.snapshot)

    shop = Shop(engine=MemoryEngine(on_call=on_call("remove_volume", look)))
    grant = Grant("raw-data", None, Location("previewer.toml", 1))
    settings = Settings(settle_time=0.0, trust=TrustRules(grants=(grant,)))
    shop.session = memory_session(source=shop.source, engine=shop.engine, images=shop.images, settings=settings)
    shop.up(name="with-data")
    taken = take(Run(shop.session), "with-data", name="yesterday")
    compare(shop, sys.executable, "-c", "", data=data)
    assert [snapshot for _environment, snapshot in seen] == [taken.id, taken.id]


def test_neither_stays_where_one_does_not_come_up() -> None:
    shop = Shop()
    shop.engine.behaviours["migrate"] = Behaviour(exit_code=3)
    with pytest.raises(UnhealthyError):
        compare(shop, sys.executable, "-c", "")
    assert list_environments(shop.session) == ()
    with pytest.raises((UsageError, SourceError)):
        compare(Shop())
    with pytest.raises(UsageError, match="no requests are declared"):
        compare(Shop(), probes=True)
    with pytest.raises(NotFoundError, match="no such snapshot"):
        compare(Shop(), sys.executable, data="never-taken")
