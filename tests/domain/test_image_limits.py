from __future__ import annotations

import pytest

from previewer.domain.compose.definition import Role
from previewer.domain.json_value import JsonObject
from previewer.domain.policy.check import check_inherited
from previewer.domain.policy.trust import DEFAULT_LIMITS, Trust
from tests.definition.trees import load_text

TRUST = Trust(limits=DEFAULT_LIMITS[Role.PREVIEW])
FAST: JsonObject = {"Healthcheck": {"Test": ["CMD", "x"], "Interval": 100_000_000}}
SLOW: JsonObject = {"Healthcheck": {"Test": ["CMD", "x"], "Interval": 2_000_000_000, "StartInterval": 0}}
MANY: JsonObject = {"ExposedPorts": {f"{port}/tcp": {} for port in range(300)}}
STORING: JsonObject = {"Volumes": {f"/v{number}": {} for number in range(60)}}


@pytest.mark.parametrize(
    ("lines", "config", "rules"),
    [
        ("image: i", {}, []),
        ("image: i", FAST, ["health-interval"]),
        ("image: i", SLOW, []),
        ("image: i, healthcheck: {interval: 2s}", FAST, []),
        ("image: i, healthcheck: {disable: true}", FAST, []),
        ("image: i, healthcheck: {timeout: 2s}", FAST, ["health-interval"]),
        ("image: i", {"Healthcheck": {"StartInterval": 1_000_000}}, ["health-interval"]),
        ("build: .", MANY, ["port-limit"]),
        ("image: i", STORING, []),
        ("image: i, scale: 2", STORING, ["volume-limit"]),
    ],
)
def test_what_an_image_brings_counts_as_what_the_definition_says(
    lines: str, config: JsonObject, rules: list[str]
) -> None:
    definition = load_text(f"services:\n  web: {{{lines}}}\n")
    findings = check_inherited(definition, definition.services["web"], config, TRUST)
    assert [finding.rule for finding in findings] == rules
    assert all(finding.location.line == 2 and "[limits.preview]" in finding.hint for finding in findings)
