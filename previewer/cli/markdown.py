"""What others wrote, in GitHub Flavored Markdown (https://github.github.com/gfm/).

It is code, so that it can neither link, mention nor format.
"""

from __future__ import annotations

import re

from previewer.present.safe_text import plain


def code(text: str) -> str:
    """``text`` as a code span, whatever backticks it holds (GFM §6.3)."""
    shown = plain(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    blank = " " if "`" in shown or not shown.strip() else ""
    return f"{fence}{blank}{shown}{blank}{fence}"


def code_cell(text: str) -> str:
    """``text`` as code in a cell of a table, where a pipe ends the cell even within code (GFM §4.10)."""
    return code(text).replace("|", "\\|") if text else ""
