"""Every command's bytes: on standard output and standard error, and its exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
import yaml

from previewer.domain.compose.definition import Role
from tests.worlds.cli import World

CASES = {
    "branches": ("branches",),
    "branches-pattern": ("branches", "feature/*"),
    "branches-none": ("branches", "no/*"),
    "branches-environments": ("branches", "--environments"),
    "ls": ("ls",),
    "ls-everywhere": ("ls", "--everywhere"),
    "status": ("status", "main"),
    "status-current": ("status",),
    "status-missing": ("status", "mian"),
    "url": ("url", "main"),
    "url-all": ("url", "main", "--all"),
    "url-service-without-port": ("url", "main", "api"),
    "url-service-missing": ("url", "main", "nope"),
    "open-missing": ("open", "nope"),
    "logs-missing-service": ("logs", "main", "nope"),
    "logs-bad-since": ("logs", "main", "--since", "yesterday"),
    "config": ("config", "main"),
    "config-env": ("config", "main", "--env", "COLOUR=blue"),
    "config-rewritten": ("config", "main", "--rewritten"),
    "config-refused": ("config", "fix/rights"),
    "config-no-policy": ("config", "fix/rights", "--no-policy"),
    "config-broken": ("config", "broken"),
    "config-nothing": ("config", "nothing"),
    "config-table": ("config", "main", "-o", "table"),
    "config-twice": ("config", "main", "--commit", "main"),
    "policy": ("policy", "main"),
    "policy-refused": ("policy", "fix/rights"),
    "policy-exit-code": ("policy", "fix/rights", "--exit-code"),
    "freeze": ("freeze", "main", "--progress", "quiet"),
    "freeze-dry-run": ("freeze", "feature/guest-book", "--dry-run"),
    "up-dry-run": ("up", "feature/guest-book", "--dry-run"),
    "up-unchanged": ("up", "main", "--progress", "quiet"),
    "up-refused": ("up", "fix/rights", "--progress", "quiet"),
    "up-missing": ("up", "mian", "--progress", "quiet"),
    "up-bad-ttl": ("up", "main", "--ttl", "soon", "--progress", "quiet"),
    "down-dry-run": ("down", "main", "--dry-run"),
    "down-missing": ("down", "never-was"),
    "down-all-unasked": ("down", "--all"),
    "up-nothing-named": ("up",),
    "replace-dry-run": ("replace", "main", "--dry-run"),
    "replace-missing": ("replace", "mian"),
    "update-dry-run": ("update", "main", "--dry-run"),
    "promote-dry-run": ("promote", "main", "--to", "production", "--dry-run"),
    "promote-no-definition": ("promote", "main", "--to", "staging"),
    "rollback-nothing": ("rollback",),
    "releases": ("releases",),
    "push-dry-run": ("push", "main", "registry.example.com/team/shop", "--dry-run"),
    "push-nowhere": ("push", "main"),
    "push-bad-address": ("push", "main", "team/shop"),
    "push-missing": ("push", "mian", "registry.example.com/team/shop"),
    "pull-nowhere": ("pull", "0123456789ab"),
    "pull-bad-address": ("pull", "team/shop:1"),
    "pull-which": ("pull", "registry.example.com/team/shop"),
    "history": ("history",),
    "history-environment": ("history", "shop-main", "-n", "1"),
    "verify": ("verify", "main"),
    "verify-rebuild": ("verify", "main", "--rebuild", "--progress", "quiet"),
    "verify-dry-run": ("verify", "main", "--rebuild", "--dry-run"),
    "prune-dry-run": ("prune", "--dry-run"),
    "prune-unasked": ("prune",),
    "doctor": ("doctor",),
    "init-dry-run": ("init", "--dry-run"),
    "complete-branches": ("__complete", "branches"),
    "complete-environments": ("__complete", "environments"),
}
ROWS = {
    "branches": ("branches",),
    "branches-environments": ("branches", "--environments"),
    "ls": ("ls",),
    "status": ("status", "main"),
    "url": ("url", "main"),
    "freeze": ("freeze", "main", "--progress", "quiet"),
    "up": ("up", "main", "--progress", "quiet"),
    "up-dry-run": ("up", "feature/guest-book", "--dry-run"),
    "down": ("down", "main", "--progress", "quiet"),
    "releases": ("releases",),
    "push-dry-run": ("push", "main", "registry.example.com/team/shop", "--dry-run"),
    "history": ("history",),
    "verify": ("verify", "main", "--rebuild", "--progress", "quiet"),
    "prune-dry-run": ("prune", "--dry-run"),
    "policy": ("policy", "main"),
    "init-dry-run": ("init", "--dry-run"),
}
Golden = Callable[[str, str], None]
_MACHINE = (
    (re.compile(r"((?<=127\.0\.0\.1:)|(?<=over port ))\d{5}"), "#####"),
    (re.compile(r"(?<=ok       git: ).+"), "(where it is)"),
)
"""What depends on the machine: host ports that happen to be free, and where git is."""


def steady(text: str) -> str:
    """``text`` without what depends on the machine."""
    for pattern, instead in _MACHINE:
        text = pattern.sub(instead, text)
    return text


def make_world() -> World:
    """Two environments, and nothing else running."""
    made = World()
    made.up("main")
    made.up("v1.0", Role.PRODUCTION)
    return made


@pytest.fixture
def world() -> World:
    """A world of the test's own."""
    return make_world()


@pytest.mark.parametrize("name", CASES)
def test_text(name: str, world: World, golden: Golden) -> None:
    golden(f"{name}.txt", steady(world.run(*CASES[name]).text()))


@pytest.mark.parametrize("name", ROWS)
def test_data(name: str, world: World, golden: Golden) -> None:
    as_json = world.run(*ROWS[name], "-o", "json")
    golden(f"{name}.json", steady(as_json.out))
    assert as_json.code == 0
    as_yaml = make_world().run(*ROWS[name], "-o", "yaml")
    assert yaml.safe_load(as_yaml.out) == json.loads(as_json.out)
