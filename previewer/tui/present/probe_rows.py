"""What two environments answered to the same requests: rows of the parity table, and all about one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from previewer.domain.parity.compare import Parity
from previewer.domain.wording import counted
from previewer.frozen import dataclass
from previewer.operations.probe import Probed
from previewer.tui.present.facts import fact_lines
from previewer.tui.present.pieces import Line, Piece, Tone, line


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One way in which two answers differ, or a request that nobody answered."""

    key: str
    """Unique among the rows of one probe."""
    probed: Probed
    what: str
    """``status``, ``header content-type``, ``body items.0.price``, ``time``; empty for what nobody answered."""
    left: str
    right: str

    @property
    def cells(self) -> Mapping[str, Line]:
        """As differences have them: no allow-list covers what services answer."""
        sign = Piece("≠ answer", Tone.BAD) if self.what else Piece("? silent", Tone.WARN)
        return {
            "severity": line(sign),
            "path": line(f"{self.probed.request} {self.what}".rstrip()),
            "left": line(self.left or "–"),
            "right": line(self.right or "–"),
            "reason": (),
        }


def probe_rows(probed: Sequence[Probed]) -> tuple[ProbeRow, ...]:
    """The rows, in the order of the requests; none for one that was answered alike."""
    return tuple(
        ProbeRow(f"probe\0{number}\0{index}", one, *found)
        for number, one in enumerate(probed)
        for index, found in enumerate(_found(one))
    )


def probe_detail(row: ProbeRow, parity: Parity, *, width: int) -> tuple[Line, ...]:
    """Where each side was asked, and what it said in full."""
    asked = row.probed
    sides = ((parity.left.name, asked.left, row.left), (parity.right.name, asked.right, row.right))
    left, right = (f"{name}: {said or 'nothing'}   ({answer.url})" for name, answer, said in sides)
    return (
        *fact_lines("request", str(asked.request), width=width),
        *fact_lines("differs in", row.what, width=width),
        *fact_lines("left", left, width=width),
        *fact_lines("right", right, width=width),
        *fact_lines("remedy", "" if row.what else "neither side answers: look at its logs", width=width),
    )


def probe_line(probed: Sequence[Probed]) -> Line:
    """What came of it, on one line."""
    differing = sum(1 for one in probed if one.differences)
    silent = sum(1 for one in probed if _is_silent(one))
    sent = f"{counted(len(probed), 'request')} sent to both: "
    if not differing and not silent:
        return line(Piece("probe   ", Tone.QUIET), sent, Piece("✔ answered alike", Tone.GOOD))
    said = [f"≠ {differing} answered differently"] if differing else []
    said += [f"? {silent} answered by neither"] if silent else []
    return line(Piece("probe   ", Tone.QUIET), sent, Piece(", ".join(said), Tone.BAD if differing else Tone.WARN))


def _found(one: Probed) -> Iterator[tuple[str, str, str]]:
    if _is_silent(one):
        yield "", one.left.error, one.right.error
    for difference in one.differences:
        yield difference.what, difference.left, difference.right


def _is_silent(one: Probed) -> bool:
    return bool(one.left.error and one.right.error)
