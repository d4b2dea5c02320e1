"""``python -m previewer`` and the console script."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

COLLECT_AFTER = 200_000
"""New objects between two looks for garbage. Python's own 700 makes commands pay a tenth of their start for
looking through modules that never go."""


def main() -> NoReturn:
    """Run the command line of this process, and end it."""
    code = run()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # whom it could be told has left
            stream.flush()
    if sys.gettrace() is None and sys.getprofile() is None:
        # Python would take its modules apart one by one, a seventh of a short command's
        # time, for the memory that the end of the process gives back anyway.
        os._exit(code)
    sys.exit(code)


def run() -> int:
    """Run the command line of this process; the exit code."""
    gc.set_threshold(COLLECT_AFTER)
    _open_what_is_closed()
    from previewer.cli.main import main as run_command_line

    code = run_command_line()
    # Nothing is under way any more: another Ctrl-C would only make Python complain on its way out.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


def _open_what_is_closed() -> None:
    """A process that was started without standard streams (``>&-``) reads and writes nothing there.

    Not by pathlib, which takes time to load.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


if __name__ == "__main__":
    main()
