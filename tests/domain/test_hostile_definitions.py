"""What hostile branches would write is refused by the rule that is about it, and harmless definitions are not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.policy.check import explain
from previewer.domain.policy.rule import Effect
from previewer.domain.policy.trust import DEFAULT_LIMITS, Trust
from tests.definition.trees import load_text
from tests.domain.harmless_definitions import HARMLESS
from tests.domain.hostile_definitions import HOSTILE

TRUST = Trust(limits=DEFAULT_LIMITS[Role.PREVIEW])


def _read(text: str) -> Definition:
    definition = load_text(text)
    return replace(definition, role=Role(str(definition.raw_extension.get("role", "preview"))))


@pytest.mark.parametrize(("rule", "text"), HOSTILE, ids=[f"{rule}-{n}" for n, (rule, _text) in enumerate(HOSTILE)])
def test_a_hostile_definition_is_refused_by_its_rule(rule: str, text: str) -> None:
    findings = [
        finding
        for outcome in explain(_read(text), TRUST).outcomes
        for finding in outcome.findings
        if finding.rule == rule
    ]
    assert findings
    assert all(finding.allowed_by is None and finding.location.line and finding.hint for finding in findings)


@pytest.mark.parametrize("text", HARMLESS, ids=range(len(HARMLESS)))
def test_a_harmless_definition_is_not_refused(text: str) -> None:
    outcomes = explain(_read(text), TRUST).outcomes
    assert [f.line for o in outcomes if o.rule.effect is Effect.REFUSED for f in o.findings] == []


def test_the_tables_are_as_large_as_they_should_be() -> None:
    assert len(HOSTILE) == len(set(HOSTILE)) >= 250
    assert len(HARMLESS) == len(set(HARMLESS)) >= 60
