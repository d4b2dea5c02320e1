"""Our own two themes. Textual's are offered beside them, its ANSI ones included."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="previewer-dark",
    primary="#7aa2f7",
    secondary="#7dcfff",
    accent="#7aa2f7",
    success="#9ece6a",
    warning="#e0af68",
    error="#f7768e",
    foreground="#d5daec",
    background="#14161f",
    surface="#14161f",
    panel="#1f2331",
    boost="#262b3d",
    dark=True,
    variables={"block-cursor-text-style": "none", "input-selection-background": "#7aa2f7 35%"},
)
LIGHT = Theme(
    name="previewer-light",
    primary="#2451b2",
    secondary="#0b6a8f",
    accent="#2451b2",
    success="#2d6a12",
    warning="#8a5300",
    error="#b3193f",
    foreground="#1d2233",
    background="#fbfbfd",
    surface="#fbfbfd",
    panel="#eceef5",
    boost="#e1e5f0",
    dark=False,
    variables={"block-cursor-text-style": "none", "input-selection-background": "#2451b2 25%"},
)
OWN = (DARK, LIGHT)
