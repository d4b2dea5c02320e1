"""The rule about reaching other machines, for roles whose environments may not."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.definition import Definition
from previewer.domain.policy.rule import Effect, Request, Rule
from previewer.domain.policy.trust import Trust

EGRESS = "egress"


def egress_subjects(definition: Definition) -> tuple[str, ...]:
    """The name of the request in grants."""
    return (definition.name,)


def _egress(definition: Definition, trust: Trust) -> Iterator[Request]:
    if not trust.limits.egress and definition.extension.get("egress") is not False:
        yield Request(("services",), "may reach other machines", egress_subjects(definition))


EGRESS_RULES = (
    Rule(
        id=EGRESS,
        forbids="reaching other machines, where `limits.ROLE.egress` is `false`",
        why="code that nobody has looked at could carry away what it sees",
        instead="set x-previewer.egress to false, and have everything it needs in images",
        subject="the definition's name",
        find=_egress,
        effect=Effect.REWRITTEN,
    ),
)
