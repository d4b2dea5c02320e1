"""Run one command and print what it took: a small process, with nothing imported that it can do without.

The kernel counts what the parent held at the fork towards a child's peak memory, so the parent has to be tiny.
``python -I -S launch.py COMMAND…`` prints seconds, CPU seconds, peak KiB and the exit code, on one line.
"""

from __future__ import annotations

import os
import sys
import time


def main() -> None:
    """Launch what the arguments say; its output goes nowhere, its complaints to ours."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    begun = time.perf_counter()
    child = os.posix_spawnp(
        sys.argv[1],
        sys.argv[1:],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 0), (os.POSIX_SPAWN_DUP2, nowhere, 1)],
    )
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - begun
    peak = usage.ru_maxrss // 1024 if sys.platform == "darwin" else usage.ru_maxrss
    print(seconds, usage.ru_utime + usage.ru_stime, peak, os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
