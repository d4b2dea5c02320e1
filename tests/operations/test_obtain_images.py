"""Images that are gone come back by digest, or an error says before any pull that they are nowhere."""

from __future__ import annotations

import pytest
from msgspec import structs

from previewer.domain.progress import Event, TaskStarted
from previewer.domain.release.registry_address import parse_address
from previewer.domain.release.release import Artifact, Release
from previewer.errors import FreezeError, NotFoundError
from previewer.releases.obtain_images import obtain_images
from previewer.releases.registry_access import note_push, pushed_images
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import memory_session
from tests.ledger.test_contract import make_release

ADDRESS = parse_address("r.io/shop@sha256:" + "f" * 64)
BUILT = Artifact("sha256:" + "a" * 64, "linux/amd64", "direct", "previewer/shop/web:1", input_digest="sha256:1")
PINNED = Artifact("sha256:" + "b" * 64, "linux/amd64", "registry", "db:1", repository_digest="db@sha256:2")


def release_of(*artifacts: Artifact) -> Release:
    release = make_release("c" * 40)
    frozen = release.definitions["preview"]
    services = {str(number): artifact for number, artifact in enumerate(artifacts)}
    return structs.replace(release, definitions={"preview": structs.replace(frozen, artifacts=services)})


def place(digits: str) -> str:
    return str(ADDRESS.by_digest(f"sha256:{digits * 64}"))


def obtain(session: Session, release: Release, events: list[Event] | None = None) -> int:
    return obtain_images(
        Run(session, (events if events is not None else []).append),
        release,
    )


def test_a_pinned_image_is_pulled_from_where_it_was_pinned() -> None:
    images = MemoryImages()
    images.pushed["db@sha256:2"] = PINNED.image
    session, release, events = memory_session(images=images), release_of(PINNED), list[Event]()
    assert obtain(session, release, events) == 1
    assert images.missing([PINNED.image]) == frozenset()
    assert [event.task for event in events if isinstance(event, TaskStarted)] == ["pull db:1"]
    assert obtain(session, release) == 0


def test_a_built_image_is_pulled_from_where_the_release_was_pushed() -> None:
    images = MemoryImages()
    images.pushed[place("1")] = BUILT.image
    images.pushed["db@sha256:2"] = PINNED.image
    session, release = memory_session(images=images), release_of(BUILT, PINNED)
    note_push(session, release, ADDRESS, {BUILT.image: "sha256:" + "1" * 64})
    assert pushed_images(session, release.id) == {BUILT.image: place("1")}
    assert obtain(session, release) == 2
    assert images.missing([BUILT.image, PINNED.image]) == frozenset()


def test_what_is_nowhere_is_told_before_anything_is_pulled() -> None:
    images = MemoryImages()
    images.pushed["db@sha256:2"] = PINNED.image
    session, events = memory_session(images=images), list[Event]()
    with pytest.raises(NotFoundError, match="1 image of release") as caught:
        obtain(session, release_of(BUILT, PINNED), events)
    assert caught.value.where == "previewer/shop/web:1"
    assert events == []
    assert pushed_images(session, "sha256:" + "0" * 64) == {}


def test_another_image_is_refused() -> None:
    images = MemoryImages()
    images.pushed["db@sha256:2"] = BUILT.image
    with pytest.raises(FreezeError, match="another image"):
        obtain(memory_session(images=images), release_of(PINNED))
