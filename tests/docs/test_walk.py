"""The files on the way of `up`, as the architecture names them: a call of the engine comes from no others."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path
from types import FrameType

import pytest

from previewer.domain.engine.specs import ContainerSpec
from previewer.testing.memory.engine import MemoryEngine
from tests.worlds.cli import World

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
WALK = re.findall(r"`([a-z_/]+\.py)`", PAGE.partition("<!-- the walk of up -->")[2].partition("<!-- end")[0])
MOST = 20


def test_the_walk_of_up_is_that_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    entered: set[str] = set()
    create = MemoryEngine.create_container

    def create_container(engine: MemoryEngine, spec: ContainerSpec) -> None:
        frames = sys._current_frames()
        for thread in (threading.main_thread().ident, threading.get_ident()):
            entered.update(_files(frames[thread or 0]))
        create(engine, spec)

    monkeypatch.setattr(MemoryEngine, "create_container", create_container)
    assert World().run("up", "main").code == 0
    assert entered >= {"cli/main.py", "execution/take_step.py"}
    assert entered - set(WALK) == set()


def test_it_is_short_enough_to_be_followed() -> None:
    assert [file for file in WALK if not (ROOT / "previewer" / file).is_file()] == []
    for front_end in ("cli/", "tui/"):
        assert 0 < len([file for file in WALK if not file.startswith(front_end)]) <= MOST


def _files(frame: FrameType | None) -> set[str]:
    """The product's files below a frame, but for the engine's double."""
    files = set()
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT / "previewer") and "testing" not in path.parts:
            files.add(path.relative_to(ROOT / "previewer").as_posix())
        frame = frame.f_back
    return files
