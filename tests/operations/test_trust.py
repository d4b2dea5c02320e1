"""What a checkout is trusted with: never with what its own branch allows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from previewer.domain.compose.definition import Role
from previewer.domain.policy.trust import DEFAULT_LIMITS, TrustRules
from previewer.errors import PolicyError
from previewer.releases.definitions import DefinitionOptions, distrust, read_definition
from previewer.session.open_session import open_session
from previewer.settings.model import Settings
from previewer.testing.memory.session import memory_session
from tests.operations.shop import COMPOSE as SHOP
from tests.operations.shop import FILES, Shop
from tests.source.repository import GitRepository

COMPOSE = "services: {web: {image: alpine, privileged: true, environment: [FOO]}}\n"
GREEDY = 'variables = ["FOO"]\n[policy.preview]\nallow = ["privileged"]\n'
FOR_MAIN = '[[trust]]\nbranches = ["main"]\nallow = ["privileged"]\n'


@pytest.fixture
def remote(tmp_path: Path) -> GitRepository:
    """``main`` trusts its own commits, and ``feature`` allows itself everything."""
    made = GitRepository(tmp_path / "remote")
    made.commit({"previewer.toml": FOR_MAIN, "compose.yaml": COMPOSE})
    made.git("checkout", "--quiet", "-b", "feature")
    made.commit({"previewer.toml": GREEDY})
    made.git("checkout", "--quiet", "main")
    return made


def checkout(remote: GitRepository, folder: Path, refspec: str, *commands: str) -> GitRepository:
    """As CI makes it: init, fetch, and commands of one line each."""
    made = GitRepository(folder)
    made.git("remote", "add", "origin", str(remote.path))
    made.git("fetch", "--quiet", "origin", refspec)
    for command in commands:
        made.git(*command.split())
    return made


def test_a_commit_that_no_known_branch_holds_lives_shorter_unless_the_user_says_otherwise() -> None:
    shop = Shop()
    preview = structs.replace(DEFAULT_LIMITS[Role.PREVIEW], max_untrusted_ttl=timedelta(hours=12))
    settings = Settings(
        settle_time=0.0,
        trust=TrustRules(limits={**DEFAULT_LIMITS, Role.PREVIEW: preview}),
        default_branch=shop.source.default_branch(),
    )
    shop.session = memory_session(source=shop.source, engine=shop.engine, images=shop.images, settings=settings)
    pull_request = shop.source.resolve("feature/a").commit.id

    def lives(revision: str, **options: Any) -> timedelta:
        until = shop.up(revision, name=f"shop-{len(shop.environments())}", **options).environment.expires_at
        assert until is not None
        return until - shop.session.clock()

    assert lives(pull_request) == timedelta(hours=12)
    assert lives(pull_request, branch="fork") == timedelta(hours=12)
    assert lives(pull_request, ttl="2d") == timedelta(days=2)
    assert lives("feature/a") == lives("main") == timedelta(days=3)
    for own, expected in (("10d", 12), ("2h", 2)):
        compose = f"{SHOP}x-previewer: {{ttl: {own}}}\n"
        shop.source.commit("feature/b", {**FILES, "compose.yaml": compose})
        assert lives(shop.source.resolve("feature/b").commit.id) == timedelta(hours=expected)


@pytest.mark.parametrize(
    ("refspec", "command"),
    [
        ("+refs/heads/*:refs/remotes/origin/*", "checkout --quiet -B feature refs/remotes/origin/feature"),
        ("+refs/heads/*:refs/remotes/origin/*", "checkout --quiet -B main refs/remotes/origin/feature"),
        ("+refs/heads/feature:refs/remotes/pull/7/merge", "checkout --quiet --detach refs/remotes/pull/7/merge"),
        ("+refs/heads/feature:refs/remotes/pull/7/merge", "checkout --quiet -B main refs/remotes/pull/7/merge"),
    ],
)
def test_a_branch_grants_itself_nothing_whatever_it_is_checked_out_as(
    remote: GitRepository, tmp_path: Path, refspec: str, command: str
) -> None:
    made = checkout(remote, tmp_path / "checkout", refspec, command)
    with open_session(str(made.path), environment={"FOO": "secret"}) as session:
        assert not session.settings.allowed_variables
        with pytest.raises(PolicyError, match="privileged"):
            read_definition(session, "HEAD", DefinitionOptions(name="preview"))
        is_fetched = "/pull/" not in refspec
        assert (distrust(session) is None) is is_fetched


def test_a_branch_s_grant_holds_for_commits_that_the_remote_s_branch_has(
    remote: GitRepository, tmp_path: Path
) -> None:
    made = checkout(
        remote,
        tmp_path / "checkout",
        "+refs/heads/*:refs/remotes/origin/*",
        "checkout --quiet -B main refs/remotes/origin/main",
    )
    with open_session(str(made.path), environment={}) as session:
        commit = session.source.resolve("main").commit.id
        assert session.trust(Role.PREVIEW, branch="main", commit=commit).grants
        unpushed = made.commit({"a": "local"})
        assert not session.trust(Role.PREVIEW, branch="main", commit=unpushed).grants
        assert not session.trust(Role.PREVIEW, branch="feature", commit=commit).grants


def test_a_refusal_says_that_the_trusted_commit_is_not_pushed(remote: GitRepository, tmp_path: Path) -> None:
    made = checkout(
        remote, tmp_path / "clone", "+refs/heads/*:refs/remotes/origin/*", "checkout --quiet -B main origin/main"
    )
    made.commit({"compose.yaml": COMPOSE + "# changed\n"})
    with open_session(str(made.path), environment={}) as session:
        with pytest.raises(PolicyError, match="privileged") as refusal:
            read_definition(session, "main", DefinitionOptions(name="preview"))
        source = "previewer.toml:3: privileged"
        assert refusal.value.hint == (
            f"push this commit: {source} is for what the branch has on its remote, as fetched last"
        )
        made.git("push", "--quiet", "origin", "main:other")
        made.git("update-ref", "refs/remotes/origin/main", "main")
    with open_session(str(made.path), environment={}) as session:
        read_definition(session, "main", DefinitionOptions(name="preview"))
