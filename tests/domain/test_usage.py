"""Samples of what containers use, put together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from previewer.domain.engine.usage import SAMPLES_KEPT, Usage, UsageBoard, UsageSample

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sample(
    container: str, second: int, *, cpu: float = 0.5, memory: int = 100, limit: int = 400, sent: int = 0
) -> UsageSample:
    return UsageSample(container, NOW + timedelta(seconds=second), cpu, memory, limit, 2 * sent, sent)


def test_nothing_is_known_before_the_first_sample() -> None:
    assert UsageBoard().of(["web"]) is None


def test_containers_are_summed_and_rates_are_per_second() -> None:
    board = UsageBoard()
    board.add([sample("web", 0, sent=100), sample("web", 2, cpu=0.25, sent=300), sample("api", 2, memory=50)])
    assert board.of(["web"]) == Usage(0.25, 100, 400, received=200.0, sent=100.0, history=(0.5, 0.25))
    assert board.of(["web", "api", "gone"]) == Usage(
        0.75, 150, 800, received=200.0, sent=100.0, history=(0.5, 0.75)
    )


def test_one_container_without_a_limit_leaves_all_without() -> None:
    board = UsageBoard()
    board.add([sample("web", 0), sample("api", 0, limit=0)])
    used = board.of(["web", "api"])
    assert used is not None
    assert used.memory_limit == 0


def test_a_sample_that_is_told_again_says_nothing_new() -> None:
    board = UsageBoard()
    board.add([sample("web", 0), sample("web", 1), sample("web", 1), sample("web", 0)])
    used = board.of(["web"])
    assert used is not None
    assert len(used.history) == 2


def test_only_the_last_samples_of_what_is_in_sight_are_kept() -> None:
    board = UsageBoard()
    board.add(sample("web", second) for second in range(2 * SAMPLES_KEPT))
    board.add([sample("api", 0)])
    board.keep_only(["web"])
    used = board.of(["web"])
    assert used is not None
    assert len(used.history) == SAMPLES_KEPT
    assert board.of(["api"]) is None
    assert board.has(["web"])
    assert not board.has(["web", "api"])
