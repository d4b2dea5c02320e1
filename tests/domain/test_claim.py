"""Which run gives way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.record.notes import RunLease, is_superseded
from previewer.domain.stored import from_bytes, to_bytes

CLAIMS = st.builds(RunLease, st.text(), st.text(), st.text(), st.booleans())
OURS = RunLease("a" * 40, "ada@laptop", "1")


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (None, False),
        (OURS, False),
        (RunLease("b" * 40, "ada@laptop", "2"), True),
        (RunLease("b" * 40, "ada@laptop", "1"), False),
        (RunLease("a" * 40, "bob@desk", "2"), False),
    ],
    ids=["gone", "ours", "later, another commit", "ours still", "later, the same commit"],
)
def test_a_run_gives_way_to_a_later_one_of_another_commit(stored: RunLease | None, expected: bool) -> None:
    assert is_superseded(OURS, stored) is expected


@given(CLAIMS, CLAIMS)
def test_of_two_runs_at_most_one_gives_way(one: RunLease, two: RunLease) -> None:
    """Only one of two claims is stored: its writer goes on."""
    assert not is_superseded(one, one)
    assert is_superseded(one, two) == is_superseded(two, one)


@given(CLAIMS)
def test_it_is_read_as_it_was_written(lease: RunLease) -> None:
    assert from_bytes(to_bytes(lease), RunLease) == lease
