"""What programs of a release write as they start, kept with the release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from previewer.deployment.definition import new_secrecy
from previewer.deployment.drift import written_contents
from previewer.deployment.frozen_environment import freeze_environment, read_start_writes
from previewer.domain.drift.file_places import VARIES, StartWrites, may_go_on
from previewer.domain.drift.judge import judge_environment, pair_containers
from previewer.domain.drift.judge_files import is_natural, undeclared_changes
from previewer.domain.engine.examination import FileChange
from previewer.domain.environment.environment import Environment
from previewer.domain.release.release import Release
from previewer.domain.stored import to_bytes
from previewer.ledger.protocol import RecordKind
from previewer.session.session import Session


def keep_writes(
    session: Session, environment: Environment, release: Release, changes: Mapping[str, Sequence[FileChange]]
) -> None:
    """Keep the contents of what the engine lists as changed with ``release``, unless something else changed it."""
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
