from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from previewer.errors import PreviewerError, UsageError
from previewer.ledger.protocol import RecordKind
from previewer.operations.bisect import BisectResult, bisect
from previewer.operations.run.command import Lines
from previewer.operations.run.run import CommandRequest
from previewer.records.environments import list_environments
from previewer.session.run import Run
from tests.operations.shop import FILES, Shop
from tests.operations.test_run import Unwatched

CHECK = """
import os, pathlib, sys
codes = dict(line.split() for line in pathlib.Path(sys.argv[1]).read_text().splitlines())
sys.exit(int(codes.get(os.environ["PREVIEWER_COMMIT"], 0)))
"""
"""Ends with the code that a file has for the commit."""


class Line:
    """A branch of so many commits, and what the command says to each."""

    def __init__(self, folder: Path, count: int) -> None:
        self.shop = Shop()
        pages = ({**FILES, "web/page.html": f"page {number}"} for number in range(count + 1))
        self.commits = [self.shop.source.commit("line", files).id for files in pages]
        self.codes = folder / "codes"
        self.tested: list[str] = []

    def say(self, code_of: Callable[[int], int]) -> None:
        """Let the command end with these codes, by the commit's place in the line."""
        self.codes.write_text("".join(f"{c} {code_of(i)}\n" for i, c in enumerate(self.commits)))

    def bisect(self, *, is_fresh: bool = False) -> BisectResult:
        request = CommandRequest((sys.executable, "-c", CHECK, str(self.codes)), dict(os.environ))
        return bisect(
            Run(self.shop.session),
            f"{self.commits[0]}..{self.commits[-1]}",
            request,
            sweeper=Unwatched(),
            lines_of=self._lines_of,
            is_fresh=is_fresh,
        )

    def _lines_of(self, title: str) -> Lines:
        self.tested.append(title)
        return lambda _line: None


@pytest.mark.parametrize("broken", [1, 2, 31, 63, 64])
def test_a_bug_among_sixty_four_commits_takes_at_most_seven_environments(tmp_path: Path, broken: int) -> None:
    line = Line(tmp_path, 64)
    line.say(lambda place: int(place >= broken))
    result = line.bisect()
    assert result.first_bad is not None
    assert result.first_bad.id == line.commits[broken]
    assert len(result.bisection.steps) == len(line.tested) <= 7
    assert list_environments(line.shop.session) == ()


def test_what_cannot_be_tested_is_passed_over(tmp_path: Path) -> None:
    line = Line(tmp_path, 8)
    line.say(lambda place: 125 if place == 4 else int(place >= 6))
    found = line.bisect().first_bad
    assert found is not None
    assert found.id == line.commits[6]
    line.say(lambda place: 125 if 3 <= place <= 5 else int(place >= 6))
    suspects = line.bisect().suspects
    assert {commit.id for commit in suspects} == set(line.commits[3:7])
    assert suspects[0].id == line.commits[6]


def test_an_interrupted_one_goes_on_where_it_was(tmp_path: Path) -> None:
    line = Line(tmp_path, 8)
    line.say(lambda place: 130 if place == 6 else int(place >= 7))
    with pytest.raises(PreviewerError, match="says nothing of a commit"):
        line.bisect()
    assert len(line.tested) == 2
    line.say(lambda place: int(place >= 7))
    result = line.bisect()
    assert result.first_bad is not None
    assert (result.first_bad.id, result.resumed) == (line.commits[7], 1)
    assert line.shop.session.ledger.record_names(RecordKind.BISECTION) == ()
    assert line.bisect().resumed == 0


@pytest.mark.parametrize("span", ["line", "..line", "line..", "line...main", "line..line"])
def test_words_that_are_no_span_are_refused(tmp_path: Path, span: str) -> None:
    line = Line(tmp_path, 2)
    with pytest.raises(UsageError):
        bisect(
            Run(line.shop.session),
            span,
            CommandRequest((sys.executable,), dict(os.environ)),
            sweeper=Unwatched(),
            lines_of=lambda _title: lambda _line: None,
        )
