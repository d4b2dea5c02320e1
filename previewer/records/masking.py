"""Keep secrets out of what operations say: one way for events and errors, wherever they are shown or kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from previewer.domain.progress import Event, Noted, TaskFinished, TaskOutput
from previewer.domain.release.release import Release
from previewer.domain.secrecy import redactor
from previewer.errors import PreviewerError
from previewer.records.tombstones import secrets_of
from previewer.session.run import Run


@contextmanager
def masking(run: Run, release: Release) -> Iterator[Run]:
    """The run to go on with inside the block: values of the release's secrets are masked in what
    containers and engines say, in events as in the error that ends the block."""
    mask = redactor(secrets_of(run.session, release))
    try:
        yield run.reporting_to(lambda event: run.report(_masked(event, mask)))
    except PreviewerError as error:
        mask_error(error, mask)
        raise


def mask_error(error: PreviewerError, mask: Callable[[str], str]) -> None:
    """Mask all that an error says."""
    error.message, error.details = mask(error.message), tuple(map(mask, error.details))
    error.where = mask(error.where) if error.where else error.where
    error.hint = mask(error.hint) if error.hint else error.hint
    error.args = (error.message,)


def _masked(event: Event, mask: Callable[[str], str]) -> Event:
    if isinstance(event, TaskOutput):
        return replace(event, line=mask(event.line))
    if isinstance(event, TaskFinished):
        return replace(event, detail=mask(event.detail))
    if isinstance(event, Noted):
        return replace(event, message=mask(event.message), hint=mask(event.hint))
    return event
