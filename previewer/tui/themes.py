"""Our own two themes, and the colours that styles have in any theme."""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import Color
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


QUIET_SHARE = 0.72
"""How much of the foreground is in quiet text: legible, and clearly behind the rest."""
SELECTION_SHARE = 0.16
"""How much of the accent is in the selected row's background."""

RAISED_SHARE = 0.09
"""How much of the foreground is in the background of what can be typed into or pressed."""
RULE_SHARE = 0.18
"""How much of the foreground is in lines and scroll bars."""


def style_variables(theme: Mapping[str, str], *, is_ansi: bool) -> dict[str, str]:
    """The style sheet variables ``quiet``, ``good``, … of a theme's generated variables."""
    shared = {
        "emphasis": theme["accent"],
        "good": theme["success"],
        "busy": theme["secondary"],
        "warn": theme["warning"],
        "bad": theme["error"],
        "loud": theme["error"],
    }
    if is_ansi:
        return {
            **shared,
            "quiet": "ansi_bright_black",
            "selection": theme["block-cursor-background"],
            "rule": "ansi_bright_black",
            "raised": "ansi_default",
            "loud-text": "ansi_bright_white",
        }
    background, foreground = Color.parse(theme["background"]), Color.parse(theme["foreground"])
    accent = Color.parse(theme["accent"])
    quiet = background.blend(foreground, QUIET_SHARE, alpha=1.0).hex
    rule = background.blend(foreground, RULE_SHARE, alpha=1.0).hex
    return {
        **shared,
        "quiet": quiet,
        "selection": background.blend(accent, SELECTION_SHARE, alpha=1.0).hex,
        "rule": rule,
        "raised": background.blend(foreground, RAISED_SHARE, alpha=1.0).hex,
        "scrollbar": rule,
        "scrollbar-hover": quiet,
        "scrollbar-active": quiet,
        "scrollbar-background": theme["background"],
        "scrollbar-background-hover": theme["background"],
        "scrollbar-background-active": theme["background"],
        "scrollbar-corner-color": theme["background"],
        "loud-text": Color.parse(theme["error"]).get_contrast_text(1.0).hex,
    }
