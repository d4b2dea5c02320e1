"""The system's own clipboard, where this session has one. The terminal's (OSC 52) is the application's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

COPY_TIMEOUT = 2.0
"""Seconds: a display that does not answer must not be waited for."""


def copy_natively(text: str) -> bool:
    """Hand ``text`` to the first clipboard program that takes it; whether one did. Blocks for seconds at worst."""
    return any(_run(command, text) for command in clipboard_commands(os.environ, sys.platform))


def clipboard_commands(environment: Mapping[str, str], platform: str) -> Iterator[tuple[str, ...]]:
    """The programs that can reach a clipboard here, best first. None over SSH without a forwarded display."""
    if platform == "darwin" and "SSH_CONNECTION" not in environment:
        yield ("pbcopy",)
    if "WSL_DISTRO_NAME" in environment:
        yield ("clip.exe",)
    if environment.get("WAYLAND_DISPLAY"):
        yield ("wl-copy",)
    if environment.get("DISPLAY"):
        yield ("xclip", "-selection", "clipboard")
        yield ("xsel", "--input", "--clipboard")


def _run(command: tuple[str, ...], text: str) -> bool:
    program = shutil.which(command[0])
    if program is None:
        return False
    try:
        done = subprocess.run(
            (program, *command[1:]),
            input=text.encode("utf-8", "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=COPY_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
