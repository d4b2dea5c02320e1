"""A comparison of two sides as one value for JSON, and as GitHub Flavored Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from previewer.domain.json_value import JsonObject
from previewer.domain.parity.compare import Parity, shown_value
from previewer.domain.parity.difference import ParityDifference, ParitySide, Side
from previewer.domain.parity.probe import ProbeDifference
from previewer.domain.secrecy import Secrecy
from previewer.domain.units import counted, format_time
from previewer.present.safe_text import plain


def parity_value(parity: Parity, secrecy: Secrecy) -> JsonObject:
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
        "stale": [{"path": a.path, "reason": a.reason, "definition": a.origin} for a in parity.stale],
    }


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


def parity_markdown(
    parity: Parity, probed: Mapping[str, Sequence[ProbeDifference]], secrecy: Secrecy
) -> Iterator[str]:
    """The lines: the score, then lists of what differs, with every foreign text as code.

    ``probed`` has the differences of the answers by request.
    """
    yield f"## Parity of {code(parity.left.name)} and {code(parity.right.name)}: {parity.score} %"
    for title, differences in (("Undeclared", parity.undeclared), ("Declared", parity.declared)):
        if differences:
            yield from ("", f"### {title} ({len(differences)})", "")
            yield from (f"- {_item(difference, secrecy)}" for difference in differences)
    if parity.stale:
        yield from ("", "### Allowed for nothing", "")
        yield from (
            f"- {code(entry.path)} of {code(entry.origin)}: {code(entry.reason)}" for entry in parity.stale
        )
    if probed:
        failed = sum(map(len, probed.values()))
        yield from ("", f"### Probes ({len(probed)}, {counted(failed, 'difference')})", "")
    for request, found in probed.items():
        for difference in found:
            step = f"{code(difference.left)} → {code(difference.right)}"
            yield f"- {code(request)} {code(difference.what)}: {step}"


def allow_entry(difference: ParityDifference) -> str:
    """The entry of an allow-list, in YAML, that declares a difference."""
    return (
        "x-previewer:\n  parity:\n    allow:\n"
        f"      - path: {_quoted(difference.path)}\n        reason: {_quoted(difference.why)}\n"
    )


def _quoted(text: str) -> str:
    """A double-quoted scalar (YAML 1.2 §7.3.1) of one line."""
    escaped = plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


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


def _item(difference: ParityDifference, secrecy: Secrecy) -> str:
    left, right = (shown_value(difference, side, secrecy) for side in Side)
    values = " → ".join(code(text) if text else "nothing" for text in (left, right))
    reason = f" ({code(difference.reason)})" if difference.reason else ""
    return f"{difference.severity.value}: {code(difference.path)} {values}{reason}"
