"""One image build: its inputs, its secrets kept out of output, and its failure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from msgspec import Struct, field

from previewer.docker_api.builders.progress import BuildProgress
from previewer.docker_api.errors import FULL_DISK, FULL_DISK_HINT, IMAGE_HINT
from previewer.domain.build import BuildRequirements
from previewer.domain.naming import PINNED_BASE_REPOSITORY
from previewer.errors import BuildError


class ImageBuild(Struct, frozen=True):
    """One build, complete, for whichever builder."""

    reference: str
    """The name that the image gets."""
    dockerfile: bytes
    """The text that is to be followed."""
    dockerfile_path: str
    """Where the text may stand in the context without being in anybody's way."""
    open_context: Callable[[], Iterator[bytes]]
    """The context as a tar stream, without that text. It may be opened again."""
    target: str | None
    args: Mapping[str, str]
    labels: Mapping[str, str]
    platform: str
    use_cache: bool
    requirements: BuildRequirements = field(default_factory=BuildRequirements)


MASK = "***"
SHORTEST = 4
"""Bytes. Shorter values would mask half the output, and are no secret."""


class Redaction:
    """Knows what must not be seen. A step that encodes a secret before it prints it is beyond us."""

    def __init__(self, secrets: Collection[bytes]) -> None:
        texts = {line.strip() for secret in secrets for line in secret.decode("utf-8", "replace").splitlines()}
        self._texts = sorted((text for text in texts if len(text) >= SHORTEST), key=len, reverse=True)

    def line(self, text: str) -> str:
        """``text`` without secrets."""
        for secret in self._texts:
            text = text.replace(secret, MASK)
        return text

    def error(self, error: BuildError) -> BuildError:
        """The same error without secrets."""
        details = tuple(map(self.line, error.details))
        return BuildError(self.line(error.message), where=error.where, hint=error.hint, details=details)


Locate = Callable[[str, str], str]
"""Says where a failed step (or, if that is empty, an error's text) stands in the Dockerfile."""
_EXIT_CODE = re.compile(r"exit code: \d+|returned a non-zero code: \d+")
_WRAPPING = re.compile(
    r"^(?:ERROR: |failed to build: |failed to solve(?: with frontend [\w.]+)?: |rpc error: code = \w+ desc = |"
    r"failed to create LLB definition: )+"
)
OLD_FRONTEND_HINT = (
    "if this is a heredoc, a new instruction or a new flag: the engine's own Dockerfile frontend, which is used "
    "whatever a `# syntax=` line says, is too old for it"
)
HINTS = (
    (FULL_DISK, FULL_DISK_HINT),
    ("unknown instruction", OLD_FRONTEND_HINT),
    ("unknown flag", OLD_FRONTEND_HINT),
    ("requires labs", OLD_FRONTEND_HINT),
    ("requires buildkit", "this engine builds with the classic builder: use one that has BuildKit"),
)
"""By a fragment, in lower case, of what was said; the first that fits counts."""
_STEP_NUMBER = re.compile(r"^\[[^\]]*\] ")


def hint_for(told: str) -> str | None:
    """What to do about a builder's complaint, where that is known."""
    return next((hint for fragment, hint in HINTS if fragment in told.lower()), None)


def build_error(progress: BuildProgress, locate: Locate) -> BuildError:
    """What ended the build that ``progress`` is of."""
    message = _WRAPPING.sub("", progress.error or "the engine ended the build without an image")
    step = _STEP_NUMBER.sub("", progress.failed_step)
    if PINNED_BASE_REPOSITORY in message:  # the builder then asks a registry for it, and tells of that
        return BuildError(
            "a base image was removed from the engine while it was to be built upon",
            where=locate(step, message),
            hint=IMAGE_HINT,
            details=progress.last_lines,
        )
    if step and (code := _EXIT_CODE.search(message)):
        message = f"{step}: {code[0]}"
    return BuildError(
        message,
        where=locate(step, message),
        hint=hint_for("\n".join((message, *progress.last_lines))),
        details=((step,) if step else ()) + progress.last_lines,
    )
