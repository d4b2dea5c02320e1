from __future__ import annotations

import pytest

from previewer.domain.units import platform_object, runs_as


def test_a_platform_is_an_object_of_what_it_says() -> None:
    assert platform_object("linux/arm64") == {"os": "linux", "architecture": "arm64"}
    assert platform_object("linux/arm64/v8") == {"os": "linux", "architecture": "arm64", "variant": "v8"}


@pytest.mark.parametrize(
    ("has", "wants", "expected"),
    [
        ("linux/amd64", "linux/amd64", True),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/amd64", "linux/arm64", False),
        ("windows/amd64", "linux/amd64", False),
    ],
)
def test_a_variant_counts_only_where_both_name_one(has: str, wants: str, expected: bool) -> None:
    assert runs_as(has, wants) is expected
