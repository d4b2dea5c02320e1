"""Which run gives way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.record.history import Claim, gives_way
from previewer.domain.stored import from_bytes, to_bytes

CLAIMS = st.builds(Claim, st.text(), st.text(), st.text(), st.booleans())
OURS = Claim("a" * 40, "ada@laptop", "1")


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (None, False),
        (OURS, False),
        (Claim("b" * 40, "ada@laptop", "2"), True),
        (Claim("b" * 40, "ada@laptop", "1"), False),
        (Claim("a" * 40, "bob@desk", "2"), False),
    ],
    ids=["gone", "ours", "later, another commit", "ours still", "later, the same commit"],
)
def test_a_run_gives_way_to_a_later_one_of_another_commit(stored: Claim | None, expected: bool) -> None:
    assert gives_way(OURS, stored) is expected


@given(CLAIMS, CLAIMS)
def test_of_two_runs_at_most_one_gives_way(one: Claim, two: Claim) -> None:
    """Only one of two claims is stored: whoever wrote it goes on."""
    assert not gives_way(one, one)
    assert gives_way(one, two) == gives_way(two, one)


@given(CLAIMS)
def test_it_is_read_as_it_was_written(claim: Claim) -> None:
    assert from_bytes(to_bytes(claim), Claim) == claim
