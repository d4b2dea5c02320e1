from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from previewer.domain.deploy.recovery import (
    WHAT_BECOMES_OF_IT,
    WHICH_IS_LIVE,
    FateRule,
    GenerationSeen,
    LiveRule,
    Noted,
    Recovery,
    recover,
)

OLD = GenerationSeen(1, is_serving=True, running=("web-1",))
HALF_STOPPED = GenerationSeen(1, stopped=("web-1",), running=("db-1",))
REHEARSING = GenerationSeen(2, running=("web-2",))
SERVING = GenerationSeen(2, is_serving=True, running=("web-2",))


@pytest.mark.parametrize(
    ("seen", "noted", "expected"),
    [
        pytest.param([], 3, Recovery(None), id="nothing is there"),
        pytest.param([OLD], 1, Recovery(1), id="all is well"),
        pytest.param([HALF_STOPPED], 1, Recovery(1), id="what is ailing is left alone"),
        pytest.param([OLD, REHEARSING], 1, Recovery(1, remove=(2,)), id="killed before it took over"),
        pytest.param(
            [HALF_STOPPED, REHEARSING], 1, Recovery(1, remove=(2,), start=("web-1",)), id="killed in between"
        ),
        pytest.param([HALF_STOPPED, REHEARSING], 0, Recovery(1, remove=(2,), start=("web-1",)), id="not noted"),
        pytest.param([OLD], 0, Recovery(1, is_news=True), id="killed before it said that it is up"),
        pytest.param([GenerationSeen(1, is_serving=True, is_ours=False)], 0, Recovery(1), id="another clone's"),
        pytest.param([HALF_STOPPED], 0, Recovery(1), id="killed before it was up"),
        pytest.param([HALF_STOPPED, SERVING], 1, Recovery(2, is_news=True, remove=(1,)), id="killed afterwards"),
        pytest.param([HALF_STOPPED, SERVING], 2, Recovery(2, remove=(1,)), id="killed while it removed the old"),
        pytest.param(
            [GenerationSeen(1, is_kept=True, running=("db-1",)), SERVING],
            2,
            Recovery(2, stop=("db-1",)),
            id="killed while it stopped what is kept",
        ),
        pytest.param(
            [GenerationSeen(1, is_kept=True, running=("web-1",)), GenerationSeen(2, stopped=("web-2",))],
            2,
            Recovery(2, start=("web-2",), stop=("web-1",)),
            id="killed while it rolled back",
        ),
        pytest.param(
            [OLD, GenerationSeen(2, is_ours=False, running=("web-2",))], 1, Recovery(1), id="another clone at work"
        ),
        pytest.param([REHEARSING], 1, Recovery(None, remove=(2,)), id="the old one went meanwhile"),
    ],
)
def test_what_is_to_be_done(seen: list[GenerationSeen], noted: int, expected: Recovery) -> None:
    assert recover(seen, noted=noted) == expected


def test_what_sleeps_is_not_started() -> None:
    found = recover([HALF_STOPPED, REHEARSING], noted=1, is_asleep=True)
    assert (found.start, found.remove) == ((), (2,))


@pytest.mark.parametrize(
    ("live", "is_asleep", "start"),
    [
        pytest.param(HALF_STOPPED, False, ("web-1",), id="killed once it had stopped"),
        pytest.param(OLD, False, (), id="killed before it stopped anything"),
        pytest.param(HALF_STOPPED, True, (), id="put to sleep since"),
    ],
)
def test_what_gave_way_to_a_rollback_is_started_again(
    live: GenerationSeen, is_asleep: bool, start: tuple[str, ...]
) -> None:
    kept = GenerationSeen(0, is_kept=True)
    found = recover([kept, live], noted=1, is_asleep=is_asleep, gave_way=("web-1",))
    assert found == Recovery(1, start=start)


names = st.lists(st.text(min_size=1, max_size=3), max_size=3).map(tuple)
generations = st.lists(
    st.builds(
        GenerationSeen,
        number=st.integers(min_value=1, max_value=9),
        is_kept=st.booleans(),
        is_serving=st.booleans(),
        is_ours=st.booleans(),
        stopped=names,
        running=names,
    ),
    max_size=6,
    unique_by=lambda seen: seen.number,
)


@given(generations, st.integers(min_value=0, max_value=9))
def test_afterwards_at_most_one_generation_of_ours_is_left_that_is_not_kept(
    seen: list[GenerationSeen], noted: int
) -> None:
    found = recover(seen, noted=noted)
    left = [one for one in seen if one.number not in found.remove and not one.is_kept and one.is_ours]
    assert {one.number for one in left} <= {found.live}
    assert found.live not in found.remove


@given(generations, st.integers(min_value=0, max_value=9))
def test_what_is_kept_or_another_clone_is_making_is_never_removed(seen: list[GenerationSeen], noted: int) -> None:
    found = recover(seen, noted=noted)
    for one in seen:
        if one.is_kept or (not one.is_ours and found.live is not None and one.number > found.live):
            assert one.number not in found.remove


@given(generations, st.integers(min_value=0, max_value=9))
def test_something_that_serves_stays(seen: list[GenerationSeen], noted: int) -> None:
    """Whatever was killed: if anything of ours served before, something is live afterwards."""
    if any(one.is_serving and one.is_ours and not one.is_kept for one in seen):
        assert recover(seen, noted=noted).live is not None


@given(generations, st.integers(min_value=0, max_value=9), st.booleans(), names)
def test_what_was_recovered_needs_no_recovery(
    seen: list[GenerationSeen], noted: int, is_asleep: bool, gave_way: tuple[str, ...]
) -> None:
    found = recover(seen, noted=noted, is_asleep=is_asleep, gave_way=gave_way)
    after = [_carried_out(found, one) for one in seen if one.number not in found.remove]
    now_noted = found.live or 0 if found.is_news else noted
    assert recover(after, noted=now_noted, is_asleep=is_asleep) == Recovery(found.live)


def _carried_out(found: Recovery, one: GenerationSeen) -> GenerationSeen:
    """The generation once its containers were started or stopped."""
    if one.is_kept:
        return replace(one, running=(), stopped=(*one.stopped, *one.running))
    if one.number != found.live:
        return one
    still = tuple(name for name in one.stopped if name not in found.start)
    return replace(one, running=(*one.running, *found.start), stopped=still)


def test_no_row_of_the_tables_is_idle() -> None:
    """Each decides somewhere: a row that never does would only be read."""
    foreign = GenerationSeen(3, is_ours=False)
    said, silent = Noted(1, is_said=True), Noted(1, is_said=False)
    deciding = [(SERVING, said), (OLD, silent), (HALF_STOPPED, said), (replace(SERVING, is_ours=False), said)]
    assert [_first(WHICH_IS_LIVE, *case) for case in deciding] == list(range(len(WHICH_IS_LIVE)))
    fates = [(GenerationSeen(1, is_kept=True), 2), (SERVING, 2), (REHEARSING, 1), (replace(foreign, number=1), 2)]
    assert [_first(WHAT_BECOMES_OF_IT, *case) for case in (*fates, (foreign, 2))] == list(range(5))


def _first(rules: Sequence[LiveRule | FateRule], one: GenerationSeen, other: Any) -> int:
    return next(index for index, rule in enumerate(rules) if rule.holds(one, other))
