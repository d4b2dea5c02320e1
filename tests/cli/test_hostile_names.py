"""Hostile names, in every table: one line a row, nothing that a terminal would obey."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from previewer.cli.json_text import to_json, to_json_rows
from previewer.cli.output import render_table
from previewer.cli.rows.branches import branch_columns, branch_row, joined_columns, joined_row
from previewer.cli.rows.environments import (
    detail_columns,
    environment_columns,
    environment_row,
    service_columns,
    service_row,
    url_columns,
    url_rows,
)
from previewer.cli.rows.history import HISTORY_COLUMNS, history_row
from previewer.cli.rows.project import FILE_COLUMNS, file_rows
from previewer.cli.rows.releases import artifact_columns, artifact_rows, release_columns, release_row
from previewer.domain.commit.revision import Branch
from previewer.domain.engine.observation import Observation, PublishedPort
from previewer.domain.environment.environment import Environment, OverviewRow, list_environments
from previewer.domain.json_value import JsonObject
from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.release import Artifact, FrozenDefinition, Release
from previewer.present.safe_text import cell_width
from previewer.present.tables import Column
from tests.domain.values import COMMIT, NOW, make_container, make_definition, make_ownership

HOSTILE = {
    "markup": "[/foo] [bold red]x[/] {{7*7}} <script>",
    "ansi": "\x1b[31mred\x1b[2J\x1b]0;title\x07\x9b5A",
    "lines": "first\nsecond\r\nthird\x0b\x0c\x85\u2028\u2029",
    "right-to-left": "\u202egnp.exe \u2066\u061cשלום مرحبا",
    "emoji": "🦊👨‍👩‍👧‍👦🏳️‍🌈❤️ 日本語 ｆｕｌｌ",
    "combining": "e\u0301" * 20,
    "bytes": "caf\udce9",
    "long": "x" * 300,
    "tabs": "a\tb\x00c",
    "empty": "",
}
Table = tuple[Sequence[Column], Sequence[JsonObject]]


def _environment(name: str) -> Environment:
    owner = replace(
        make_ownership(name or "e", branch=name), owner=name, project=name, expires_at=NOW + timedelta(hours=1)
    )
    port = PublishedPort(80, "tcp", "127.0.0.1", 8080)
    container = make_container(name or "s", owner=owner, ports=(port,))
    return list_environments(Observation(containers=(replace(container, image=name),)))[0]


def _branch(name: str) -> Branch:
    return Branch(name=name, commit=name, committed_at=NOW, author=name, subject=name)


def _release(name: str) -> Release:
    artifact = Artifact(image=name, platform=name, origin=name, reference=name)
    return Release(name, name, name, NOW, {name: FrozenDefinition(make_definition({}), {name: artifact})})


TABLES: dict[str, Callable[[str], Table]] = {
    "ls": lambda name: (environment_columns(NOW), [environment_row(_environment(name))]),
    "status": lambda name: (detail_columns(NOW), [environment_row(_environment(name))]),
    "services": lambda name: (service_columns(), [service_row(s) for s in _environment(name).services]),
    "up": lambda name: (url_columns(), url_rows(_environment(name))),
    "branches": lambda name: (branch_columns(NOW), [branch_row(_branch(name))]),
    "joined": lambda name: (joined_columns(NOW), [joined_row(OverviewRow(_branch(name), _environment(name)))]),
    "releases": lambda name: (release_columns(NOW), [{**release_row(_release("x")), "definitions": [name, name]}]),
    "freeze": lambda name: (artifact_columns(), artifact_rows(_release(name))),
    "history": lambda name: (
        HISTORY_COLUMNS,
        [history_row(LedgerEntry(name, NOW, name, name, name, COMMIT, name))],
    ),
    "init": lambda name: (FILE_COLUMNS, file_rows(written=[name], kept=(), planned=())),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("width", [None, 80, 120])
def test_tables_stay_tables(table: str, kind: str, width: int | None) -> None:
    columns, rows = TABLES[table](HOSTILE[kind])
    header, *lines = render_table(columns, rows, colour=False, width=width)
    assert len(lines) == len(rows) == 1
    assert header.split()
    assert "\u202e" not in lines[0]
    assert not [character for character in lines[0] if ord(character) < 32 or 0x7F <= ord(character) < 0xA0]
    if width is None:
        assert "…" not in lines[0]
    else:
        assert cell_width(lines[0]) <= max(width, 9 * len(columns) + 30)


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("table", TABLES)
def test_json_escapes_and_keeps(table: str, kind: str) -> None:
    import json

    _columns, rows = TABLES[table](HOSTILE[kind])
    text = to_json_rows(rows)
    assert text != to_json(list(rows))
    assert json.loads(text) == json.loads(json.dumps(rows))
    assert not [
        c for c in text if c != "\n" and (ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000)
    ]


@pytest.mark.parametrize("table", TABLES)
def test_every_column_has_its_key_in_the_rows(table: str) -> None:
    columns, rows = TABLES[table]("main")
    assert [column.key for column in columns if column.key not in rows[0]] == []
    assert all(key == key.lower() and key.isidentifier() for key in rows[0])
