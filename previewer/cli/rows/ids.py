"""Object ids and digests as cells: JSON has all of them, a table their beginning."""

from __future__ import annotations

from previewer.cli.style import Style
from previewer.cli.table import ABSENT, Cell
from previewer.domain.json_value import JsonValue
from previewer.domain.revision import short_id
from previewer.present.safe_text import plain


def show_id(value: JsonValue) -> Cell:
    """The first digits of a commit's id, a release's or an image's."""
    return Cell(plain(short_id(value)), Style.FAINT) if isinstance(value, str) and value else Cell(ABSENT)
