"""Git LFS pointers, git-crypt's ciphertext and submodules that nothing names."""

from __future__ import annotations

import pytest

from previewer.definition import load_definition
from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry, is_ciphertext, is_declared, read_pointer
from previewer.errors import DefinitionError
from tests.definition.trees import tree_of

DIGEST = "a" * 64
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{DIGEST}\nsize 12\n"
CIPHERTEXT = "\0GITCRYPT\0\x01\x02secret"
COMPOSE = "services:\n  web:\n    image: i\n"


@pytest.mark.parametrize(
    ("content", "is_pointer", "is_encrypted"),
    [(POINTER, True, False), (CIPHERTEXT, False, True), ("version 1\n", False, False), ("", False, False)],
)
def test_what_a_file_is(content: str, is_pointer: bool, is_encrypted: bool) -> None:
    assert (read_pointer(content.encode()) is not None) is is_pointer
    assert is_ciphertext(content.encode()) is is_encrypted


@pytest.mark.parametrize(("content", "message"), [(POINTER, "Git LFS pointer"), (CIPHERTEXT, "git-crypt")])
@pytest.mark.parametrize(
    "files",
    [
        {"compose.yaml": "FOUND"},
        {"compose.yaml": f"include: [other.yaml]\n{COMPOSE}", "other.yaml": "FOUND"},
        {"compose.yaml": f"{COMPOSE}    env_file: [web.env]\n", "web.env": "FOUND"},
        {"compose.yaml": COMPOSE, ".env": "FOUND"},
        {"compose.yaml": "services:\n  web: {extends: {file: o.yaml, service: w}}\n", "o.yaml": "FOUND"},
    ],
)
def test_a_definition_s_file_is_named_as_what_it_is(files: dict[str, str], content: str, message: str) -> None:
    place = next(path for path, text in files.items() if text == "FOUND")
    tree = tree_of({path: content if text == "FOUND" else text for path, text in files.items()})
    with pytest.raises(DefinitionError, match=message) as caught:
        load_definition(tree, files=["compose.yaml"], variables={})
    assert (caught.value.where or "").startswith(place)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("path", "modules", "declared"),
    [
        ("lib", None, False),
        ("lib", (".gitmodules", '[submodule "x"]\n\tpath = lib\n\turl = u\n'), True),
        ("lib", (".gitmodules", '[submodule "x"]\n\tpath = "lib"\n'), True),
        ("lib", (".gitmodules", '[submodule "x"]\n\tpath = other\n'), False),
        ("a/b/c", ("a/.gitmodules", '[submodule "x"]\n  path=b/c\n'), True),
    ],
)
def test_a_submodule_counts_where_gitmodules_names_it(
    path: str, modules: tuple[str, str] | None, declared: bool
) -> None:
    entry = TreeEntry(path, EntryKind.SUBMODULE, "b" * 40)
    entries = [entry] + ([TreeEntry(modules[0], EntryKind.FILE, "m")] if modules else [])
    tree = FileTree(entries, lambda _: modules[1].encode() if modules else b"")
    assert is_declared(tree, entry) is declared
