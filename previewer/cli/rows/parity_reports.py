"""Parity for CI: Markdown for people, JUnit for test reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from previewer.cli.junit import JunitCase, junit_report
from previewer.cli.markdown import code
from previewer.domain.drift.secrecy import Secrecy
from previewer.domain.parity.compare import Parity
from previewer.domain.parity.difference import ParityDifference, Side
from previewer.domain.parity.shown import shown_value
from previewer.domain.wording import counted
from previewer.operations.probe import Probed

ELSEWHERE = "networks, volumes and files"
"""The test case of what concerns no single service."""


def parity_markdown(parity: Parity, probed: Sequence[Probed], secrecy: Secrecy) -> Iterator[str]:
    """The lines: the score, then lists of what differs, with every foreign text as code."""
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
    failed = [(one, difference) for one in probed for difference in one.differences]
    if probed:
        yield from ("", f"### Probes ({len(probed)}, {counted(len(failed), 'difference')})", "")
    for one, difference in failed:
        step = f"{code(difference.left)} → {code(difference.right)}"
        yield f"- {code(str(one.request))} {code(difference.what)}: {step}"


def parity_junit(parity: Parity, probed: Sequence[Probed], secrecy: Secrecy) -> str:
    """A test case a service, one for what is shared, and one a probe; those fail that differ undeclared."""
    services = sorted({*parity.left.definition.services, *parity.right.definition.services})
    groups = [(name, [d for d in parity.undeclared if d.service == name]) for name in services]
    groups.append((ELSEWHERE, [d for d in parity.undeclared if not d.service]))
    cases = [JunitCase("parity", name, [_line(d, secrecy) for d in found]) for name, found in groups]
    for one in probed:
        said = [f"{d.what}: {d.left or '-'} → {d.right or '-'}" for d in one.differences]
        cases.append(JunitCase("probe", str(one.request), said))
    return junit_report("previewer parity", cases, noun="difference")


def _item(difference: ParityDifference, secrecy: Secrecy) -> str:
    left, right = (shown_value(difference, side, secrecy) for side in Side)
    values = " → ".join(code(text) if text else "nothing" for text in (left, right))
    reason = f" ({code(difference.reason)})" if difference.reason else ""
    return f"{difference.severity.value}: {code(difference.path)} {values}{reason}"


def _line(difference: ParityDifference, secrecy: Secrecy) -> str:
    left, right = (shown_value(difference, side, secrecy) or "-" for side in Side)
    return f"{difference.severity.value} {difference.path}: {left} → {right}; {difference.why}"
