"""What was measured, as a value that is kept, and as text."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measure import Measured
from benchmarks.workplace import COMPOSE
from previewer.docker_api.connection import DockerConnection


@dataclass(frozen=True, slots=True)
class Line:
    """One subject of a comparison."""

    subject: str
    seconds: float
    cpu_seconds: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was counted or measured, with its unit."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Result:
    """One comparison; ours is the first line. Or a course, whose lines follow each other; or a trial's figures."""

    name: str
    title: str
    rounds: int
    lines: tuple[Line, ...]
    is_compared: bool = True
    figures: tuple[Figure, ...] = ()


def result_of(name: str, title: str, measured: Sequence[Measured], *, is_compared: bool = True) -> Result:
    """The medians."""
    lines = tuple(
        Line(one.name, round(one.seconds, 4), round(one.cpu_seconds, 4), round(one.peak_mib, 1))
        for one in measured
    )
    return Result(name, title, len(measured[0].samples), lines, is_compared)


def describe_machine(connection: DockerConnection) -> Mapping[str, str | int]:
    """What the numbers depend on, and nothing that tells whose machine it is."""
    version = connection.version
    return {
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "engine": f"Docker {version.version} (API {version.api_version})",
        "compose": _first_line([str(COMPOSE), "version", "--short"]),
        "git": _first_line(["git", "--version"]).removeprefix("git version "),
        "python": platform.python_version(),
    }


def as_text(results: Iterable[Result]) -> str:
    """Aligned lines for a terminal. The ratio is of ours to that line: below 1 we are faster."""
    found = [f"{'':<34}{'seconds':>9}{'ours/it':>9}{'CPU s':>9}{'ours/it':>9}{'MiB':>8}"]
    for result in results:
        found += ["", result.title if result.figures else f"{result.title} ({result.rounds} rounds)"]
        found += [f"  {figure.name:<48}{figure.value:>12}" for figure in result.figures]
        for line, ratio, cpu_ratio in _with_ratios(result):
            found.append(
                f"  {line.subject:<32}{line.seconds:>9.3f}{ratio:>9}{line.cpu_seconds:>9.3f}{cpu_ratio:>9}"
                f"{line.peak_mib:>8.1f}"
            )
    return "\n".join(found)


def as_markdown(results: Iterable[Result]) -> str:
    """Tables for the documentation: of what is told in seconds, and of other figures."""
    listed = tuple(results)
    rows = ["| | seconds | ours/it | CPU seconds | ours/it | peak MiB |", "|---|---:|---:|---:|---:|---:|"]
    for result in (result for result in listed if result.lines):
        rows.append(f"| **{result.title}** | | | | | |")
        rows.extend(
            f"| `{line.subject}` | {line.seconds:.3f} | {ratio} | {line.cpu_seconds:.3f} | {cpu_ratio} | "
            f"{line.peak_mib:.0f} |"
            for line, ratio, cpu_ratio in _with_ratios(result)
        )
    others = tuple(result for result in listed if result.figures)
    rows += ["", "| | |", "|---|---:|"] if others else []
    for result in others:
        rows.append(f"| **{result.title}** | |")
        rows.extend(f"| {figure.name} | {figure.value} |" for figure in result.figures)
    return "\n".join(rows)


def save(path: Path, machine: Mapping[str, str | int], results: Iterable[Result]) -> None:
    """Write ``results.json``."""
    value = {"machine": machine, "comparisons": [_as_json(result) for result in results]}
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def load(path: Path) -> tuple[Result, ...]:
    """What was kept; nothing where there is no file yet."""
    if not path.exists():
        return ()
    return tuple(
        Result(
            name=entry["name"],
            title=entry["title"],
            rounds=entry["rounds"],
            lines=tuple(Line(**line) for line in entry["lines"]),
            is_compared=entry.get("is_compared", True),
            figures=tuple(Figure(**figure) for figure in entry.get("figures", ())),
        )
        for entry in json.loads(path.read_text(encoding="utf-8"))["comparisons"]
    )


def _with_ratios(result: Result) -> list[tuple[Line, str, str]]:
    ours = next(iter(result.lines), None)
    return [
        (line, "", "")
        if ours is None or line is ours or not result.is_compared
        else (line, _ratio(ours.seconds, line.seconds), _ratio(ours.cpu_seconds, line.cpu_seconds))
        for line in result.lines
    ]


def _ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.2f}" if theirs else ""


def _as_json(result: Result) -> Mapping[str, object]:
    return {
        "name": result.name,
        "title": result.title,
        "rounds": result.rounds,
        "is_compared": result.is_compared,
        "lines": [
            {
                "subject": line.subject,
                "seconds": line.seconds,
                "cpu_seconds": line.cpu_seconds,
                "peak_mib": line.peak_mib,
            }
            for line in result.lines
        ],
        **({"figures": [asdict(figure) for figure in result.figures]} if result.figures else {}),
    }


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip().partition("\n")[0]
