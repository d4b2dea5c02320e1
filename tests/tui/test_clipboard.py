"""Which clipboard is asked, and that a broken one is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from previewer.tui.clipboard import clipboard_commands, copy_natively


@pytest.mark.parametrize(
    ("environment", "platform", "programs"),
    [
        ({}, "linux", []),
        ({}, "darwin", ["pbcopy"]),
        ({"SSH_CONNECTION": "1"}, "darwin", []),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", ["wl-copy", "xclip", "xsel"]),
        ({"DISPLAY": ":0"}, "linux", ["xclip", "xsel"]),
        ({"WSL_DISTRO_NAME": "Debian"}, "linux", ["clip.exe"]),
    ],
)
def test_which_programs_are_tried(environment: Mapping[str, str], platform: str, programs: list[str]) -> None:
    assert [command[0] for command in clipboard_commands(environment, platform)] == programs


def install(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_the_first_that_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "xclip", "exit 1")
    install(tmp_path, "xsel", f"/bin/cat > {tmp_path}/taken")
    for name in ("WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    assert copy_natively("http://127.0.0.1:1 ü")
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "http://127.0.0.1:1 ü"


def test_none_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    assert not copy_natively("x")
