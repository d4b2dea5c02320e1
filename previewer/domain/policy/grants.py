"""Read one line of an ``allow`` list."""

from __future__ import annotations

import difflib

from previewer.domain.definition import Location, Role
from previewer.domain.policy.rule import Allowance, Rule
from previewer.domain.policy.table import RULE_BY_ID
from previewer.domain.policy.trust import Grant
from previewer.errors import UsageError


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
    """What somebody who is trusted could write to allow a request; empty where nobody can."""
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
