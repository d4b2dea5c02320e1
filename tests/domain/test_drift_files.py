"""Which changes of files are drift, what is suggested to be declared, and what starts write by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from previewer.domain.drift.file_places import DELETED, NOTHING_LEARNT, StartWrites
from previewer.domain.drift.finding import Severity
from previewer.domain.drift.judge_files import undeclared_changes
from previewer.domain.drift.suggestion import suggest, suggestion_yaml
from previewer.domain.engine.examination import (
    ChangeKind,
    FileChange,
)
from previewer.domain.secrecy import MASK, Secrecy
from tests.domain.drift_values import FROZEN, WEB, judge

ADDED = ("/data/x", "/greeting", "/opt/app", "/opt/app/a", "/opt/app/b", "/run/web.pid", "/.dockerenv")
PACKAGE = ("/var/lib", "/var/lib/dpkg", "/var/lib/dpkg/status")
MODIFIED = ("/etc", "/etc/passwd", "/run")
PATHS = [
    *(FileChange(path, ChangeKind.ADDED) for path in (*ADDED, *PACKAGE)),
    *(FileChange(path, ChangeKind.MODIFIED) for path in MODIFIED),
]


ENGINES = ("/usr/sbin/docker-init", "/sbin/docker-init", "/etc/hosts", "/dev/console", "/.dockerenv")


@pytest.mark.parametrize("path", ENGINES)
def test_what_the_engine_puts_into_a_container_is_no_change(path: str) -> None:
    assert judge(changes=(FileChange(path, ChangeKind.ADDED),)) == ()


def test_what_is_mounted_below_a_link_is_no_change() -> None:
    """Where ``/lib`` is a link, the engine lists the folder that it mounts on as ``/usr/lib/…``."""
    writable = replace(FROZEN, containers=(replace(WEB, writable=("/lib/plugins", "/var/run/app")),))
    made = tuple(FileChange(path, ChangeKind.ADDED) for path in ("/usr/lib/plugins", "/run/app"))
    assert judge(changes=made, frozen=writable) == ()


def test_a_file_that_was_given_its_old_time_back_is_never_usual() -> None:
    changes = tuple(FileChange(path, ChangeKind.REWRITTEN) for path in ("/etc/passwd", "/srv/x", "/var/log/x"))
    found = judge(changes=changes)
    assert [(f.kind, f.severity, f.is_expected) for f in found if not f.where.endswith("log/x")] == [
        ("file-rewritten", Severity.HIGH, False)
    ] * 2
    assert all(finding.severity is Severity.HIGH and not finding.is_expected for finding in found)


def test_files_are_judged_without_what_was_declared() -> None:
    found = {finding.where.partition(":")[2]: finding for finding in judge(changes=tuple(PATHS))}
    assert {path: (f.kind, f.severity) for path, f in found.items()} == {
        "/etc/passwd": ("file-modified", Severity.HIGH),
        "/opt/app": ("file-added", Severity.HIGH),
        "/run/web.pid": ("noise", Severity.LOW),
        "/var/lib/dpkg": ("package-installed", Severity.HIGH),
    }
    assert not any(finding.taints for finding in found.values())
    writable = replace(FROZEN, containers=(replace(WEB, writable=("/etc", "/opt", "/run", "/var/lib")),))
    assert judge(changes=tuple(PATHS), frozen=writable) == ()
    assert judge(changes=tuple(PATHS), frozen=replace(FROZEN, looks_at_files=False)) == ()


NATURAL = {
    "/app/__pycache__": {ChangeKind.ADDED},
    "/usr/lib/python3/re/__pycache__/x.pyc": {ChangeKind.ADDED},
    "/run/nginx.pid": {ChangeKind.ADDED, ChangeKind.MODIFIED},
    "/tmp/upload": {ChangeKind.ADDED, ChangeKind.MODIFIED},
    "/var/log/app.log": {ChangeKind.ADDED, ChangeKind.MODIFIED},
    "/var/lib/postgresql/data": {ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.DELETED},
    "/var/spool/postfix/maildrop/1": {ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.DELETED},
    "/app/shop.sqlite3-journal": {ChangeKind.ADDED, ChangeKind.MODIFIED},
    "/dump.rdb": {ChangeKind.ADDED, ChangeKind.MODIFIED},
    "/etc/rules.db": set(),
    "/usr/lib/x.sqlite": set(),
    "/etc/passwd": set(),
    "/var/lib/dpkg/status": set(),
    "/root/.bash_history": set(),
    "/srv/page.html": set(),
}


@pytest.mark.parametrize("path", NATURAL)
def test_what_programs_write_by_nature_is_no_drift(path: str) -> None:
    expected = {kind for kind in ChangeKind if judge(changes=(FileChange(path, kind),))[0].is_expected}
    assert expected == NATURAL[path]


@given(
    st.lists(
        st.builds(
            FileChange,
            st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts)),
            st.sampled_from(ChangeKind),
        ),
        unique_by=lambda change: change.path,
    )
)
def test_what_is_suggested_covers_what_was_written(changes: list[FileChange]) -> None:
    found = undeclared_changes(changes, allowed=())
    suggestion = suggest("web", found)
    left = undeclared_changes(changes, allowed=suggestion.writable)
    assert {change.path for change in left} <= set(suggestion.refused)


def test_a_suggestion_can_be_pasted() -> None:
    found = undeclared_changes(PATHS, allowed=("/data", "/greeting"))
    assert suggestion_yaml([suggest("web", found)]) == (
        "x-previewer:\n"
        "  immutability: enforce\n"
        "  writable:\n"
        "    web: [/opt/app, /run, /var/lib/dpkg]\n"
        "# web: /etc/passwd can't be declared: let the program write elsewhere\n"
    )


def test_many_directories_are_one_and_what_python_compiles_is_none() -> None:
    compiled = [f"/usr/lib/python3/{name}/__pycache__" for name in "abc"]
    cached = [f"/srv/cache/{name}/x" for name in "abcd"]
    few = ["/srv/few/a/x", "/srv/few/b/x", "/usr/a/x", "/usr/b/x", "/usr/c/x", "/usr/d/x"]
    changes = [FileChange(path, ChangeKind.ADDED) for path in (*compiled, *cached, *few)]
    found = suggest("web", undeclared_changes(changes, allowed=()))
    assert found.writable == ("/srv/cache", "/srv/few/a", "/srv/few/b", "/usr/a", "/usr/b", "/usr/c", "/usr/d")
    assert (found.hiding, found.compiled) == (("/srv/cache",), 3)
    assert "# web: Python compiles to 3 places" in suggestion_yaml([found])


@given(st.text("abcdef123", min_size=4), st.text("xyz"))
def test_a_secret_is_masked_wherever_it_stands(secret: str, around: str) -> None:
    reported = Secrecy(b"key", [secret])
    assert reported.masked(f"{around}{secret}{around}") == f"{around}{MASK}{around}"


def test_hashes_of_two_runs_say_nothing_of_each_other() -> None:
    assert Secrecy(b"a").hashed("x") == Secrecy(b"a").hashed("x") != Secrecy(b"b").hashed("x")


def test_what_runs_write_alike_is_learnt_by_content_and_what_they_write_differently_by_place() -> None:
    first = NOTHING_LEARNT.joined({"web": {"/etc/a": "1", "/etc/b": "1"}})
    both = first.joined({"web": {"/etc/a": "1", "/etc/b": "2"}})
    reported = {(path, digest): explains(both, path, digest) for path in ("/etc/a", "/etc/b") for digest in "13"}
    assert reported == {
        ("/etc/a", "1"): True,
        ("/etc/a", "3"): False,
        ("/etc/b", "1"): True,
        ("/etc/b", "3"): True,
    }
    assert not explains(both, "/etc/a", "1", service="api")
    assert not explains(both, "/etc/c", "1")


def test_what_a_start_removes_is_learnt_and_data_that_it_begins_may_grow() -> None:
    learnt = NOTHING_LEARNT.joined({"web": {"/etc/default": DELETED, "/data": "1", "/opt/tool": "1"}})
    assert explains(learnt, "/etc/default", DELETED, kind=ChangeKind.DELETED)
    assert not explains(learnt, "/etc/default", "1", kind=ChangeKind.MODIFIED)
    assert not explains(learnt, "/data", DELETED, kind=ChangeKind.DELETED)
    assert explains(learnt, "/data", "2", kind=ChangeKind.ADDED)
    assert not explains(learnt, "/data", "2", kind=ChangeKind.MODIFIED), "the image has it"
    assert not explains(learnt, "/opt/tool", "2", kind=ChangeKind.ADDED), "a program is no data"


def explains(
    learnt: StartWrites,
    path: str,
    digest: str,
    *,
    kind: ChangeKind = ChangeKind.ADDED,
    service: str = "web",
) -> bool:
    return learnt.explains(service, FileChange(path, kind), digest)
