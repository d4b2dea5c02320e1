"""``make demo``: two branches of a sample application side by side on a real engine, then nothing left of them.

With a terminal it opens previewer's interface on them; without one it goes through by itself and ends with 0.
Whatever ends it, Ctrl-C and SIGTERM included, everything that it made is removed, and that is checked.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType

from demo.base_image import BaseImage, NoBaseImageError, ensure_base_image, remove_image
from demo.history import write_history
from demo.leftovers import PROJECT_NAME, count_leftovers, remove_leftovers
from demo.page import read_page, sign
from demo.product import CommandFailedError, Product, UpFacts
from scripts.ensure_engine import NO_ENGINE, ensure_engine
from scripts.local_engine.paths import EnginePaths

BRANCHES = ("main", "feature/dark-theme")
FOLDER_PREFIX = "previewer-demo-"
SHOWN_FACTS = ("branch", "commit", "environment", "role", "release", "web", "api", "entries")


class NotTidyError(Exception):
    """The product's own commands have left something on the engine."""


class StoppedError(BaseException):
    """A signal asks the demo to end; like :class:`KeyboardInterrupt`, it is not to be caught on the way."""


def main() -> int:
    """The command."""
    argparse.ArgumentParser(prog="python -m demo.run", description=__doc__).parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    host = ensure_engine(EnginePaths())
    if host is None:
        return NO_ENGINE
    os.environ["DOCKER_HOST"] = host
    os.environ.setdefault("PREVIEWER_ROUTER", "off")  # the guide asks its pages from here, by address
    with only_one_demo() as alone:
        if not alone:
            say("another demo is running; try again when it has ended")
            return 1
        sweep(host)
        try:
            show(host)
        except (KeyboardInterrupt, StoppedError):
            say("interrupted")
            return 130
        except (CommandFailedError, NoBaseImageError, NotTidyError, OSError) as error:
            say(str(error))
            return 1
    return 0


def show(host: str) -> None:
    """The demo itself."""
    with open_demo(host) as product:
        compare(tuple(product.up(branch) for branch in BRANCHES))
        product.show_environments()
        if sys.stdin.isatty() and sys.stdout.isatty():
            product.open_interface()


@contextmanager
def open_demo(host: str, *, last_day: datetime | None = None) -> Iterator[Product]:
    """The product on a new sample repository, its history ending on ``last_day``; removes everything afterwards.

    Raises :class:`NotTidyError` where something was left, and had to be removed by label.
    """
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    product = Product(folder / PROJECT_NAME)
    base: BaseImage | None = None
    try:
        base = ensure_base_image(host)
        say(f"base image: {base.reference}{', made from the Python of this machine' if base.made_here else ''}")
        write_history(product.repository, base_image=base.reference, last_day=last_day)
        say(f"sample repository: {product.repository}")
        yield product
    finally:
        with undisturbed():
            is_clean = tear_down(host, product, base)
            shutil.rmtree(folder, ignore_errors=True)
        if not is_clean:
            raise NotTidyError("something was left, and had to be removed by label")


def compare(environments: tuple[UpFacts, ...]) -> None:
    """Print what the pages of the environments say; the first is signed before, to see who notices."""
    urls = [environment.urls["web"][0] for environment in environments]
    sign(urls[0], guest="Ada", message="Only this environment keeps this line.")
    pages = [read_page(url) for url in urls]
    rows = [("url", urls), ("title", [page.title for page in pages])]
    rows += [(name, [page.facts.get(name, "–")[:40] for page in pages]) for name in SHOWN_FACTS]
    print()
    for name, cells in rows:
        print(f"  {name:<12}", *(f"{cell:<44}" for cell in cells))
    print(flush=True)
    if len({page.title for page in pages}) != len(pages) or pages[0].facts["entries"] == pages[1].facts["entries"]:
        raise CommandFailedError("the two environments are not two: their pages do not differ")


def tear_down(host: str, product: Product, base: BaseImage | None) -> bool:
    """Remove everything with the product's own commands and prove it; what they leave is removed by label."""
    say("removing everything")
    tidy = True
    if product.repository.exists():
        for remove in (product.down_all, product.prune):
            try:
                remove()
            except CommandFailedError as error:
                say(str(error))
                tidy = False
    if base is not None and base.is_new:
        remove_image(host, base.reference)
    left = count_leftovers(host)
    say("left on the engine: " + ", ".join(f"{number} {kind}" for kind, number in left.items()))
    if any(left.values()):
        remove_leftovers(host)
        tidy = False
    return tidy


def sweep(host: str) -> None:
    """Remove what a demo that was killed has left on the engine and in the folder for temporary files."""
    if any(count_leftovers(host).values()):
        say("removing what an earlier demo has left")
        remove_leftovers(host)
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*/"):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def only_one_demo() -> Iterator[bool]:
    """Whether no other demo of this user runs; none starts meanwhile."""
    with Path(tempfile.gettempdir(), f"{PROJECT_NAME}.{os.getuid()}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let no signal interrupt what happens inside."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _ask_for_patience) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say(line: str) -> None:
    """Tell the user what the demo does. One who has gone (a closed terminal, a broken pipe) stops nothing."""
    try:
        print(f"demo: {line}", file=sys.stderr, flush=True)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())


def _stop(number: int, _frame: FrameType | None) -> None:
    raise StoppedError(signal.Signals(number).name)


def _ask_for_patience(_number: int, _frame: FrameType | None) -> None:
    say("removing everything; a moment, please")


if __name__ == "__main__":
    sys.exit(main())
