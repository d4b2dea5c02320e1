"""The sample application itself: its three programs, run from the files that the sample repository has."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.history import write_history
from demo.page import read_page, sign
from tests.free_port import free_port

BRANCH = 'fix/<b>"&</b>'


@dataclass(frozen=True)
class Guestbook:
    """The application, as it runs."""

    url: str
    processes: dict[str, subprocess.Popen[bytes]]
    entries: Path
    """The store's file."""


@pytest.fixture
def guestbook(tmp_path: Path) -> Iterator[Guestbook]:
    write_history(tmp_path / "repository")
    ports = {name: free_port() for name in ("web", "api", "store")}
    environment = {
        "PATH": os.environ["PATH"],
        "API_URL": f"http://127.0.0.1:{ports['api']}",
        "STORE_URL": f"http://127.0.0.1:{ports['store']}",
        "STORE_FILE": str(tmp_path / "entries.jsonl"),
        "PREVIEWER_BRANCH": BRANCH,
        "PREVIEWER_ROLE": "preview",
    }
    processes = {
        name: subprocess.Popen(
            [sys.executable, f"{name}.py"],
            cwd=tmp_path / "repository" / "services" / name,
            env={**environment, "PORT": str(port)},
            stderr=subprocess.DEVNULL,
        )
        for name, port in ports.items()
    }
    try:
        for name, port in ports.items():
            wait_until_healthy(tmp_path / "repository" / "services" / name, port)
        yield Guestbook(f"http://127.0.0.1:{ports['web']}/", processes, tmp_path / "entries.jsonl")
    finally:
        for process in processes.values():
            process.kill()
            process.wait()


def wait_until_healthy(folder: Path, port: int) -> None:
    """Run the health check that the definitions name until it succeeds."""
    deadline = time.monotonic() + 10
    check = [sys.executable, "-IS", "check.py", str(port)]
    while subprocess.run(check, cwd=folder, stderr=subprocess.DEVNULL, check=False).returncode:
        assert time.monotonic() < deadline, f"{folder.name} never becomes healthy"
        time.sleep(0.05)


def test_an_entry_goes_through_all_three(guestbook: Guestbook) -> None:
    assert read_page(guestbook.url).facts["entries"] == "0"
    sign(guestbook.url, guest="Ada", message="<script>alert(1)</script> ☃")
    assert read_page(guestbook.url).facts["entries"] == "1"
    kept = [json.loads(line) for line in guestbook.entries.read_text(encoding="utf-8").splitlines()]
    assert kept == [{"guest": "Ada", "message": "<script>alert(1)</script> ☃"}]
    with urllib.request.urlopen(guestbook.url) as answer:
        assert b"<script>" not in answer.read()


def test_the_page_says_where_it_runs(guestbook: Guestbook) -> None:
    page = read_page(guestbook.url)
    assert page.title == f"Guestbook · {BRANCH}"
    assert page.facts["branch"] == BRANCH
    assert page.facts["role"] == "preview"
    assert page.facts["release"] == "–"
    with urllib.request.urlopen(guestbook.url) as answer:
        assert b"<b>" not in answer.read()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"guest": "x"}', b'{"guest": " ", "message": "x"}'])
def test_half_an_entry_is_refused(guestbook: Guestbook, body: bytes) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{guestbook.url}api/entries", data=body or b" ")
    assert refused.value.code == 400
    assert not guestbook.entries.exists()


def test_the_page_comes_without_the_api(guestbook: Guestbook) -> None:
    guestbook.processes["api"].kill()
    guestbook.processes["api"].wait()
    assert read_page(guestbook.url).facts["api"] == "away"


def test_all_end_at_once_when_told_to(guestbook: Guestbook) -> None:
    for process in guestbook.processes.values():
        process.send_signal(signal.SIGTERM)
    assert [process.wait(timeout=60) for process in guestbook.processes.values()] == [0, 0, 0]
