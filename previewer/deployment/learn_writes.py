"""Learn what a fresh generation of a release writes, so that it is not taken for drift."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from previewer.background import begin
from previewer.domain.drift.file_places import ENGINES_OWN, NOISE, place_of
from previewer.domain.environment.environment import SERVING, Environment
from previewer.domain.release.release import Release
from previewer.engine.protocol import EXAMINATION
from previewer.errors import PreviewerError
from previewer.session.session import Session

if TYPE_CHECKING:
    pass


def begin_learning(session: Session, environment: Environment, release: Release) -> Callable[[], None]:
    """Begin to list what ``environment``, which has just become healthy, has written so far.

    What is returned keeps it with the release. Nothing is learnt of one that was touched meanwhile, and a failure
    to learn fails nothing else.
    """
    if environment.state not in SERVING or EXAMINATION in session.engine.capabilities.missing:
        return lambda: None
    containers = [container.id for service in environment.services for container in service.containers]
    examiner = session.examiner
    changes = begin(lambda: examiner.file_changes(containers), name="previewer-writes")

    def learn() -> None:
        with suppress(PreviewerError):
            found = changes.result()
            if any(_is_news(change.path) for listed in found.values() for change in listed):
                from previewer.deployment.start_writes import keep_writes  # seldom needed, and brings drift along

                keep_writes(session, environment, release, found)

    return learn


def _is_news(path: str) -> bool:
    """Whether it is neither the engine's nor what any program writes; folders that hold it are judged later."""
    own = any(path == place or path.startswith(f"{place}/") for place in ENGINES_OWN)
    return not own and place_of(path).kind != NOISE
