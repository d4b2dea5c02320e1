"""Every rule, in the order in which they are documented, and the lines of ``allow`` that grant them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from previewer.domain.compose.definition import Location, Role
from previewer.domain.policy.data_rules import DATA_RULES
from previewer.domain.policy.image_rules import BUILD_RULES, IMAGE_RULES
from previewer.domain.policy.mount_rules import MOUNT_RULES
from previewer.domain.policy.privilege_rules import PRIVILEGE_RULES
from previewer.domain.policy.quantity_rules import QUANTITY_RULES
from previewer.domain.policy.rewrite_rules import EGRESS_RULES, REWRITE_RULES
from previewer.domain.policy.rule import Allowance, Rule
from previewer.domain.policy.sharing_rules import NAME_RULES, SHARING_RULES
from previewer.domain.policy.size_rules import SIZE_RULES
from previewer.domain.policy.trust import Grant
from previewer.errors import UsageError

GROUPS: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "Privileges": PRIVILEGE_RULES,
        "Sharing": SHARING_RULES,
        "Files of the host": MOUNT_RULES,
        "Images": IMAGE_RULES,
        "Builds": BUILD_RULES,
        "Data": DATA_RULES,
        "Quantities and names": (*NAME_RULES, *QUANTITY_RULES, *SIZE_RULES),
        "Rewritten, not refused": (*REWRITE_RULES, *EGRESS_RULES),
    }
)
RULES = tuple(rule for rules in GROUPS.values() for rule in rules)
RULE_BY_ID: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in RULES})


def read_grant(text: str, *, source: Location, role: Role | None = None, branches: tuple[str, ...] = ()) -> Grant:
    """The grant that ``text`` means, ``privileged`` or ``bind:/etc/localtime:ro``.

    Raises :class:`UsageError` for an unknown rule, and for one that cannot be allowed like that.
    """
    name, colon, pattern = text.partition(":")
    rule = RULE_BY_ID.get(name)
    if rule is None:
        near = difflib.get_close_matches(name, RULE_BY_ID, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "docs/policy.md lists the rules"
        raise UsageError(f"there is no rule {name!r}", where=str(source), hint=hint)
    problem, hint = _problem(rule, pattern if colon else None)
    if problem:
        raise UsageError(problem, where=str(source), hint=hint)
    return Grant(name, pattern if colon else None, source=source, role=role, branches=branches)


def how_to_allow(rule: Rule, subjects: tuple[str, ...], role: Role) -> str:
    """What a trusted user could write to allow a request; empty where that is impossible."""
    if rule.allowance is Allowance.NEVER:
        return ""
    if rule.allowance is Allowance.LIMIT:
        return f"raise {rule.limit} under [limits.{role.value}]"
    return f'allow = ["{rule.id}:{subjects[0]}"] under [policy.{role.value}]'


def _problem(rule: Rule, pattern: str | None) -> tuple[str, str]:
    """What is wrong with allowing ``pattern`` of ``rule``, and a hint; empty where nothing is."""
    if rule.allowance is Allowance.NEVER:
        return f"{rule.id!r} can not be allowed", f"in the definition: {rule.instead}"
    if rule.allowance is Allowance.LIMIT:
        return f"{rule.id!r} is allowed by raising a limit", f"set {rule.limit} under [limits.ROLE]"
    if pattern == "":
        return f"{rule.id!r} is followed by nothing", f"write {rule.id} alone, or after the colon {rule.subject}"
    if rule.allowance is Allowance.EXACT and (pattern is None or "*" in pattern or "?" in pattern):
        return f"{rule.id!r} is allowed only for {rule.subject}", f"write {rule.id}:/the/very/path"
    return "", ""
