"""Our own themes. Textual's are offered beside them, its ANSI ones included."""

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
DARK_256 = Theme(
    name="previewer-dark-256",
    primary="#87afff",
    secondary="#87d7ff",
    accent="#87afff",
    success="#87d75f",
    warning="#d7af5f",
    error="#ff5f87",
    foreground="#d0d0d0",
    background="#121212",
    surface="#121212",
    panel="#262626",
    boost="#303030",
    dark=True,
    variables={
        **DARK.variables,
        "selection": "#303030",
        "raised": "#262626",
        "rule": "#444444",
        "quiet": "#9e9e9e",
    },
)
"""Every colour is one of the 256 that terminals without true colour have: bars stay grey."""
OWN = (DARK, LIGHT, DARK_256)


def theme_for(color_system: str | None) -> str:
    """The theme for what a terminal can show, where the user has chosen none: ``256``, …"""
    return {"256": DARK_256.name, "standard": "ansi-dark"}.get(color_system or "", DARK.name)
