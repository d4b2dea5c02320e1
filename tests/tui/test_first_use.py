"""The first minutes: what a repository without definitions would run, the first steps, and no repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from previewer.domain.policy.check import Check, Verdict
from previewer.source.git import GitSource
from previewer.testing.memory.session import memory_session
from previewer.tui import first_use_jobs
from previewer.tui.memory import Memory
from tests.tui.test_snapshots import SIZES, Compare, compare  # noqa: F401 - the fixture
from tests.worlds.tui import World, terminal_of

COMPOSE = "services:\n  web:\n    image: registry.example/web:1\n    ports: ['80']\n"
ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/bin:/bin",
}  # fmt: skip


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True, env=ENVIRONMENT
    )
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with a Compose file in a folder, which nothing but `init` finds."""
    repository = tmp_path / "shop"
    (repository / "deploy").mkdir(parents=True)
    git(repository, "init", "--quiet", "--initial-branch", "main")
    (repository / "deploy" / "compose.yaml").write_text(COMPOSE)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "A web page")
    git(repository, "config", "user.name", "Ada")
    git(repository, "config", "user.email", "ada@example.org")
    return repository


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_what_is_derived_is_shown_and_committed(
    folder: Path,
    compare: Compare,  # noqa: F811
    size: tuple[int, int],
) -> None:
    session = memory_session(source=GitSource(str(folder)))
    async with terminal_of(session, size=size) as terminal:
        await terminal.until_shown("nothing in HEAD says what to run", "I shows what can be derived")
        await terminal.press("I")
        await terminal.until_on("StartScreen")
        await terminal.until_shown("envs/preview.yaml · new", "w commits it", "t runs it")
        await compare(f"start-{size[0]}", terminal)
        await terminal.press("w")
        await terminal.until_shown("on a new branch previewer-start?", "add envs/preview.yaml")
        await terminal.press("t", *"first/try", "enter")
        await terminal.until_shown("on a new branch first/try?")
        await terminal.press("y")
        await terminal.until(lambda: "first/try" in git(folder, "branch", "--list"))
        await terminal.press("escape")
        await terminal.until_shown("first/try")
    added = git(folder, "diff", "--name-only", "main", "first/try").splitlines()
    assert added == ["envs/preview.yaml", "envs/production.yaml", "envs/staging.yaml"]
    assert "deploy/compose.yaml" in git(folder, "show", "first/try:envs/preview.yaml")
    assert git(folder, "status", "--porcelain") == "", "what is checked out is as it was"
    (job,) = terminal.context.works.values()
    assert job.command == "previewer init --branch first/try"


async def test_it_is_tried_and_says_what_came_of_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operation itself is tested on a real engine; here it answers at once, well and then not."""
    asked: list[object] = []

    def answer(_run: object, files: object, **how: object) -> tuple[Check, ...]:
        asked.append((files, how))
        verdict = Verdict.OK if len(asked) == 1 else Verdict.FAILED
        return (
            Check("up", Verdict.OK, "web runs after 1.0 s"),
            Check("answer", verdict, "it answers 500", "look"),
        )

    monkeypatch.setattr(first_use_jobs, "try_definition", answer)
    session = memory_session(source=GitSource(str(folder)))
    async with terminal_of(session, size=(120, 36)) as terminal:
        await terminal.until_shown("main*", "Memory")
        await terminal.press("I")
        await terminal.until_shown("t runs it")
        await terminal.press("t")
        await terminal.until_shown("Try what shop would run?", "remove its containers")
        await terminal.press("y")
        await terminal.until_on("ProgressScreen")
        await terminal.until_shown("✔ done", "✔ up: web runs after 1.0 s")
        await terminal.press("escape", "t", "y")
        await terminal.until_shown("✖ failed", "answer: it answers 500", "look")
    assert len(asked) == 2
    assert git(folder, "branch", "--list").split() == ["*", "main"], "nothing is written"


async def test_several_beginnings_are_a_choice(folder: Path) -> None:
    (folder / "other").mkdir()
    (folder / "other" / "compose.yaml").write_text(COMPOSE.replace("web", "api"))
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Another one")
    async with terminal_of(memory_session(source=GitSource(str(folder)))) as terminal:
        await terminal.until_shown("main*", "Memory")
        await terminal.press("I")
        await terminal.until_shown("Which file does it begin with?", "deploy/compose.yaml", "other/compose.yaml")
        await terminal.type("other")
        await terminal.press("enter")
        await terminal.until_shown("envs/preview.yaml · new", "other/compose.yaml")


async def test_nothing_is_missing(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main*", "Memory")
        await terminal.press("I")
        await terminal.until_shown("HEAD has all of the definitions")
        await terminal.press("w")
        assert terminal.screen_name == "StartScreen", "there is nothing to write"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_first_steps_until_an_environment_is_up(
    world: World,
    compare: Compare,  # noqa: F811
    size: tuple[int, int],
) -> None:
    memory = Memory()
    async with terminal_of(world.session, size=size, memory=memory) as terminal:
        await terminal.until_shown("first steps", "u brings this branch up")
        await compare(f"home-first-{size[0]}", terminal)
        world.up("main")
        await terminal.until(lambda: "first steps" not in terminal.text)
        await terminal.until(lambda: memory.preferences.is_toured)
    async with terminal_of(World().session, size=size, memory=memory) as terminal:
        await terminal.until_shown("nothing runs now", "u brings this branch up")
