"""Our own themes, one palette for each kind of terminal, and the colours that styles have in any theme."""

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
LIGHT_256 = Theme(
    name="previewer-light-256",
    primary="#005faf",
    secondary="#005f87",
    accent="#005faf",
    success="#005f00",
    warning="#875f00",
    error="#af0000",
    foreground="#1c1c1c",
    background="#ffffff",
    surface="#ffffff",
    panel="#eeeeee",
    boost="#e4e4e4",
    dark=False,
    variables={
        **LIGHT.variables,
        "selection": "#d7ffff",
        "raised": "#e4e4e4",
        "rule": "#bcbcbc",
        "quiet": "#585858",
    },
)
CONTRAST = Theme(
    name="previewer-contrast",
    primary="#5fd7ff",
    secondary="#87ffff",
    accent="#5fd7ff",
    success="#5fff5f",
    warning="#ffff5f",
    error="#ff8787",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    boost="#000000",
    dark=True,
    variables={
        **DARK.variables,
        "selection": "#00005f",
        "raised": "#1c1c1c",
        "rule": "#bcbcbc",
        "quiet": "#d0d0d0",
    },
)
CONTRAST_LIGHT = Theme(
    name="previewer-contrast-light",
    primary="#0000af",
    secondary="#005f5f",
    accent="#0000af",
    success="#005f00",
    warning="#5f005f",
    error="#870000",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#ffffff",
    boost="#ffffff",
    dark=False,
    variables={
        **LIGHT.variables,
        "selection": "#ffffaf",
        "raised": "#ffffd7",
        "rule": "#585858",
        "quiet": "#303030",
    },
)
"""Of the 256 colours too; every text has a contrast of 7 or more (WCAG 2, level AAA)."""
DARK_16 = Theme(
    name="previewer-dark-16",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_bright_cyan",
    accent="ansi_cyan",
    success="ansi_bright_green",
    warning="ansi_bright_yellow",
    error="ansi_bright_red",
    foreground="ansi_bright_white",
    background="ansi_black",
    surface="ansi_black",
    panel="ansi_black",
    boost="ansi_black",
    dark=True,
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_bright_white",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_white",
        "input-cursor-background": "ansi_bright_white",
        "input-cursor-foreground": "ansi_black",
        "input-cursor-text-style": "none",
        "input-selection-background": "ansi_cyan",
        "input-selection-foreground": "ansi_black",
        "screen-selection-background": "ansi_cyan",
        "screen-selection-foreground": "ansi_black",
        "quiet": "ansi_white",
        "rule": "ansi_white",
        "raised": "ansi_black",
        "loud-text": "ansi_black",
    },
)
LIGHT_16 = Theme(
    name="previewer-light-16",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_magenta",
    accent="ansi_blue",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    foreground="ansi_black",
    background="ansi_bright_white",
    surface="ansi_bright_white",
    panel="ansi_bright_white",
    boost="ansi_bright_white",
    dark=False,
    variables={
        **DARK_16.variables,
        "ansi-background": "ansi_bright_white",
        "ansi-foreground": "ansi_black",
        "block-cursor-foreground": "ansi_bright_white",
        "block-cursor-background": "ansi_bright_black",
        "input-cursor-background": "ansi_black",
        "input-cursor-foreground": "ansi_bright_white",
        "quiet": "ansi_bright_black",
        "rule": "ansi_bright_black",
        "raised": "ansi_bright_white",
        "loud-text": "ansi_bright_white",
    },
)
"""With a background of their own: what a terminal calls its default may be any colour."""
OWN = (DARK, LIGHT, CONTRAST, CONTRAST_LIGHT, DARK_256, LIGHT_256, DARK_16, LIGHT_16)
_PALETTES: Mapping[str, Mapping[str, str]] = {
    DARK.name: {"256": DARK_256.name, "standard": DARK_16.name},
    LIGHT.name: {"256": LIGHT_256.name, "standard": LIGHT_16.name},
    CONTRAST.name: {"standard": DARK_16.name},
    CONTRAST_LIGHT.name: {"standard": LIGHT_16.name},
}
"""By theme, what stands for it on terminals with fewer colours."""


def theme_for(color_system: str | None, wanted: str | None = None) -> str:
    """The theme for what a terminal can show (``256``, ``standard``), by the name that was chosen, if any was."""
    name = wanted or DARK.name
    return _PALETTES.get(name, {}).get(color_system or "", name)


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
