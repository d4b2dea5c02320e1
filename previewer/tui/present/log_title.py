"""The title over the logs: whose they are on the left, the follow badge on the right."""

from __future__ import annotations

from previewer.tui.present.log_text import LogShape
from previewer.tui.present.pieces import Line, Piece, Tone, cut_line, line, width_of


def log_title(shape: LogShape, *, width: int, shown: int, held: int, is_following: bool, has_ended: bool) -> Line:
    """One line of at most ``width`` cells; the badge is never cut."""
    badge = _badge(held, is_following=is_following, has_ended=has_ended)
    left = cut_line(_subject(shape, shown, has_ended=has_ended), max(0, width - width_of(badge) - 2))
    gap = " " * max(2, width - width_of(left) - width_of(badge))
    return (*left, Piece(gap), *badge)


def _subject(shape: LogShape, shown: int, *, has_ended: bool) -> Line:
    whose = shape.service or "all services"
    found = line(Piece(f" · {shown} line{'' if shown == 1 else 's'} with “{shape.search}”", Tone.WARN))
    if not shape.search:
        nothing = "nothing was written" if has_ended else "nothing has been written yet"
        found = () if shown else line(Piece(f" · {nothing}", Tone.QUIET))
    modes = "".join((" · wrapped" if shape.is_wrapped else "", " · times in UTC" if shape.has_times else ""))
    return line(Piece("Logs ", Tone.STRONG), whose, *found, Piece(modes, Tone.QUIET))


def _badge(held: int, *, is_following: bool, has_ended: bool) -> Line:
    if has_ended:
        return line(Piece("■ ended: the services have stopped", Tone.QUIET))
    if is_following:
        return line(Piece("● following", Tone.GOOD))
    new = f", {held} new line{'' if held == 1 else 's'}" if held else ""
    return line(Piece(f"❚❚ paused{new}", Tone.WARN), Piece(" · G follows", Tone.QUIET))
