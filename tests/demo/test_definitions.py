"""Every commit of the sample repository can be previewed: its definitions load without a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.history import git, write_history
from previewer.definition import load_named
from previewer.definition.discover import definition_names
from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry
from previewer.domain.compose.definition import Role


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("definitions") / "guestbook"
    write_history(folder)
    return folder


def tree_at(repository: Path, revision: str) -> FileTree:
    entries = []
    for record in git(repository, "ls-tree", "-r", "-z", revision).split("\0")[:-1]:
        description, _, path = record.partition("\t")
        mode, _kind, object_id = description.split()
        entries.append(TreeEntry(path, EntryKind(mode), object_id))
    return FileTree(entries, lambda object_id: git(repository, "cat-file", "blob", object_id).encode())


def test_every_definition_of_every_commit_loads(repository: Path) -> None:
    for commit in git(repository, "rev-list", "--all").split():
        tree = tree_at(repository, commit)
        for name in definition_names(tree):
            definition = load_named(tree, name)
            assert set(definition.services) == {"web", "api", "store"}
            assert definition.warnings == ()
            for service in definition.services.values():
                assert service.has_healthcheck
                assert service.build is not None
                assert tree.is_file(f"{service.build.context}/{service.build.dockerfile}")


def test_each_role_has_its_definition(repository: Path) -> None:
    tree = tree_at(repository, "v1.0.0")
    names = definition_names(tree)
    assert names == ("preview", "staging", "production")
    assert [load_named(tree, name).role for name in names] == [Role.PREVIEW, Role.STAGING, Role.PRODUCTION]
