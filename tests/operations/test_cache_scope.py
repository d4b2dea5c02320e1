"""What was built with caches that others write to is not taken for what was built with one's own."""

from __future__ import annotations

from previewer.domain.release.release import Artifact
from previewer.operations.freeze import freeze
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import memory_session
from previewer.testing.memory.source import MemorySource


def built_from(session: Session, revision: str) -> Artifact:
    result = freeze(Run(session, lambda _event: None), revision)
    (artifact,) = result.release.artifacts
    return artifact


def test_no_image_goes_from_one_trust_to_another_if_its_build_mounts_a_cache() -> None:
    source = MemorySource()
    compose = "services:\n  web: {build: .}\n"
    for branch in ("main", "evil", "other"):
        for name, run in (("plain", "RUN make"), ("caching", "RUN --mount=type=cache,target=/c make")):
            files = {"compose.yaml": compose, "Dockerfile": f"FROM base\n{run}\n"}
            source.commit(branch, files, subject=name)
    session = memory_session(source=source, images=MemoryImages())
    plain = {built_from(session, f"{branch}~1").input_digest for branch in ("main", "evil", "other")}
    caching = {branch: built_from(session, branch) for branch in ("main", "evil", "other")}
    assert len(plain) == 1
    assert caching["evil"].input_digest == caching["other"].input_digest
    assert caching["main"].input_digest != caching["evil"].input_digest
    assert caching["main"].cache_scope == session.cache_scope(
        branch="main", commit=source.resolve("main").commit.id
    )


def test_a_release_of_the_very_commit_is_not_reused_by_a_branch_of_other_trust() -> None:
    source = MemorySource()
    dockerfile = "FROM base\nRUN --mount=type=cache,target=/c x\n"
    source.commit("main", {"compose.yaml": "services:\n  web: {build: .}\n", "Dockerfile": dockerfile})
    session = memory_session(source=source, images=MemoryImages())
    by_id = built_from(session, source.resolve("main").commit.id)
    assert built_from(session, "main").input_digest != by_id.input_digest
