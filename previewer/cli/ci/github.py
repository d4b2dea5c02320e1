"""Workflow commands and files of GitHub Actions.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from previewer.errors import DefinitionError, PolicyError, PreviewerError

OUTPUT = "GITHUB_OUTPUT"
SUMMARY = "GITHUB_STEP_SUMMARY"
_PLACE = re.compile(r"(?P<file>[^:]+):(?P<line>[0-9]+)(?::(?P<column>[0-9]+))?")
_FINDING = re.compile(rf"{_PLACE.pattern}: (?P<message>.+)")
_OLD_COMMAND = "##["
"""Older runners' commands, which today's still obey wherever they stand in a line."""


class InertStream:
    """A stream on which nothing that others wrote is a command of the runner's."""

    def __init__(self, stream: TextIO) -> None:
        self.raw = stream
        """Where commands of ours go."""

    def write(self, text: str) -> int:
        """Write text, with everything that would be a command as plain words."""
        return self.raw.write("\n".join(map(inert, text.split("\n"))))

    def flush(self) -> None:
        """Hand it over."""
        self.raw.flush()

    def isatty(self) -> bool:
        """A runner's log is no terminal."""
        return False

    def fileno(self) -> int:
        """That of the stream."""
        return self.raw.fileno()


def inert(line: str) -> str:
    """``line`` so that no runner takes it for a command."""
    if line.lstrip().startswith("::"):
        line = line.replace("::", ": :", 1)
    return line.replace(_OLD_COMMAND, "## [") if _OLD_COMMAND in line else line


def command(name: str, message: str, properties: Mapping[str, str | None] | None = None) -> str:
    """``::error file=compose.yaml,line=3::message``."""
    written = [f"{key}={_property(value)}" for key, value in (properties or {}).items() if value]
    return f"::{name}{' ' if written else ''}{','.join(written)}::{_data(message)}"


def error_commands(error: PreviewerError) -> Iterator[str]:
    """An error as commands: one for each place in a definition, else one without a place."""
    places = _places(error) if isinstance(error, DefinitionError | PolicyError) else []
    for place, message in places:
        properties = {
            "file": place["file"],
            "line": place["line"],
            "col": place["column"],
            "title": "previewer",
        }
        yield command("error", message, properties)
    if not places:
        yield command("error", str(error), {"title": "previewer"})


def _places(error: PreviewerError) -> list[tuple[re.Match[str], str]]:
    hint = f"\n{error.hint}" if error.hint else ""
    if (place := _PLACE.fullmatch(error.where or "")) is not None:
        return [(place, error.message + hint)]
    matches = [match for detail in error.details if (match := _FINDING.fullmatch(detail)) is not None]
    return [(match, match["message"]) for match in matches]


def write_outputs(environment: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Set outputs of the step. An unpredictable delimiter keeps values from setting others."""
    if not (path := environment.get(OUTPUT)):
        return
    with Path(path).open("a", encoding="utf-8") as file:
        for name, value in values.items():
            end = f"previewer-{uuid.uuid4().hex}"
            file.write(f"{name}<<{end}\n{value}\n{end}\n")


def write_summary(environment: Mapping[str, str], lines: Sequence[str]) -> None:
    """Add Markdown to the job's page."""
    if not (path := environment.get(SUMMARY)):
        return
    with Path(path).open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines) + "\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
