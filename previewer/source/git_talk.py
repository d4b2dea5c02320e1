"""Let git talk to another machine, which may not answer for long, and end it whenever somebody asks."""

from __future__ import annotations

import subprocess
import threading
from io import BytesIO

from previewer.domain.cancellation import Cancellation
from previewer.errors import SourceError
from previewer.source.git_command import GitAnswer, GitCommand

LONGEST = 900.0
"""Seconds that the other machine has; the first fetch of a large repository takes its time."""
_LAST_WORDS = 1.0
"""Seconds that are waited for complaints of a git that has ended: what it has started may still hold its pipe."""


def talk(command: GitCommand, *arguments: str, cancellation: Cancellation, seconds: float = LONGEST) -> GitAnswer:
    """Run git to its end, whatever its exit code; its output is not kept.

    Raises :class:`CancelledError` as soon as ``cancellation`` is requested, and :class:`SourceError` after
    ``seconds``. Git is ended then; a transport of its own that hangs notices when its connection ends.
    """
    process = command.open(*arguments)
    complaints: list[bytes] = []
    reader = threading.Thread(target=_read, args=(process, complaints), name="previewer-git", daemon=True)
    reader.start()
    forget = cancellation.on_request(process.terminate)
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.wait()
        raise SourceError(f"git {arguments[0]} did not come to its end within {seconds:g} seconds") from error
    finally:
        forget()
        reader.join(timeout=_LAST_WORDS)
    cancellation.check()
    return GitAnswer(code, b"", b"".join(complaints).decode("utf-8", "replace").strip())


def _read(process: subprocess.Popen[bytes], complaints: list[bytes]) -> None:
    """Until all who hold the pipe have ended: a pipe that nobody reads would stop git."""
    with process.stderr or BytesIO() as stream:
        complaints.extend(iter(stream.readline, b""))
