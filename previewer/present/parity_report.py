"""A comparison of two sides as one value for JSON, and as GitHub Flavored Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from previewer.domain.json_value import JsonObject
from previewer.domain.parity.compare import Parity, show, shown_value
from previewer.domain.parity.difference import ParityDifference, ParitySide, SameFact, Side
from previewer.domain.parity.groups import FactGroup, group_facts
from previewer.domain.parity.probe import ProbeDifference
from previewer.domain.secrecy import Secrecy
from previewer.domain.units import counted, format_time
from previewer.present.safe_text import plain

Answers = Sequence[tuple[str, Sequence[ProbeDifference]]]
"""Requests, each with how its two answers differ; one that was answered alike has no difference."""


def parity_value(parity: Parity, answers: Answers, secrecy: Secrecy) -> JsonObject:
    """The whole comparison."""
    return {
        "left": _side(parity.left),
        "right": _side(parity.right),
        "score": parity.score,
        "facts": parity.facts,
        "age_seconds": int(parity.age.total_seconds()),
        "undeclared": len(parity.undeclared),
        "declared": len(parity.declared),
        "differences": [difference_row(difference, secrecy) for difference in parity.differences],
        "same": [same_row(fact, secrecy) for fact in parity.same],
        "stale": [{"path": a.path, "reason": a.reason, "definition": a.origin} for a in parity.stale],
        "probes": answer_rows(answers, every=True),
    }


def same_row(fact: SameFact, secrecy: Secrecy) -> JsonObject:
    """A fact that both sides have alike, with its value as it may be seen."""
    return {"path": fact.path, "service": fact.service, "value": show(fact.path, fact.value, secrecy)}


def answer_rows(answers: Answers, *, every: bool) -> list[JsonObject]:
    """A row a difference; with ``every``, one too for each request that was answered alike."""
    rows: list[JsonObject] = []
    for request, found in answers:
        rows += [{"request": request, "what": d.what, "left": d.left, "right": d.right} for d in found]
        if every and not found:
            rows.append({"request": request, "what": None, "left": None, "right": None})
    return rows


def parity_document(name: str, parity: Parity, answers: Answers, secrecy: Secrecy) -> str:
    """The comparison as a file of this name: JSON for ``*.json``, else Markdown."""
    if name.endswith(".json"):
        return json.dumps(parity_value(parity, answers, secrecy), indent=2, ensure_ascii=False) + "\n"
    return "\n".join(parity_markdown(parity, answers, secrecy)) + "\n"


def difference_row(difference: ParityDifference, secrecy: Secrecy) -> JsonObject:
    """A difference, with values as they may be seen."""
    return {
        "severity": difference.severity.value,
        "path": difference.path,
        "service": difference.service,
        "left": shown_value(difference, Side.LEFT, secrecy) or None,
        "right": shown_value(difference, Side.RIGHT, secrecy) or None,
        "declared": difference.is_declared,
        "reason": difference.reason or None,
        "why": difference.why,
    }


def parity_markdown(parity: Parity, answers: Answers, secrecy: Secrecy) -> Iterator[str]:
    """The lines: the score, then lists of what differs by service, with every foreign text as code."""
    yield f"## Parity of {code(parity.left.name)} and {code(parity.right.name)}: {parity.score} %"
    for title, differences in (("Undeclared", parity.undeclared), ("Declared", parity.declared)):
        if differences:
            yield from ("", f"### {title} ({len(differences)})", "")
            yield from (f"- {item}" for group in group_facts(differences) for item in _items(group, secrecy))
    if parity.stale:
        yield from ("", "### Allowed for nothing", "")
        yield from (
            f"- {code(entry.path)} of {code(entry.origin)}: {code(entry.reason)}" for entry in parity.stale
        )
    if answers:
        failed = sum(len(found) for _request, found in answers)
        yield from ("", f"### Probes ({len(answers)}, {counted(failed, 'difference')})", "")
    for request, found in answers:
        for difference in found:
            step = f"{code(difference.left)} → {code(difference.right)}"
            yield f"- {code(request)} {code(difference.what)}: {step}"


def code(text: str) -> str:
    """``text`` as a code span, whatever backticks it holds (GFM §6.3)."""
    shown = plain(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    blank = " " if "`" in shown or not shown.strip() else ""
    return f"{fence}{blank}{shown}{blank}{fence}"


def _side(side: ParitySide) -> JsonObject:
    return {
        "name": side.name,
        "role": side.role.value,
        "definition": side.definition.name,
        "commit": side.commit,
        "committed_at": format_time(side.committed_at),
        "release": side.release or None,
        "data": list(side.data),
        "runs": side.services is not None,
    }


def _items(group: FactGroup[ParityDifference], secrecy: Secrecy) -> Iterator[str]:
    if group.like and group.count > 1:
        yield f"{code(group.service)}: {counted(group.count, 'difference')}, the same as of {code(group.like)}"
    else:
        yield from (_item(difference, secrecy) for difference in (*group.facts, *group.packages))


def _item(difference: ParityDifference, secrecy: Secrecy) -> str:
    left, right = (shown_value(difference, side, secrecy) for side in Side)
    values = " → ".join(code(text) if text else "nothing" for text in (left, right))
    reason = f" ({code(difference.reason)})" if difference.reason else ""
    return f"{difference.severity.value}: {code(difference.path)} {values}{reason}"
