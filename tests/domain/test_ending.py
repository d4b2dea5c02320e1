from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from previewer.domain.commit.revision import BranchView
from previewer.domain.compose.definition import Role
from previewer.domain.environment.ending import Ends, find_ended
from previewer.domain.environment.environment import Environment, State
from previewer.domain.record.notes import EnvironmentNotes
from tests.domain.values import NOW, make_ownership

VIEW = BranchView(
    known=frozenset({"main", "merged", "here"}), merged=frozenset({"merged", "main"}), default="main"
)
ALL_ROLES = frozenset(Role)


def make(
    branch: str | None, *, role: Role = Role.PREVIEW, hours: int | None = None, pinned: bool = False
) -> Environment:
    owner = replace(
        make_ownership(f"shop-{branch}", branch=branch),
        role=role,
        expires_at=None if hours is None else NOW + timedelta(hours=hours),
    )
    return Environment(owner, State.RUNNING, (), EnvironmentNotes(1, pinned=pinned))


@pytest.mark.parametrize(
    ("ends", "environment", "cause"),
    [
        (Ends(merged=True), make("merged"), "its branch merged is merged"),
        (Ends(merged=True), make("here"), None),
        (Ends(merged=True), make("main"), None),
        (Ends(branch_gone=True), make("gone"), "its branch gone is gone"),
        (Ends(branch_gone=True), make("here"), None),
        (Ends(branch_gone=True), make(None), None),
        (Ends(expired=True), make("here", hours=-1), "it expired at 2026-03-01T11:00:00Z"),
        (Ends(expired=True), make("here", hours=0), "it expired at 2026-03-01T12:00:00Z"),
        (Ends(expired=True), make("here", hours=1), None),
        (Ends(expired=True), make("here"), None),
        (Ends(expired=True), make("gone", hours=-1), "it expired at 2026-03-01T11:00:00Z"),
        (Ends(expired=True, branch_gone=True), make("gone", hours=-1), "its branch gone is gone"),
        (Ends(expired=True, merged=True), make("here", hours=-1), "it expired at 2026-03-01T11:00:00Z"),
        (Ends(every=True), make("here"), "all were to go"),
        (Ends(every=True), make("here", pinned=True), "all were to go"),
        (Ends(), make("gone", hours=-1), None),
    ],
)
def test_what_ends_an_environment(ends: Ends, environment: Environment, cause: str | None) -> None:
    found = find_ended([environment], ends, VIEW, NOW)
    assert found.causes == ({} if cause is None else {environment.name: cause})
    assert found.spared == {}


@pytest.mark.parametrize("role", [Role.STAGING, Role.PRODUCTION])
@pytest.mark.parametrize("ends", [Ends(every=True), Ends(expired=True), Ends(merged=True), Ends(branch_gone=True)])
def test_only_its_role_lets_anything_but_a_preview_go(role: Role, ends: Ends) -> None:
    environments = [make("gone", role=role, hours=-1), make("merged", role=role, hours=-1)]
    found = find_ended(environments, ends, VIEW, NOW)
    assert found.causes == {}
    assert all(f"--role {role.value}" in why for why in found.spared.values())
    assert find_ended(environments, replace(ends, roles=ALL_ROLES), VIEW, NOW).causes


def test_a_pin_keeps_it() -> None:
    found = find_ended([make("gone", pinned=True)], Ends(branch_gone=True, expired=True), VIEW, NOW)
    assert (found.causes, list(found.spared)) == ({}, ["shop-gone"])


def test_an_incomplete_clone_calls_no_branch_gone() -> None:
    view = replace(VIEW, is_complete=False)
    assert find_ended([make("gone")], Ends(branch_gone=True), view, NOW).causes == {}
