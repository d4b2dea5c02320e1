"""What an engine frees: layers that stay with another image count nothing, and shared ones once."""

from __future__ import annotations

import pytest

from previewer.domain.release.image_comparison import freed_bytes, stack_layers

BASE = ["a", "b"]
IMAGES = {
    "base": stack_layers(BASE, [100, 20]),
    "one": stack_layers([*BASE, "c"], [100, 20, 3]),
    "two": stack_layers([*BASE, "c", "d"], [100, 20, 0, 3, 4]),
    "other order": stack_layers(["b", "a"], [20, 100]),
}


@pytest.mark.parametrize(
    ("removed", "freed"),
    [
        ((), 0),
        (("one",), 0),
        (("two",), 4),
        (("one", "two"), 7),
        (("base", "one", "two"), 127),
        (("other order",), 120),
        (("base", "one", "two", "other order", "gone"), 247),
    ],
)
def test_shared_layers_count_once_and_only_when_nothing_needs_them(removed: tuple[str, ...], freed: int) -> None:
    assert freed_bytes(removed, IMAGES) == freed


@pytest.mark.parametrize(
    ("entries", "sizes"),
    [
        ([5, 6], [5, 6]),
        ([0, 5, 0, 6, 0], [5, 6]),
        ([5, 0], [5, 0]),
        ([0, 5, 0], [0, 5]),
        ([5], [5, 0]),
        ([], [0, 0]),
    ],
)
def test_a_history_says_what_layers_take(entries: list[int], sizes: list[int]) -> None:
    assert list(stack_layers(["x", "y"], entries).values()) == sizes
