"""``python -m previewer`` and the console script."""

from __future__ import annotations

import gc
import signal
import sys

COLLECT_AFTER = 200_000
"""New objects between two looks for garbage. Python's own 700 makes commands pay a tenth of their start for
looking through modules that never go."""


def main() -> int:
    """Run the command line of this process; the exit code."""
    gc.set_threshold(COLLECT_AFTER)
    from previewer.cli.main import main as run

    code = run()
    # All is done and undone: another Ctrl-C would only make Python complain on its way out.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


if __name__ == "__main__":
    sys.exit(main())
