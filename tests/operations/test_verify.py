"""Checking releases: what is missing, what is not as it was frozen, what another build gives."""

from __future__ import annotations

import pytest

from previewer.domain.progress import Noted
from previewer.domain.release.image_comparison import Sameness
from previewer.errors import NotFoundError
from previewer.operations.freeze import freeze
from previewer.operations.verify import VerifyResult, plan_verify, verify
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import memory_session
from previewer.testing.memory.source import MemorySource
from tests.worlds.freeze import Events

COMPOSE = """
services:
  web: {build: web, volumes: ["./etc/motd:/motd:ro"]}
  api: {build: api}
  db: {image: "postgres:16"}
"""
FILES: dict[str, str | bytes] = {
    "compose.yaml": COMPOSE,
    "web/Dockerfile": "FROM python:3.12\nRUN make\n",
    "api/Dockerfile": "FROM python:3.12\nRUN make api\n",
    "etc/motd": "hello\n",
}


def frozen(images: MemoryImages, files: dict[str, str | bytes] | None = None) -> Session:
    """A session with one frozen commit."""
    source = MemorySource()
    source.commit("main", files or FILES)
    session = memory_session(source=source, images=images)
    freeze(Run(session), "main")
    return session


def verified(session: Session, *, rebuild: bool = False) -> VerifyResult:
    return verify(Run(session), "main", rebuild=rebuild)


def test_a_whole_release_is_well_and_builds_nothing() -> None:
    images = MemoryImages()
    session = frozen(images)
    before = len(images.requests)
    found = verified(session)
    assert found.is_well
    assert [(image.service, image.is_present, image.sameness) for image in found.images] == [
        ("api", True, None),
        ("db", True, None),
        ("web", True, None),
    ]
    assert len(images.requests) == before


def test_an_image_that_is_gone_is_said() -> None:
    images = MemoryImages()
    session = frozen(images)
    gone = verified(session).images[0].artifact.image
    images.remove(gone)
    found = verified(session)
    assert not found.is_well
    assert [image.service for image in found.images if not image.is_present] == ["api"]


def test_a_rebuild_builds_all_again_upon_the_recorded_bases_and_leaves_nothing() -> None:
    images = MemoryImages(registry=["python:3.12"])
    session = frozen(images)
    held = dict(images.list_built(session.project))
    found = verified(session, rebuild=True)
    assert found.is_well
    assert {image.service: image.sameness for image in found.images} == {
        "api": Sameness.IDENTICAL,
        "db": None,
        "web": Sameness.IDENTICAL,
    }
    assert all(not request.use_cache for request in images.requests[-2:])
    assert "python:3.12" not in images.pinned[2:], "what the tag means now is not asked"
    assert dict(images.list_built(session.project)) == held


def test_an_image_that_comes_out_otherwise_is_compared_and_removed() -> None:
    images = MemoryImages(unstable=["web"])
    session = frozen(images)
    held = dict(images.list_built(session.project))
    found = {image.service: image for image in verified(session, rebuild=True).images}
    assert found["api"].sameness is Sameness.IDENTICAL
    assert found["web"].sameness is Sameness.EQUAL, "the same files in another package"
    assert found["web"].rebuilt != found["web"].artifact.image
    assert dict(images.list_built(session.project)) == held


def test_a_plan_names_what_is_built_again() -> None:
    session = frozen(MemoryImages())
    (definition,) = verified(session).release.definitions
    assert len(plan_verify(session, "main", rebuild=False)) == 1
    assert [line.split(" again")[0] for line in plan_verify(session, "main", rebuild=True)[1:]] == [
        f"build api ({definition})",
        f"build web ({definition})",
    ]


def test_what_was_never_frozen_cannot_be_verified() -> None:
    source = MemorySource()
    source.commit("main", FILES)
    with pytest.raises(NotFoundError, match="no release"):
        verified(memory_session(source=source))


def test_a_freeze_notes_what_is_built_differently() -> None:
    build = "services: {web: {build: {context: web, args: {MODE: %s}}}}\n"
    source = MemorySource()
    files: dict[str, str | bytes] = {
        "envs/staging.yaml": build % "staging",
        "envs/production.yaml": build % "production",
        "envs/preview.yaml": build % "production",
        "envs/web/Dockerfile": "FROM python:3.12\nARG MODE\nRUN make $MODE\n",
    }
    source.commit("main", files)
    events = Events()
    session = memory_session(source=source)
    freeze(Run(session, events), "main")
    notes = [event.message for event in events.seen if isinstance(event, Noted)]
    assert [note for note in notes if "built differently" in note] == [
        "web is built differently in staging than in preview: build.args"
    ]
