"""What earlier versions of previewer stored, byte for byte, is still read; what has wrong types names the field.

``stored.bundle`` is a repository in which version 0.1 froze three commits, and brought up, extended, pinned, put
to sleep and removed environments. The files beside it are records that the bundle has none of.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from previewer.domain.json_value import JsonObject, JsonValue, canonical_json
from previewer.domain.record.notes import EnvironmentNotes, LedgerEntry, RunLease
from previewer.domain.record.tombstone import LastLine, Tombstone
from previewer.domain.release.registry_address import Push
from previewer.domain.release.release import manifest_of, read_manifest
from previewer.domain.stored import from_bytes, to_bytes
from previewer.ledger.git import GitLedger
from previewer.ledger.locks import LockOwner

SAMPLES = Path(__file__).with_name("stored")
INSTALLATION = "0123456789abcdef"
RELEASES = [
    "sha256:768ca12adf21f8d3847a37d46dfe55856478ae9438cd3dd81d7e73a8b0de8aeb",
    "sha256:d5d02d6ff1064ac9500f05f5e245150e17f7ff728273c14dd7848fd58646309c",
    "sha256:2cf3e3dfb7fd7eb6dc4fa6e3177f8862a28b3eada106c5d6cb5be3707f8b2d7b",
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the earlier version left it."""
    return _unbundle(tmp_path_factory.mktemp("stored"))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> GitLedger:
    """On a repository of its own: opening it moves what is not for other clones."""
    return GitLedger(_unbundle(tmp_path_factory.mktemp("moved")), installation=INSTALLATION, actor="ada@laptop")


def _unbundle(folder: Path) -> Path:
    _git(folder, "init", "--quiet", "--bare")
    _git(folder, "fetch", "--quiet", str(SAMPLES / "stored.bundle"), "refs/*:refs/*")
    return folder


def _git(folder: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True).stdout


def test_releases_keep_their_ids(ledger: GitLedger) -> None:
    releases = ledger.releases()
    assert [release.id for release in releases] == RELEASES
    assert releases[0].definitions["preview"].artifacts["web"].bases[0].reference == "previewer-test/base:1"


def test_the_history_and_the_notes_are_read(ledger: GitLedger) -> None:
    actions = [entry.action for entry in ledger.entries()]
    assert actions == [*["down", "up", "freeze", "sleep", "replace", "freeze", "pin", "extend", "up", "freeze"]]
    (notes,) = ledger.notes().values()
    assert (notes.generation, notes.pinned, len(notes.known_good), len(notes.stopped)) == (2, False, 1, 1)
    assert notes.asleep_since is not None


@pytest.mark.parametrize("file", ["entry.json", "notes.json"])
def test_the_ledger_is_written_as_it_was(repository: Path, file: str) -> None:
    kinds = {"entry.json": LedgerEntry, "notes.json": dict[str, EnvironmentNotes]}
    for commit in _git(repository, "rev-list", f"refs/previewer/ledger/{INSTALLATION}").decode().split():
        content = _git(repository, "cat-file", "blob", f"{commit}:{file}")
        assert to_bytes(from_bytes(content, kinds[file])) == content


def test_a_manifest_is_written_as_it_was(repository: Path) -> None:
    for release in RELEASES:
        name = f"refs/previewer/releases/{release.removeprefix('sha256:')}:manifest.json"
        content = _git(repository, "cat-file", "blob", name)
        assert canonical_json(manifest_of(read_manifest(content))) == content


def test_a_tombstone_is_read(repository: Path) -> None:
    record = "refs/previewer/tombstones/sample-feature-x-217d2b-g1"
    stone = from_bytes(_git(repository, "cat-file", "blob", f"{record}:tombstone.json"), Tombstone)
    assert (stone.environment, stone.generation, len(stone.containers)) == ("sample-feature-x-217d2b", 1, 2)
    lines = _git(repository, "cat-file", "blob", f"{record}:lines.jsonl").splitlines()
    assert [from_bytes(line, LastLine) for line in lines] == []


def test_records_that_stand_alone_are_read() -> None:
    owner = from_bytes((SAMPLES / "lock.json").read_bytes(), LockOwner)
    assert (owner.actor, owner.process.pid) == ("ada@laptop", 4711)
    assert from_bytes((SAMPLES / "claim.json").read_bytes(), RunLease).is_ended is True
    assert from_bytes((SAMPLES / "push.json").read_bytes(), Push).is_foreign is True
    line = from_bytes((SAMPLES / "line.json").read_bytes(), LastLine)
    assert (line.text, line.is_error, line.at and line.at.microsecond) == ("hello \udcff", True, 3)


def _with(content: bytes, path: str, value: JsonValue) -> bytes:
    """The JSON ``content`` with another value at ``path``."""
    whole = json.loads(content)
    *folders, last = path.split(".")
    place = whole
    for folder in folders:
        place = place[int(folder)] if isinstance(place, list) else place[folder]
    place[last] = value
    return canonical_json(whole)


def _noting(notes: JsonObject) -> bytes:
    entry: JsonObject = {"action": "up", "at": "2026-03-01T12:00:00Z", "actor": "ada@laptop"}
    return canonical_json({**entry, "notes": {"shop": notes}})


@pytest.mark.parametrize(
    ("file", "kind", "path", "value", "named"),
    [
        ("lock.json", LockOwner, "process.pid", "4711", "process.pid"),
        ("lock.json", LockOwner, "since", "yesterday", "since"),
        ("lock.json", LockOwner, "since", "2026-03-01T12:00:00", "since"),
        ("lock.json", LockOwner, "actor", None, "actor"),
        ("claim.json", RunLease, "commit", 1, "commit"),
        ("claim.json", RunLease, "ended", "no", "ended"),
        ("push.json", Push, "images", ["x"], "images"),
        ("line.json", LastLine, "text", 7, "text"),
    ],
)
def test_a_wrong_type_names_its_field(file: str, kind: type, path: str, value: JsonValue, named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}: "):
        from_bytes(_with((SAMPLES / file).read_bytes(), path, value), kind)


@pytest.mark.parametrize(
    ("content", "kind", "named"),
    [
        (b"[]", LedgerEntry, "the value as a whole: "),
        (b"{}", LedgerEntry, "the value as a whole: .*`action`"),
        (b"\xff", LedgerEntry, "this is not JSON: "),
        (b"[" * 100_000, LedgerEntry, "this is not JSON: "),
        (_noting({"generation": "1"}), LedgerEntry, r"notes\[\.\.\.\]\.generation: "),
        (_noting({"generation": 1, "kept": [True]}), LedgerEntry, "notes.*kept"),
        (canonical_json({"shop": {"generation": 1, "pinned": "yes"}}), dict[str, EnvironmentNotes], ".*pinned: "),
        (canonical_json({"environment": "shop"}), Tombstone, "the value as a whole: .*`generation`"),
    ],
)
def test_what_is_something_else_is_no_value(content: bytes, kind: type, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        from_bytes(content, kind)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("project", None),
        ("commit", 7),
        ("committed_at", "soon"),
        ("files", []),
        ("definitions.preview.role", "king"),
        ("definitions.preview.files", "compose.yaml"),
        ("definitions.preview.model", []),
        ("definitions.preview.artifacts.web.image", None),
        ("definitions.preview.artifacts.web.bases.0.reference", {}),
    ],
)
def test_a_manifest_with_a_wrong_type_names_its_field(repository: Path, path: str, value: JsonValue) -> None:
    name = f"refs/previewer/releases/{RELEASES[0].removeprefix('sha256:')}:manifest.json"
    content = _git(repository, "cat-file", "blob", name)
    with pytest.raises(ValueError, match=rf"{path.split('.')[-1]}: (expected|invalid)"):
        read_manifest(_with(content, path, value))
