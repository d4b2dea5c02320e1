"""Hostile names."""

from __future__ import annotations

HOSTILE = {
    "markup": "[/foo] [bold red]x[/] [@click=app.bell]y[/] $error [WIP] fix",
    "ansi": "\x1b[31mred\x1b[2J\x1b]0;title\x07\x9b5A",
    "lines": "first\nsecond\r\nthird\x0b\x0c\x85\u2028\u2029",
    "emoji": "👩‍👩‍👧‍👦 🦊 🏳️‍🌈 ✔️ é́́́",
    "cjk": "機能/ゲスト一覧 안녕하세요 測試",
    "right-to-left": "\u202egnp.exe \u2066\u061cשלום مرحبا",
    "long": "x" * 150 + " " + "長" * 75 + " end",
    "surrogate": "not utf-8: \udcff\udc80",
    "nothing": " ",
}

GROUPS = {
    "markup-ansi": HOSTILE["markup"] + HOSTILE["ansi"],
    "lines-direction": HOSTILE["lines"] + HOSTILE["right-to-left"],
    "wide-long": HOSTILE["emoji"] + HOSTILE["cjk"] + HOSTILE["long"],
    "surrogate": HOSTILE["surrogate"],
    "nothing": HOSTILE["nothing"],
}
"""Together they are all of them: a screen takes a second to test."""
