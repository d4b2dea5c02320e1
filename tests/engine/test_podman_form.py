"""Unrequested fields that Podman shows are no drift; everything else stays."""

from __future__ import annotations

import pytest

from previewer.domain.engine.examination import ChangeKind, FileChange
from previewer.domain.json_value import JsonValue
from previewer.engine.create_body import judged_changes, judged_fields

A, M = ChangeKind.ADDED, ChangeKind.MODIFIED


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ([("/etc", M)], []),
        ([("/etc", M), ("/etc/passwd", M)], [("/etc", M), ("/etc/passwd", M)]),
        ([("/etc", ChangeKind.DELETED)], [("/etc", ChangeKind.DELETED)]),
        ([("/var", M), ("/var/tmp", A)], []),
        ([("/var", M), ("/var/tmp", A), ("/var/tmp/x", A)], [("/var", M), ("/var/tmp", A), ("/var/tmp/x", A)]),
        ([("/var", M), ("/var/tmp", A), ("/var/lib", A)], [("/var", M), ("/var/lib", A)]),
        ([("/srv", A), ("/srvetc", M)], [("/srv", A), ("/srvetc", M)]),
    ],
)
def test_only_what_it_made_itself_is_no_change(
    changes: list[tuple[str, ChangeKind]], left: list[tuple[str, ChangeKind]]
) -> None:
    found = judged_changes([FileChange(path, kind) for path, kind in changes])
    assert [(change.path, change.kind) for change in found] == left


def test_fields_that_it_does_not_repeat_are_not_compared() -> None:
    frozen: dict[str, JsonValue] = {"cap_drop": ["ALL"], "image": "sha256:1", "logging": {"max-size": "10m"}}
    live: dict[str, JsonValue] = {"cap_drop": ["CHOWN", "KILL"], "image": "sha256:1", "environment.HOME": "=/root"}
    assert judged_fields(frozen) == judged_fields(live) == {"image": "sha256:1"}


def test_a_host_name_is_no_alias_of_the_users() -> None:
    def form(*aliases: str) -> dict[str, JsonValue]:
        return {"hostname": "web", "networks.a": {"aliases": list(aliases), "links": []}}

    assert judged_fields(form("db", "web")) == judged_fields(form("db"))
    assert judged_fields(form("db", "other")) != judged_fields(form("db"))
