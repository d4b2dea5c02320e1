"""Print the address of a Docker engine that answers, as for ``DOCKER_HOST``, starting one where that is allowed.

Run as ``python3 -m scripts.ensure_engine``. Standard output has the address and nothing else. Exit code 3 where
there is no engine; standard error then says what to do. An engine that this starts keeps running.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from scripts.local_engine.decision import NoEngine, StartEngine, UseEngine, decide
from scripts.local_engine.endpoint import list_endpoints
from scripts.local_engine.machine import this_machine
from scripts.local_engine.paths import EnginePaths
from scripts.local_engine.probe import answers
from scripts.local_engine.start import StartFailedError, start_engine

NO_ENGINE = 3
"""The exit code where no engine answers and none could be started."""


def ensure_engine(paths: EnginePaths, *, may_start: bool = True) -> str | None:
    """The address of an engine that answers; ``None`` where there is none, which standard error then explains."""
    decision = decide(list_endpoints(os.environ, Path.home()), answers, this_machine(), own_host=paths.host)
    if isinstance(decision, StartEngine) and not may_start:
        decision = NoEngine("no Docker engine answers", "run this without --no-start to start one")
    if isinstance(decision, UseEngine):
        return decision.endpoint.host
    if isinstance(decision, StartEngine):
        try:
            start_engine(decision, paths, say)
        except StartFailedError as error:
            say(f"the Docker engine could not be started: {error}")
            return None
        return paths.host
    say(f"{decision.message}\n  hint: {decision.hint}")
    return None


def say(line: str) -> None:
    """Tell the user."""
    print(f"engine: {line}", file=sys.stderr, flush=True)


def main() -> int:
    """The command."""
    usual = EnginePaths()
    parser = argparse.ArgumentParser(prog="python3 -m scripts.ensure_engine", description=__doc__)
    parser.add_argument("--no-start", action="store_true", help="only look for an engine")
    for name in ("socket", "pid-file", "exec-root", "data-root", "log"):
        default = getattr(usual, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=Path, default=default, help=f"of an engine to start ({default})")
    chosen = parser.parse_args()
    paths = EnginePaths(
        socket=chosen.socket,
        pid_file=chosen.pid_file,
        exec_root=chosen.exec_root,
        data_root=chosen.data_root,
        log=chosen.log,
    )
    host = ensure_engine(paths, may_start=not chosen.no_start)
    if host is None:
        return NO_ENGINE
    print(host)
    return 0


if __name__ == "__main__":
    sys.exit(main())
