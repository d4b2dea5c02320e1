"""Keep secrets out of what operations say: one way for events, errors, log lines and texts, shown or kept.

What programs write (builds, services, health checks, the engine that repeats their commands) is shown and kept
without the values of secrets: those of secret files and variables, of variables whose names say that they are
secret, and of passwords in URLs. Whatever hands such text on asks here; `tests/walls` holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from previewer.domain.commit.files import FileTree
from previewer.domain.compose.definition import Definition
from previewer.domain.progress import Event, Noted, TaskFinished, TaskOutput
from previewer.domain.release.release import Release
from previewer.domain.secrecy import is_secret_value, named_secrets, redactor
from previewer.engine.protocol import LogLine, Stream
from previewer.errors import PreviewerError
from previewer.session.release_files import read_content, release_tree
from previewer.session.run import Run
from previewer.session.secrets import knowing
from previewer.session.session import Session

Mask = Callable[[str], str]
"""Replaces the values of secrets in a text."""


@contextmanager
def masking(run: Run, mask: Mask) -> Iterator[Run]:
    """The run to go on with inside the block: its events are masked, as is the error that ends the block."""
    try:
        yield run.reporting_to(lambda event: run.report(_masked(event, mask)))
    except PreviewerError as error:
        mask_error(error, mask)
        raise


def mask_error(error: PreviewerError, mask: Mask) -> None:
    """Mask all that an error says."""
    error.message, error.details = mask(error.message), tuple(map(mask, error.details))
    error.where = mask(error.where) if error.where else error.where
    error.hint = mask(error.hint) if error.hint else error.hint
    error.args = (error.message,)


def mask_of(session: Session, release_id: str) -> Mask:
    """What masks the secrets of a release by its id; nothing is known of one that is not kept here."""
    release = session.known_release(release_id)
    return mask_of_release(session, release) if release is not None else redactor(())


def mask_of_release(session: Session, release: Release) -> Mask:
    """What masks the secrets of a release that can be had here."""
    definitions = (frozen.definition for frozen in release.definitions.values())
    return mask_of_definitions(session, release.commit, definitions)


def mask_of_definitions(session: Session, commit: str, definitions: Iterable[Definition]) -> Mask:
    """What masks the secrets of a commit's definitions: of its files, of variables, of the user's own."""
    found: list[str] = []
    for kept in definitions:
        knows = knowing(session, kept)
        definition = knows.references.resolve(kept)
        found += outside_secrets(knows, kept)
        found += named_secrets(definition)
        found += _secret_contents(knows, commit, definition)
    return redactor(dict.fromkeys(found))


def outside_secrets(session: Session, definition: Definition) -> Iterator[str]:
    """The secret values of variables that a definition refers to: they are in no commit."""
    declared = {name for names in session.settings.secrets.values() for name in names}
    for name, value in session.references.used(definition).items():
        if name in declared or is_secret_value(name, value):
            yield value


class MaskedLines:
    """A stream of log lines without secrets."""

    def __init__(self, lines: Stream[Sequence[LogLine]], mask: Mask) -> None:
        self._lines = lines
        self._mask = mask

    def __iter__(self) -> Iterator[Sequence[LogLine]]:
        for batch in self._lines:
            yield [replace(line, text=self._mask(line.text)) for line in batch]

    def close(self) -> None:
        """End the stream."""
        self._lines.close()


def _secret_contents(session: Session, commit: str, definition: Definition) -> Iterator[str]:
    secrets = definition.served["secrets"]
    if not secrets:
        return
    try:
        tree = release_tree(session, commit)
    except PreviewerError:
        tree = FileTree((), lambda _: b"")  # variables may be known all the same
    for name in secrets:  # those of builds, too
        content = read_content(definition, f"secrets/{name}", tree, session.settings.allowed_variables)
        if content is not None:
            yield content.decode("utf-8", "replace")


def _masked(event: Event, mask: Mask) -> Event:
    if isinstance(event, TaskOutput):
        return replace(event, line=mask(event.line))
    if isinstance(event, TaskFinished):
        return replace(event, detail=mask(event.detail))
    if isinstance(event, Noted):
        return replace(event, message=mask(event.message), hint=mask(event.hint))
    return event
