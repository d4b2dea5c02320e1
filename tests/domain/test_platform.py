from __future__ import annotations

import pytest

from previewer.domain.units import platform_object, read_platform, runs_as


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64/v8", "windows/amd64"])
def test_a_platform_is_read_as_it_was_written(platform: str) -> None:
    assert read_platform(dict(platform_object(platform))) == platform


def test_what_is_absent_or_empty_is_left_out() -> None:
    assert read_platform({"os": "linux", "architecture": "arm64", "variant": ""}) == "linux/arm64"
    assert read_platform({}) == ""
    assert platform_object("linux/arm64") == {"os": "linux", "architecture": "arm64"}


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
