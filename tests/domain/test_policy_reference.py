"""docs/policy.md lists every rule and limit. ``python -m tests.domain.test_policy_reference`` rewrites it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import fields

from previewer.domain.compose.definition import Role
from previewer.domain.policy.rule import Allowance, Rule
from previewer.domain.policy.table import GROUPS, RULES
from previewer.domain.policy.trust import DEFAULT_LIMITS, Limits
from previewer.domain.units import format_ttl
from tests.markdown_section import DOCS, table, with_sections

DOCUMENT = DOCS / "policy.md"


def test_the_document_lists_every_rule_and_limit() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == expected()
    assert all(f"`{rule.id}`" in expected() for rule in RULES)


def expected() -> str:
    return with_sections(DOCUMENT, {"rules": "".join(_rules()), "limits": _limits()})


def _rules() -> Iterator[str]:
    for group, rules in GROUPS.items():
        rows = [(f"`{rule.id}`", rule.forbids, rule.why, rule.instead, _allowed(rule)) for rule in rules]
        yield f"\n### {group}\n\n"
        yield table(("rule", "forbids", "why", "instead", "subject of a grant"), rows)
    yield "\n"


def _allowed(rule: Rule) -> str:
    return {
        Allowance.PATTERN: rule.subject,
        Allowance.EXACT: f"{rule.subject}; no pattern, and not the rule alone",
        Allowance.LIMIT: f"none: raise `{rule.limit}`",
        Allowance.NEVER: "none: cannot be allowed",
    }[rule.allowance]


def _limits() -> str:
    rows = [
        (f"`{field.name}`", *(_limit(DEFAULT_LIMITS[role], field.name) for role in Role))
        for field in fields(Limits)
    ]
    return "\n" + table(("limit", *(role.value for role in Role)), rows) + "\n"


def _limit(limits: Limits, name: str) -> str:
    value = getattr(limits, name)
    if name.endswith("_ttl"):
        return format_ttl(value)
    return "none" if value is None else str(value).lower()


if __name__ == "__main__":
    DOCUMENT.write_text(expected(), encoding="utf-8")
