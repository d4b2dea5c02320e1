from __future__ import annotations

from previewer.domain.deploy.watching import Attempt, Progress
from previewer.operations.watch.queue import WatchQueue


def attempt(name: str) -> Attempt:
    return Attempt(f"feature/{name}", "a" * 40, Progress.WAITING)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_who_waits_longest_is_tried_first_and_few_at_once() -> None:
    clock = Clock()
    queue = WatchQueue(60, clock=clock)
    assert not queue.attempts(2)
    for name in "abc":
        queue.turn_away(name, attempt(name))
    assert list(queue.attempts(2)) == ["a", "b", "c"]
    clock.now += 60
    assert list(queue.attempts(2)) == ["c"]
    queue.turn_away("a", attempt("a"))
    clock.now += 60
    assert list(queue.attempts(1)) == ["c", "a"]


def test_all_that_wait_are_in_the_line_and_newcomers_at_its_end() -> None:
    clock = Clock()
    queue = WatchQueue(60, clock=clock)
    queue.turn_away("b", attempt("b"))
    assert queue.line_up({name: attempt(name) for name in "abc"}) == ("a", "c")
    assert list(queue.attempts(0)) == ["b", "a", "c"]
    assert queue.line_up({name: attempt(name) for name in "acd"}) == ("d",)
    assert list(queue.attempts(0)) == ["a", "c", "d"]
    due = [queue.is_due]
    clock.now += 60
    due.append(queue.is_due)
    queue.stay_full()
    due.append(queue.is_due)
    assert due == [False, True, False]
    assert queue.line_up({}) == ()
    clock.now += 60
    assert not queue.is_due, "nothing waits"


def test_it_is_full_for_a_while() -> None:
    clock = Clock()
    queue = WatchQueue(60, clock=clock)
    found = [queue.is_full]
    queue.turn_away("a", attempt("a"))
    for seconds in (0, 59, 1):
        clock.now += seconds
        found.append(queue.is_full)
    assert found == [False, True, True, False]


def test_what_goes_makes_room_at_once() -> None:
    queue = WatchQueue(None, clock=Clock())
    queue.turn_away("a", attempt("a"))
    assert list(queue.attempts(2)) == ["a"]
    queue.make_room()
    assert list(queue.attempts(2)) == []
    queue.leave("a")
    assert list(queue.attempts(0)) == []
