"""How tests run a command line in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from unittest.mock import patch

from previewer.cli.invocation import OpenSession
from previewer.cli.main import main


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@dataclass(frozen=True)
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str

    def text(self) -> str:
        """All of it, for a golden."""
        return f"exit {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


def run_cli(
    *arguments: str,
    open_session: OpenSession | None = None,
    environment: Mapping[str, str] | None = None,
    terminal: bool = False,
    typed: str = "",
) -> Ran:
    """Run a command line. ``terminal``: all three streams are one; ``typed``: what the user answers."""
    make = Terminal if terminal else io.StringIO
    stdin, out, err = make(typed), make(), make()
    with patch.object(sys, "stdin", stdin), patch.object(sys, "stdout", out), patch.object(sys, "stderr", err):
        code = main(arguments, environment=environment or {}, open_session=open_session)
    return Ran(code, out.getvalue(), err.getvalue())


def failing(error: BaseException) -> OpenSession:
    """A session that cannot be opened, for whatever reason."""

    def fail(path: str | None, *, docker_host: str | None, environment: Mapping[str, str]) -> NoReturn:
        del path, docker_host, environment
        raise error

    return fail
