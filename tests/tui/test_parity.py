"""The parity screen: groups that fold, equal facts, the way to packages, the cures, and what it saves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from previewer.domain.compose.definition import Role
from previewer.tui.screens.parity import ParityScreen
from tests.worlds.tui import FILES, Terminal, World, terminal_of

STAGING = """\
include: [../compose.yaml]
services:
  store: {mem_limit: 256m, cpus: 1}
  api: {mem_limit: 256m, cpus: 1, environment: {LOG_LEVEL: debug}}
"""
PRODUCTION = """\
include: [../compose.yaml]
x-previewer:
  parity:
    allow:
      # machines
      - {path: services.*.mem_limit, reason: production carries the load}
      - {path: services.*.cpus, reason: production carries the load}
services:
  store: {mem_limit: 512m, cpus: 2}
  api: {mem_limit: 512m, cpus: 2, environment: {LOG_LEVEL: warning}}
  web: {mem_limit: 256m, environment: {MODE: live}}
"""


def set_apart(world: World) -> None:
    """A production, and a staging that is two commits newer."""
    files = {**FILES, "envs/staging.yaml": STAGING, "envs/production.yaml": PRODUCTION}
    world.source.commit("main", files, subject="A larger production")
    world.up("main", Role.PRODUCTION)
    for number in range(2):
        world.source.commit("main", {**files, "web/index.html": str(number)}, subject=f"Change {number}")
    world.up("main", Role.STAGING)


@pytest.fixture
def apart(world: World) -> World:
    """Both are up."""
    set_apart(world)
    return world


def titles(terminal: Terminal) -> list[str]:
    """Of the notifications that are shown now."""
    return [toast.title for toast in terminal.app._notifications]


async def to_parity(terminal: Terminal) -> None:
    await terminal.until_shown("undeclared")
    await terminal.press("p")
    await terminal.until_shown("UNDECLARED 4", "DECLARED 5")


async def test_services_are_groups_and_those_that_are_alike_are_folded(apart: World) -> None:
    async with terminal_of(apart.session, size=(120, 36)) as terminal:
        await to_parity(terminal)
        await terminal.until_shown("← 2 commits · 1 file  v", "▾ web", "2 undeclared", "api environment.LOG_LEVEL")
        await terminal.until_shown("▸ store", "2, the same as api", "512 MiB  ×2", "production carries")
        assert "store mem_limit" not in terminal.text
        await terminal.press("N")  # round to the last one: a folded group counts
        await terminal.until_shown("enter unfolds")
        before = terminal.text.count("512 MiB  ×2")
        await terminal.press("enter")
        await terminal.until_shown("▾ store", "enter folds")
        assert terminal.text.count("512 MiB  ×2") == before + 1


async def test_what_is_the_same_is_counted_and_shown(apart: World) -> None:
    async with terminal_of(apart.session, size=(120, 60)) as terminal:
        await to_parity(terminal)
        await terminal.until_shown("THE SAME", "= shows them")
        await terminal.press("equals_sign")
        await terminal.until_shown("= hides them", "▸ store", "the same")
        await terminal.press("G", "enter")
        await terminal.until_shown("▾ web", "= depends_on.api.condition", "service_started")
        await terminal.press("equals_sign")
        await terminal.until_shown("= shows them")
        assert "depends_on" not in terminal.text


async def test_enter_on_an_image_leads_to_what_is_in_it(apart: World) -> None:
    async with terminal_of(apart.session, size=(120, 36)) as terminal:
        await to_parity(terminal)
        while "services.web.image" not in terminal.text:
            await terminal.press("n")
        await terminal.until_shown("v shows commits, files, images and packages")
        await terminal.press("enter")
        await terminal.until_on("DiffScreen")
        await terminal.until_shown("Change 1", "web/index.html")


async def test_a_difference_is_declared_in_a_commit(apart: World) -> None:
    async with terminal_of(apart.session, size=(120, 36)) as terminal:
        await to_parity(terminal)
        await terminal.press("A")
        await terminal.until_shown("Why is services.api.environment.LOG_LEVEL meant to differ?", "a reason")
        await terminal.press(*"verbose there", "enter")
        await terminal.until_shown("to the branch parity-staging", "of envs/staging.yaml")
        await terminal.press("enter")
        await terminal.until(lambda: titles(terminal))
        assert titles(terminal)[0].endswith(" on parity-staging")
    tip = apart.source.resolve("parity-staging").commit
    text = apart.source.tree(tip.id).read("envs/staging.yaml").decode()
    assert text.startswith(STAGING)
    assert text.splitlines()[-3:] == [
        '      - path: "services.api.environment.LOG_LEVEL"',
        '        reason: "verbose there"',
        '        against: "production"',
    ]
    assert tip.subject == "Declare that services.api.environment.LOG_LEVEL differs"


@pytest.mark.parametrize(
    ("way", "begins"), [("patch", "--- a/envs/staging.yaml\n"), ("entry", "x-previewer:\n  parity:\n")]
)
async def test_what_declares_it_is_copied(apart: World, way: str, begins: str) -> None:
    async with terminal_of(apart.session, size=(120, 36)) as terminal:
        await to_parity(terminal)
        await terminal.press("A", "enter")
        await terminal.until_shown("What is to become of the entry?")
        await terminal.press(*way, "enter")
        await terminal.until(lambda: terminal.app.clipboard.startswith(begins))
        assert 'reason: "production carries the load"' in terminal.app.clipboard
        assert [branch.name for branch in apart.source.branches()].count("parity-staging") == 0


async def test_it_is_saved_as_markdown_and_as_json(
    apart: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with terminal_of(apart.session, size=(120, 36)) as terminal:
        await to_parity(terminal)
        await terminal.press("e", "enter")
        await terminal.until(lambda: titles(terminal) == ["comparison saved"])
        await terminal.press("e", *"json", "enter")
        await terminal.until(lambda: len(list(tmp_path.iterdir())) == 2)
    stem = "parity-shop-staging-shop-production"
    lines = (tmp_path / f"{stem}.md").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("## Parity of `shop-staging` and `shop-production`: ")
    assert "- `store`: 2 differences, the same as of `api`" in lines
    found = json.loads((tmp_path / f"{stem}.json").read_text(encoding="utf-8"))
    assert (found["undeclared"], found["declared"]) == (4, 5)
    assert "services.store.logging.driver" in {one["path"] for one in found["same"]}


async def test_what_was_asked_of_the_screen_before_it_was_closed_is_passed_over(apart: World) -> None:
    async with terminal_of(apart.session, size=(120, 36)) as terminal:
        await to_parity(terminal)
        screen = terminal.app.screen
        assert isinstance(screen, ParityScreen)
        await terminal.press("escape")
        await terminal.until(lambda: not screen.children)
        screen._jump(1)
