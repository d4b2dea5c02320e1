"""Learn what a fresh generation of a release writes, so that it is not taken for drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    from previewer.domain.drift.file_places import StartWrites
    from previewer.domain.engine.examination import FileChange


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
                _learn(session, environment, release, found)

    return learn


def _is_news(path: str) -> bool:
    """Whether it is neither the engine's nor what any program writes; folders that hold it are judged later."""
    own = any(path == place or path.startswith(f"{place}/") for place in ENGINES_OWN)
    return not own and place_of(path).kind != NOISE


def _learn(
    session: Session, environment: Environment, release: Release, changes: Mapping[str, Sequence[FileChange]]
) -> None:
    from previewer.deployment.definition import new_secrecy
    from previewer.deployment.drift import written_contents
    from previewer.deployment.frozen_environment import freeze_environment, read_start_writes
    from previewer.domain.drift.file_places import VARIES, may_go_on
    from previewer.domain.drift.judge import judge_environment, pair_containers
    from previewer.domain.drift.judge_files import is_natural, undeclared_changes
    from previewer.domain.stored import to_bytes
    from previewer.ledger.protocol import RecordKind

    examiner = session.examiner
    seen = examiner.examine(session.source.installation, environment=environment.name)
    frozen = freeze_environment(session, examiner, environment, seen, release=release, entries=())
    pairs = [(wanted, live) for wanted, live in pair_containers(frozen, seen) if live is not None]
    definition = environment.ownership.definition or ""
    known: StartWrites = read_start_writes(session, release.id, definition)
    learnt = known
    for wanted, live in pairs:
        allowed = (*live.mounted, *wanted.copied, *wanted.writable)
        found = undeclared_changes(changes.get(live.id, ()), allowed=allowed)
        written = written_contents(examiner, live.id, [change for change in found if not is_natural(change)])
        told = {path: digest for path, digest in written.items() if digest != VARIES or may_go_on(path)}
        learnt = learnt.joined({wanted.service: told} if told else {})
    # Looked for last, so that whatever was touched before its content was read is seen.
    happenings = examiner.past_events(frozen.begun)
    judged = judge_environment(frozen, seen, changes={}, happenings=happenings, secrecy=new_secrecy(session))
    if learnt == known or any(finding.taints for finding in judged):
        return
    name = release.id.removeprefix("sha256:")
    files = dict(session.ledger.load_record(RecordKind.START_WRITES, name) or {})
    files[f"{definition}.json"] = to_bytes(learnt)
    session.ledger.store_record(RecordKind.START_WRITES, name, files, at=session.clock())
