"""What releases hold and how they differ, as bytes on standard output."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import yaml

from previewer.operations.freeze import freeze
from previewer.present.parity_report import code
from previewer.session.run import Run
from tests.worlds.cli import HOSTILE_BRANCH, World

DPKG = b"Package: libc6\nVersion: %s\nArchitecture: amd64\n"
PACKAGE_JSON = b'{"name": "@types/node", "version": "22.0.0"}'
CASES = {
    "inspect": ("inspect", "main"),
    "inspect-packages": ("inspect", "main", "--packages"),
    "inspect-sbom": ("inspect", "main", "--sbom", "web"),
    "inspect-sbom-missing-service": ("inspect", "main", "--sbom", "nope"),
    "inspect-missing": ("inspect", "never-was"),
    "inspect-not-frozen": ("inspect", "fix/rights"),
    "inspect-too-much": ("inspect", "main", "--packages", "--provenance"),
    "diff": ("diff", "main", "feature/guest-book"),
    "diff-exit-code": ("diff", "main", "feature/guest-book", "--exit-code", "--markdown"),
    "diff-nothing": ("diff", "main", "shop-main", "--exit-code"),
    "diff-too-much": ("diff", "main", "main", "--markdown", "-o", "json"),
    "releases-remote": ("releases", "--remote", "nowhere"),
    "prune-kept": ("prune", "--dry-run", "--kept", "--keep", "0", "--releases"),
}
ROWS = {
    "inspect": ("inspect", "main"),
    "inspect-packages": ("inspect", "main", "--packages"),
    "diff": ("diff", "main", "feature/guest-book"),
    "prune-kept": ("prune", "--dry-run", "--keep", "0", "--releases"),
}


def make_world() -> World:
    """Main runs; another branch was frozen with newer packages."""
    world = World()
    world.images.contents = {"var/lib/dpkg/status": DPKG % b"2.36", "var/lib/rpm/Packages": b""}
    world.up("main")
    world.images.contents = {
        "var/lib/dpkg/status": DPKG % b"2.41",
        "node_modules/@types/node/package.json": PACKAGE_JSON,
    }
    freeze(Run(world.session), "feature/guest-book")
    return world


@pytest.fixture
def world() -> World:
    """A world of the test's own."""
    return make_world()


@pytest.mark.parametrize("name", CASES)
def test_text(name: str, world: World, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.txt", world.run(*CASES[name]).text())


@pytest.mark.parametrize("name", ROWS)
def test_data(name: str, world: World, golden: Callable[[str, str], None]) -> None:
    as_json = world.run(*ROWS[name], "-o", "json")
    golden(f"{name}.json", as_json.out)
    assert as_json.code == 0
    assert yaml.safe_load(world.run(*ROWS[name], "-o", "yaml").out) == json.loads(as_json.out)


def test_provenance_is_printed_as_it_is_kept(world: World) -> None:
    printed = json.loads(world.run("inspect", "main", "--provenance").out)
    assert printed["predicateType"] == "https://slsa.dev/provenance/v1"
    release = json.loads(world.run("inspect", "main", "-o", "json").out)
    images = {f"sha256:{subject['digest']['sha256']}" for subject in printed["subject"]}
    assert images == {image["image"] for image in release["images"]}


@pytest.mark.parametrize("form", [(), ("--markdown",), ("-o", "json"), ("-o", "yaml")])
def test_what_others_wrote_cannot_move_the_cursor(world: World, form: tuple[str, ...]) -> None:
    freeze(Run(world.session), HOSTILE_BRANCH)
    printed = world.run("diff", "main", HOSTILE_BRANCH, *form)
    shown = world.run("inspect", HOSTILE_BRANCH, *(form if form != ("--markdown",) else ()))
    for text in (printed.out, printed.err, shown.out, shown.err):
        assert not {"\x1b", "\x07"} & set(text)
        assert "\u202e" not in text or form == ("-o", "yaml")
    assert (printed.code, shown.code) == (0, 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web", "`web`"),
        ("a`b", "`` a`b ``"),
        ("``", "``` `` ```"),
        ("@everybody [x](y)", "`@everybody [x](y)`"),
        ("two\nlines\x1b[2J", "`two\\nlines\\x1b[2J`"),
        ("", "`  `"),
    ],
)
def test_what_others_wrote_is_code_in_markdown(text: str, shown: str) -> None:
    assert code(text) == shown
