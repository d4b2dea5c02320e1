"""The rows of a comparison: answers, differences and equal facts, by service, in groups that fold."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from previewer.domain.commit.revision import short_id
from previewer.domain.parity.compare import Parity, show, shown_value
from previewer.domain.parity.difference import Allowance, ParityDifference, SameFact, Side
from previewer.domain.parity.groups import FactGroup, fact_name, group_facts, ratio_of
from previewer.domain.secrecy import Secrecy
from previewer.operations.probe import Probed, is_silent
from previewer.present.tables import CELL_PADDING, Column
from previewer.present.values import Span, Tone, signed
from previewer.tui.present.text import Line, line

NOTED_FROM = 90
"""Cells from which on there is a column for reasons."""
FEW = 3
"""Packages that need no head of their own to fold them."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|[0-9a-f]{40}")
_FACT, _LEAST_FACT, _LEAST_SIDE = 34, 18, 16
_EDGE_LEFT, _EDGE_RIGHT = Span("▏ ", Tone.QUIET), Span("▕ ", Tone.QUIET)


def fit_parity_columns(width: int, left: str, right: str, longest: Mapping[str, int]) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells: what differs in the middle, each side's value beside it.

    The sides are called as the user calls them, and are equally wide: they stand below their cards. ``longest``
    says how wide the content is.
    """
    padding = 2 * CELL_PADDING
    fact = min(max(longest.get("fact", 0), _LEAST_FACT), max(_LEAST_FACT, min(_FACT, width // 3)))
    side = max(_LEAST_SIDE, (width - fact - 3 * padding) // 2)
    if width < NOTED_FROM or not longest.get("note"):
        return Column("left", left, side), Column("fact", "Fact", fact), Column("right", right, side)
    value = min(max(longest.get("right", 0), len(right) + 2, _LEAST_SIDE), side - _LEAST_SIDE)
    note = Column("note", "", side - value - padding)
    return Column("left", left, side), Column("fact", "Fact", fact), Column("right", right, value), note


class ParityRow(Struct, frozen=True):
    """A row of the table."""

    key: str
    """Unique, and the same from one comparison to the next."""
    cells: Mapping[str, Line]
    about: ParityDifference | SameFact | Allowance | ProbeRow | None = None
    """``None`` for a title and for the head of a group."""
    is_folded: bool | None = None
    """Of the head of a group, whether its rows are hidden; ``None`` of every other row."""
    is_stop: bool = False
    """Whether the way from one difference to the next leads here: to a head where it hides some."""


def parity_rows(
    parity: Parity,
    secrecy: Secrecy,
    *,
    toggled: Collection[str] = (),
    asked: Sequence[ProbeRow] = (),
    shows_same: bool = False,
    same_key: str = "=",
) -> tuple[ParityRow, ...]:
    """All rows: answers that differ, undeclared differences, declared ones, equal facts if ``shows_same``.

    A service that differs just as one before it is folded; ``toggled`` has the keys of heads that the user turned
    over. ``same_key`` shows and hides the equal facts.
    """
    rows = [_title(f"ANSWERS {len(asked)}")] if asked else []
    rows += [ParityRow(row.key, row.cells, row, is_stop=True) for row in asked]
    if parity.undeclared:
        rows.append(_title(f"UNDECLARED {len(parity.undeclared)}", tone=Tone.BAD))
        rows += _Section(secrecy, toggled, "undeclared").rows(group_facts(parity.undeclared))
    if parity.declared:
        reasons = {difference.reason for difference in parity.declared}
        reason = f"“{next(iter(reasons))}”" if len(reasons) == 1 else ""
        rows.append(_title(f"DECLARED {len(parity.declared)}", Span(reason, Tone.QUIET)))
        declared = _Section(secrecy, toggled, "declared", has_reasons=not reason)
        rows += declared.rows(group_facts(parity.declared))
    rows += [ParityRow(stale_key(allowance), stale_row(allowance), allowance) for allowance in parity.stale]
    if parity.same:
        hint = (Span(same_key, Tone.ACCENT), Span(f" {'hides' if shows_same else 'shows'} them", Tone.QUIET))
        rows.append(_title(f"THE SAME {len(parity.same)}", *hint))
    if shows_same:
        rows += _Section(secrecy, toggled, "same").rows(group_facts(parity.same))
    return tuple(rows)


def _title(title: str, *rest: Span, tone: Tone = Tone.STRONG) -> ParityRow:
    return ParityRow(
        f"title\0{title.partition(' ')[0]}", {"left": line(Span(title, tone)), "fact": line("  ", *rest)}
    )


class _Section(Struct, frozen=True):
    """Undeclared or declared differences, or what is the same: a head a service, and its facts below."""

    secrecy: Secrecy
    toggled: Collection[str]
    name: str
    has_reasons: bool = True

    def rows(self, groups: Sequence[FactGroup[ParityDifference] | FactGroup[SameFact]]) -> Iterator[ParityRow]:
        # What needs no head comes first: below the rows of a group it would look like one of them.
        for group in sorted(groups, key=lambda group: group.count > 1):
            if group.count == 1:
                yield from self._facts((*group.facts, *group.packages), with_service=True)
                continue
            words = f"{group.count} {self.name if self.name != 'same' else 'the same'}"
            words = f"{group.count}, the same as {group.like}" if group.like else words
            is_folded = bool(group.like) or self.name == "same"
            head = self._head(group.service or "shared", group.service, words, is_folded=is_folded)
            yield head
            if not head.is_folded:
                yield from self._facts(group.facts)
                yield from self._packages(group)

    def _packages(self, group: FactGroup[ParityDifference] | FactGroup[SameFact]) -> Iterator[ParityRow]:
        is_folded = len(group.packages) > FEW
        if is_folded:
            key, words = f"{group.service}\0packages", f"{len(group.packages)} of the image"
            head = self._head("  packages", key, words, is_folded=True)
            yield head
            is_folded = bool(head.is_folded)
        if not is_folded:
            yield from self._facts(group.packages)

    def _head(self, name: str, group: str, words: str, *, is_folded: bool) -> ParityRow:
        key = f"group\0{self.name}\0{group}"
        is_folded = is_folded is not (key in self.toggled)
        indent = name[: len(name) - len(name.lstrip())]
        mark = Span(f"{indent}{'▸' if is_folded else '▾'} ", Tone.ACCENT)
        cells = {
            "left": line(mark, Span(name.strip(), Tone.STRONG)),
            "fact": line("  ", Span(words, Tone.QUIET)),
        }
        return ParityRow(key, cells, is_folded=is_folded, is_stop=is_folded and self.name != "same")

    def _facts(
        self, facts: Sequence[ParityDifference | SameFact], *, with_service: bool = False
    ) -> Iterator[ParityRow]:
        for fact in facts:
            name = fact_name(fact.path, fact.service)
            name = f"{fact.service} {name}" if with_service and fact.service else name
            if isinstance(fact, SameFact):
                yield _same_row(fact, name, self.secrecy)
            else:
                yield _difference_row(fact, name, self.secrecy, with_reason=self.has_reasons)


def _difference_row(difference: ParityDifference, name: str, secrecy: Secrecy, *, with_reason: bool) -> ParityRow:
    tone = Tone.QUIET if difference.is_declared else Tone.PLAIN
    sign = signed(difference.severity.value)
    left, right = (_short(shown_value(difference, side, secrecy)) or "–" for side in Side)
    ratio = _ratio(difference)
    reason = difference.reason if with_reason else ""
    return ParityRow(
        difference.path,
        {
            "left": line("    ", Span(left, tone)),
            "fact": (
                _EDGE_LEFT,
                Span(f"{sign.text[0]} ", Tone.QUIET if difference.is_declared else sign.tone),
                *line(Span(name, tone)),
            ),
            "right": (_EDGE_RIGHT, *line(Span(right, tone), Span(f"  {ratio}" if ratio else "", Tone.ACCENT))),
            "note": line(Span(reason, Tone.QUIET)),
        },
        difference,
        is_stop=True,
    )


def _same_row(fact: SameFact, name: str, secrecy: Secrecy) -> ParityRow:
    value = line(Span(_short(show(fact.path, fact.value, secrecy)), Tone.QUIET))
    middle = (_EDGE_LEFT, Span("= ", Tone.QUIET), *line(Span(name, Tone.QUIET)))
    cells = {"left": line("    ", *value), "fact": middle, "right": (_EDGE_RIGHT, *value)}
    return ParityRow(f"same\0{fact.path}", cells, fact)


def _ratio(difference: ParityDifference) -> str:
    """``×2`` for amounts of which the right one is twice the left one."""
    ratio = ratio_of(difference)
    if ratio is None:
        return ""
    return f"×{ratio:.2g}" if ratio >= 1 else f"÷{1 / ratio:.2g}"


def _short(value: str) -> str:
    """The first digits of a digest."""
    return short_id(value) if _DIGEST.fullmatch(value) else value


def stale_key(allowance: Allowance) -> str:
    """The key of an entry that covers nothing."""
    return f"stale\0{allowance.origin}\0{allowance.path}\0{allowance.against}"


def stale_row(allowance: Allowance) -> Mapping[str, Line]:
    """The row of an entry of an allow-list that covers no difference."""
    return {
        "left": line(Span("? stale", Tone.WARN)),
        "fact": line(Span(allowance.path, Tone.WARN)),
        "right": line(Span(f"{allowance.origin} allows what does not differ", Tone.WARN)),
    }


class ProbeRow(Struct, frozen=True):
    """One way in which two answers differ, or a request without an answer."""

    key: str
    """Unique among the rows of one probe."""
    probed: Probed
    what: str
    """``status``, ``header content-type``, ``body items.0.price``, ``time``; empty without an answer."""
    left: str
    right: str

    @property
    def cells(self) -> Mapping[str, Line]:
        """As differences have them: no allow-list covers what services answer."""
        sign = Span("≠ answer", Tone.BAD) if self.what else Span("? silent", Tone.WARN)
        return {
            "left": line("  ", self.left or "–"),
            "fact": (_EDGE_LEFT, *line(sign, f" {self.probed.request} {self.what}".rstrip())),
            "right": (_EDGE_RIGHT, *line(self.right or "–")),
        }


def probe_rows(probed: Sequence[Probed]) -> tuple[ProbeRow, ...]:
    """The rows, in the order of the requests; none for one that was answered alike."""
    return tuple(
        ProbeRow(f"probe\0{number}\0{index}", one, *found)
        for number, one in enumerate(probed)
        for index, found in enumerate(_found(one))
    )


def _found(one: Probed) -> Iterator[tuple[str, str, str]]:
    if is_silent(one):
        yield "", one.left.error, one.right.error
    for difference in one.differences:
        yield difference.what, difference.left, difference.right
