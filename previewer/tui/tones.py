"""The colours that tones have in a theme: our own variables, derived from what every Textual theme has."""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import Color

QUIET_SHARE = 0.72
"""How much of the foreground is in quiet text: legible, and clearly behind the rest."""
SELECTION_SHARE = 0.16
"""How much of the accent is in the selected row's background."""

RAISED_SHARE = 0.09
"""How much of the foreground is in the background of what can be typed into or pressed."""
RULE_SHARE = 0.18
"""How much of the foreground is in lines and scroll bars."""


def tone_variables(theme: Mapping[str, str], *, is_ansi: bool) -> dict[str, str]:
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
