"""Definitions that were read before are remembered, and only the time it takes shows it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from previewer.domain.compose.definition import Definition, Location, ModelPath, Role
from previewer.errors import DefinitionError, PolicyError
from previewer.releases.definitions import read_definitions
from previewer.session import readings
from previewer.session.readings import (
    KEPT_READINGS,
    ForgottenReadings,
    RememberedReadings,
    remembered_readings,
)
from previewer.settings.model import Settings
from previewer.testing.memory.session import memory_session
from previewer.testing.memory.source import MemorySource
from previewer.user_folders import cache_folder

COMMIT = "1" * 40
WRITTEN: dict[ModelPath, Location] = {("services", "web"): Location("compose.yaml", 2, 3)}
DEFINITIONS = (
    Definition(
        "preview", Role.PREVIEW, ("compose.yaml",), {"services": {"web": {"image": "x"}}}, ("odd",), WRITTEN
    ),
    Definition("production", Role.PRODUCTION, ("compose.yaml", "more.yaml"), {"services": {}}),
)


class Reader:
    """Counts how often it reads."""

    def __init__(self, found: tuple[Definition, ...] = DEFINITIONS) -> None:
        self.found = found
        self.times = 0

    def __call__(self) -> tuple[Definition, ...]:
        self.times += 1
        return self.found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "readings"


def test_what_was_read_is_the_same_the_next_time_and_not_read(folder: Path) -> None:
    reader = Reader()
    first, second = (
        RememberedReadings(folder).definitions(COMMIT, "shop", {"TAG": "1"}, read=reader) for _ in range(2)
    )
    assert first == second == DEFINITIONS
    assert [d.warnings for d in second] == [d.warnings for d in DEFINITIONS]
    assert reader.times == 1
    assert folder.stat().st_mode & 0o077 == 0, "values of variables are private"


def test_where_a_value_is_written_is_read_on_request(folder: Path) -> None:
    reader = Reader()
    kept = RememberedReadings(folder)
    kept.definitions(COMMIT, "shop", {}, read=reader)
    preview, production = kept.definitions(COMMIT, "shop", {}, read=reader)
    assert reader.times == 1
    assert preview.locate(("services", "web", "image")) == Location("compose.yaml", 2, 3)
    assert production.locate(("services",)) == Location("compose.yaml")
    assert dict(preview.locations) == WRITTEN
    assert reader.times == 2, "once for all of them"


@pytest.mark.parametrize(
    ("commit", "project", "variables"),
    [("2" * 40, "shop", {"TAG": "1"}), (COMMIT, "other", {"TAG": "1"}), (COMMIT, "shop", {"TAG": "2"})],
)
def test_all_that_is_read_counts(folder: Path, commit: str, project: str, variables: dict[str, str]) -> None:
    reader = Reader()
    RememberedReadings(folder).definitions(COMMIT, "shop", {"TAG": "1"}, read=reader)
    RememberedReadings(folder).definitions(commit, project, variables, read=reader)
    assert reader.times == 2


def test_other_code_reads_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "definition" / "schema"
    code.mkdir(parents=True)
    (code.parent / "load.py").write_text("")
    (code / "compose.json").write_text("")
    monkeypatch.setattr(readings, "READERS", code.parent)
    reader = Reader()
    RememberedReadings(folder).definitions(COMMIT, "shop", {}, read=reader)
    timestamp = (code / "compose.json").stat().st_mtime_ns + 1_000_000_000
    os.utime(code / "compose.json", ns=(timestamp, timestamp))
    RememberedReadings(folder).definitions(COMMIT, "shop", {}, read=reader)
    assert reader.times == 2


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"definitions": [{"name": "preview"}]}', '{"definitions": [7]}']
)
def test_what_is_broken_is_read_again_and_mended(folder: Path, damage: str) -> None:
    reader = Reader()
    kept = RememberedReadings(folder)
    kept.definitions(COMMIT, "shop", {}, read=reader)
    (file,) = folder.iterdir()
    file.write_text(damage)
    for _time in range(2):
        assert kept.definitions(COMMIT, "shop", {}, read=reader) == DEFINITIONS
    assert reader.times == 2


def test_a_failure_is_not_remembered(folder: Path) -> None:
    def fail() -> tuple[Definition, ...]:
        raise DefinitionError("the file is empty")

    kept = RememberedReadings(folder)
    with pytest.raises(DefinitionError):
        kept.definitions(COMMIT, "shop", {}, read=fail)
    assert kept.definitions(COMMIT, "shop", {}, read=Reader()) == DEFINITIONS


def test_the_oldest_go_first(folder: Path) -> None:
    kept = RememberedReadings(folder)
    for number in range(KEPT_READINGS + 2):
        kept.definitions(f"{number:040x}", "shop", {}, read=Reader())
        newest = max(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        os.utime(newest, ns=(number * 1_000_000_000, number * 1_000_000_000))
    assert len(list(folder.iterdir())) == KEPT_READINGS
    reader = Reader()
    kept.definitions(f"{KEPT_READINGS:040x}", "shop", {}, read=reader)
    assert reader.times == 0
    kept.definitions(f"{0:040x}", "shop", {}, read=reader)
    assert reader.times == 1


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    reader = Reader()
    for _time in range(2):
        found = RememberedReadings(tmp_path / "file" / "readings").definitions(COMMIT, "shop", {}, read=reader)
        assert found == DEFINITIONS
    assert reader.times == 2


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert cache_folder({}) is None
    assert isinstance(remembered_readings({}), ForgottenReadings)
    assert cache_folder({"XDG_CACHE_HOME": "/somewhere"}) == Path("/somewhere/previewer")


def test_a_refusal_names_file_and_line_the_next_time_too(folder: Path) -> None:
    source = MemorySource()
    source.commit("main", {"compose.yaml": "services:\n  web:\n    image: x\n    privileged: true\n"})
    events = []
    for _time in range(2):
        session = memory_session(source=source, readings=RememberedReadings(folder))
        with pytest.raises(PolicyError) as error:
            read_definitions(session, source.resolve("main"))
        events.append((str(error.value), error.value.details, error.value.hint))
    assert events[0] == events[1]
    assert "compose.yaml:4:" in repr(events[1])
    assert len(list(folder.iterdir())) == 1


def test_variables_of_the_settings_count(folder: Path) -> None:
    source = MemorySource()
    source.commit("main", {"compose.yaml": 'services: {web: {image: "x:${TAG}"}}\n'})

    def image(tag: str) -> object:
        settings = replace(Settings(), allowed_variables={"TAG": tag})
        session = memory_session(source=source, settings=settings, readings=RememberedReadings(folder))
        (definition,) = read_definitions(session, source.resolve("main"))
        return definition.services["web"].image

    assert [image("1"), image("2"), image("1")] == ["x:1", "x:2", "x:1"]
