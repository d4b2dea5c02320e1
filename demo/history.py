"""The sample repository, with the same commit ids each time it is made for the same base image.

    python -m demo.history FOLDER [BASE_IMAGE]

The files come from ``demo/app``; ``demo/changes`` holds what each commit beside the main line replaces.
The whole history is one stream for ``git fast-import``, so no setting of the user's git can change it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
APP = HERE / "app"
SHARED = APP / "shared"
CHANGES = HERE / "changes"

DEFAULT_BASE = "python:3.13-alpine"
"""What the Dockerfiles in ``demo/app`` are built from."""

FIRST_DAY = datetime(2025, 9, 1, 9, 0, tzinfo=UTC)

ADA = "Ada Okafor <ada@guestbook.example>"
BEN = "Ben Lindqvist <ben@guestbook.example>"
MEI = "Mei Tanaka <mei@guestbook.example>"

HOSTILE_SUBJECT = "[/red] x \x1b[31mred\x1b[0m \x1b]0;title\x07 🎉 [bold]not bold"


@dataclass(frozen=True)
class Step:
    """One commit."""

    branch: str
    day: float
    """After :data:`FIRST_DAY`."""
    author: str
    subject: str
    files: Mapping[str, Path]
    """What it adds or replaces: path in the repository to where the content is read."""
    start: str | None = None
    """The branch or tag that a new branch begins at."""
    tag: str | None = None
    """Set on this commit."""


def app_files(*prefixes: str) -> dict[str, Path]:
    """The files of ``demo/app`` whose path starts with one of ``prefixes``.

    Each service has its own copy of what they share.
    """
    found: dict[str, Path] = {}
    for path in sorted(APP.rglob("*")):
        name = path.relative_to(APP).as_posix()
        if not path.is_file() or "__pycache__" in path.parts or SHARED in path.parents:
            continue
        found[name] = path
        if path.name == "Dockerfile":
            found |= {f"{Path(name).parent.as_posix()}/{shared.name}": shared for shared in SHARED.glob("*.py")}
    return {name: path for name, path in sorted(found.items()) if name.startswith(prefixes)}


def changed_files(change: str, *prefixes: str) -> dict[str, Path]:
    """The files below ``demo/changes/CHANGE`` whose path starts with one of ``prefixes``."""
    folder = CHANGES / change
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path for name, path in found.items() if name.startswith(prefixes or "")}


def steps() -> tuple[Step, ...]:
    """The commits, oldest first."""
    first_version = changed_files("v1.0.0")
    second_version = {name: APP / name for name in first_version}
    services = app_files("services/", "compose.yaml") | first_version
    look, words = (changed_files("dark-theme", f"services/web/{name}") for name in ("theme.css", "site.json"))
    return (
        Step("main", 0, ADA, "Page, API and store", services),
        Step("main", 3, ADA, "Say how a preview runs", app_files("envs/preview.yaml")),
        Step("main", 9, MEI, "Say how staging and production run", app_files("envs/"), tag="v1.0.0"),
        Step("main", 17, BEN, "Welcome guests, and count their entries", second_version, tag="v1.1.0"),
        Step("release/1.1", 20, MEI, "1.1.1", changed_files("release-1.1"), start="v1.1.0"),
        Step("main", 24, ADA, "Tell newcomers where to look", app_files("README.md")),
        Step("feature/dark-theme", 25, BEN, "Give the page a night look", look, start="main"),
        Step("feature-a", 26, ADA, "Try a welcome with a dash", changed_files("feature-a"), start="main"),
        Step("feature/a", 26.2, MEI, "Try a welcome with a slash", changed_files("feature-slash-a"), start="main"),
        Step("feature/dark-theme", 27, BEN, "Speak quietly at night", words),
        Step("feature/guest-count", 29, MEI, "Count the guests too", changed_files("guest-count"), start="main"),
        Step(
            "fix/store-port",
            29.5,
            ADA,
            "Let the store listen where it is told",
            changed_files("store-port"),
            start="main",
        ),
        Step("fix/hostile-subject", 30, BEN, HOSTILE_SUBJECT, changed_files("hostile-subject"), start="main"),
    )


def import_stream(base_image: str, first_day: datetime) -> Iterator[bytes]:
    """The history as ``git fast-import`` reads it (git-fast-import(1), "Input format")."""
    places: dict[str, int] = {}
    for mark, step in enumerate(steps(), start=1):
        person = f"{step.author} {int((first_day + timedelta(days=step.day)).timestamp())} +0000"
        yield f"commit refs/heads/{step.branch}\nmark :{mark}\n".encode()
        yield f"author {person}\ncommitter {person}\n".encode() + data(step.subject.encode())
        if step.start:
            yield f"from :{places[step.start]}\n".encode()
        for name, source in sorted(step.files.items()):
            content = source.read_bytes()
            if name.endswith("Dockerfile"):
                content = content.replace(f"FROM {DEFAULT_BASE}".encode(), f"FROM {base_image}".encode())
            yield f"M 100644 inline {name}\n".encode() + data(content)
        places[step.branch] = mark
        if step.tag:
            places[step.tag] = mark
            yield f"tag {step.tag}\nfrom :{mark}\ntagger {person}\n".encode() + data(step.tag.encode())


def data(content: bytes) -> bytes:
    """A ``data`` command of the stream."""
    return b"data %d\n%b\n" % (len(content), content)


def write_history(folder: Path, *, base_image: str = DEFAULT_BASE, last_day: datetime | None = None) -> None:
    """Make the repository in ``folder``, which is created, with ``main`` checked out.

    Commit ids are the same each time unless ``last_day``, the time of the last commit, is given.
    Raises :class:`subprocess.CalledProcessError` where git fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--template=", "--initial-branch=main", "--object-format=sha1")
    first_day = last_day - timedelta(days=max(step.day for step in steps())) if last_day else FIRST_DAY
    git(folder, "fast-import", "--quiet", stdin=b"".join(import_stream(base_image, first_day)))
    git(folder, "checkout", "--quiet", "--force", "main")


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    """What git prints, run in ``folder`` without user settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], input=stdin, stdout=subprocess.PIPE, env=environment, check=True
    )
    return done.stdout.decode("utf-8", "surrogateescape")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m demo.history", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("base_image", nargs="?", default=DEFAULT_BASE)
    options = parser.parse_args()
    write_history(options.folder, base_image=options.base_image)
