"""The newest run wins: decided on memory, with real threads; between processes on a real repository."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from previewer.deployment.supersede import newest_run
from previewer.domain.cancellation import Cancellation
from previewer.domain.progress import Event, TaskOutput
from previewer.errors import CancelledError, LockedError, SupersededError
from previewer.ledger.git import GitLedger
from previewer.ledger.protocol import RecordKind
from previewer.operations.freeze import freeze
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.source.git import GitSource
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import memory_session
from previewer.testing.memory.source import MemorySource
from tests.source.repository import GitRepository

PATIENCE = 60.0
"""Seconds: a look at a real repository is a git process, and machines that run tests are busy."""
FILES: dict[str, str | bytes] = {
    "compose.yaml": "services: {web: {build: .}}\n",
    "Dockerfile": "FROM python:3.12\nCOPY . /app\n",
}


def make_session(images: MemoryImages) -> tuple[Session, MemorySource]:
    source = MemorySource()
    source.commit("main", {**FILES, "page": "old"})
    return memory_session(source=source, images=images), source


class Freezing(threading.Thread):
    """A freeze in a thread of its own; it waits in its build until it is stopped."""

    def __init__(self, session: Session, revision: str) -> None:
        super().__init__()
        self._session = session
        self._revision = revision
        self.builds = threading.Event()
        self.cancellation = Cancellation()
        self.error: CancelledError | None = None

    def run(self) -> None:
        try:
            freeze(Run(self._session, self._seen, self.cancellation), self._revision)
        except CancelledError as error:
            self.error = error

    def _seen(self, event: Event) -> None:
        if isinstance(event, TaskOutput):
            self.builds.set()


def test_a_newer_commit_of_the_branch_stops_the_running_freeze() -> None:
    images = MemoryImages(slow=["web"])
    session, source = make_session(images)
    older = Freezing(session, "main")
    older.start()
    assert older.builds.wait(10)
    newest = source.commit("main", {**FILES, "page": "new"})
    images.slow.clear()
    result = freeze(Run(session), "main")
    # The newer one is done before the older one has looked once.
    older.join(10)
    assert isinstance(older.error, SupersededError)
    assert newest.short in older.error.message
    assert result.release.commit == newest.id
    assert [release.commit for release in session.ledger.releases()] == [newest.id]
    freeze(Run(session), "main")
    assert session.ledger.record_names(RecordKind.CLAIM) == ()


def test_the_user_s_interruption_is_no_supersession() -> None:
    session, source = make_session(MemoryImages())
    cancellation = Cancellation()

    def be_interrupted() -> None:
        with newest_run(Run(session, cancellation=cancellation), "freeze main", source.resolve("main")) as run:
            cancellation.request()
            run.run.cancellation.check()

    with pytest.raises(CancelledError) as caught:
        be_interrupted()
    assert not isinstance(caught.value, SupersededError)
    assert session.ledger.record_names(RecordKind.CLAIM) == ()


@pytest.mark.parametrize("revision", ["main", "main~1"])
def test_a_run_of_the_same_commit_or_of_no_branch_stops_none(revision: str) -> None:
    session, source = make_session(MemoryImages())
    if revision == "main~1":
        source.commit("main", FILES)
    with (
        newest_run(Run(session), "x", source.resolve("main")) as older,
        newest_run(Run(session), "x", source.resolve(revision)),
    ):
        assert not older.run.cancellation.wait(1.5)


def test_a_successor_waits_for_the_lock_of_the_run_that_it_stopped() -> None:
    session, source = make_session(MemoryImages())
    source.commit("main", FILES)
    held = threading.Event()
    given_back: list[float] = []

    def hold() -> None:
        with newest_run(Run(session), "up shop-main", source.resolve("main~1")):
            pass
        with session.ledger.lock("shop-main", purpose="undo"):
            held.set()
            time.sleep(0.8)
            given_back.append(time.monotonic())

    def take() -> float:
        with session.ledger.lock("shop-main", purpose="up"):
            return time.monotonic()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    with newest_run(Run(session), "up shop-main", source.resolve("main")) as run:
        with pytest.raises(LockedError):
            run.when_unlocked(take)
        run.has_predecessor = True
        assert run.when_unlocked(take) >= given_back[0]
    holder.join()


def test_between_processes_the_newest_push_wins(tmp_path: Path) -> None:
    """Two sessions on one real repository, as two CI jobs would have."""
    repository = GitRepository(tmp_path / "shop")
    repository.commit({**FILES, "page": "old"})
    repository.git("config", "previewer.installation", "0" * 16)

    def open_one(images: MemoryImages) -> Session:
        source = GitSource(repository.path)
        ledger = GitLedger(source.location, installation=source.installation, actor="job")
        return memory_session(source=source, images=images, ledger=ledger)

    with open_one(MemoryImages(slow=["web"])) as first, open_one(MemoryImages()) as second:
        second.new_id()  # ids in memory count from 1 in every session; real ones are random
        older = Freezing(first, "main")
        older.start()
        assert older.builds.wait(PATIENCE)
        repository.commit({"page": "new"})
        newest = freeze(Run(second), "main").release
        older.join(PATIENCE)
        assert isinstance(older.error, SupersededError)
        assert [release.id for release in second.ledger.releases()] == [newest.id]
        # Whichever ended last, the next run leaves nothing behind.
        freeze(Run(second), "main")
        assert second.ledger.record_names(RecordKind.CLAIM) == ()
