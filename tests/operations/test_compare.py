from __future__ import annotations

import os
import sys

import pytest

from previewer.errors import SourceError, UnhealthyError, UsageError
from previewer.operations.compare import Comparison, compare_revisions
from previewer.operations.run.run import CommandRequest
from previewer.records.environments import list_environments
from previewer.session.run import Run
from previewer.testing.memory.container import Behaviour
from tests.operations.shop import Shop
from tests.operations.test_run import Unwatched

NAMES = "import os\nfor name in ('URL', 'ENVIRONMENT', 'COMMIT'): print(os.environ['PREVIEWER_' + name])\n"


def compare(shop: Shop, *command: str, right: str = "feature/a", probes: bool = False) -> Comparison:
    request = CommandRequest(command, dict(os.environ))
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
