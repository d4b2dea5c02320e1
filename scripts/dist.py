"""Build the wheel and the sdist, the same bytes from the same commit, and the bill of materials of what they need.

``make dist`` runs it. What is in ``dist/`` afterwards is what a release publishes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
BUILDER = "hatchling==1.27.0"
"""Exact, as another one may write other bytes."""


def main(folder: Path) -> int:
    """Write all of it into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="previewer-dist-") as tools:
        _run(sys.executable, "-m", "venv", tools)
        _run(f"{tools}/bin/pip", "install", "--quiet", "--disable-pip-version-check", BUILDER)
        for target in (folder, Path(tools) / "again"):
            _run(f"{tools}/bin/python", "-m", "hatchling", "build", "-d", str(target))
        for built in folder.iterdir():
            if built.read_bytes() != (Path(tools) / "again" / built.name).read_bytes():
                print(f"{built.name} is not the same when it is built again", file=sys.stderr)
                return 1
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bill = folder / f"{project['name'].replace('-', '_')}.cdx.json"
    bill.write_text(bill_of_materials(project["name"], project["version"]), encoding="utf-8")
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(sums))
    print("".join(sums), end="")
    return 0


def bill_of_materials(name: str, version: str) -> str:
    """CycloneDX JSON: the program, and what it is installed with, in the versions that it is tested with."""
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    needs = dict(_closure({name: requirements}))
    others = sorted(needs.keys() - {name})
    parts = {part: _component(part, metadata.version(part), ComponentType.LIBRARY) for part in others}
    parts[name] = program = _component(name, version, ComponentType.APPLICATION)
    bom = Bom(
        components=[part for part in parts.values() if part is not program],
        dependencies=[
            Dependency(parts[part].bom_ref, [Dependency(parts[other].bom_ref) for other in sorted(wanted)])
            for part, wanted in needs.items()
        ],
    )
    bom.metadata.component = program
    bom.metadata.timestamp = datetime.fromtimestamp(commit_time(), UTC)
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    # A random number would be the only thing that two builds of one commit do not have in common.
    return re.sub(r'^ *"serialNumber": "[^"]*",\n', "", text, flags=re.MULTILINE) + "\n"


def _closure(begin: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, frozenset[str]]]:
    """What each needs, as it is installed here, from ``begin`` on; extras that were not asked for are left out."""
    waiting, known = dict(begin), set[str]()
    while waiting:
        name, requirements = waiting.popitem()
        known.add(name)
        found = {
            canonicalize_name(requirement.name)
            for requirement in map(Requirement, requirements)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        }
        yield name, frozenset(found)
        waiting |= {other: metadata.requires(other) or [] for other in found - known}


def commit_time() -> int:
    """Of the commit that is built, in seconds since 1970: what every file in an archive says."""
    said = os.environ.get("SOURCE_DATE_EPOCH") or _run("git", "log", "-1", "--format=%ct")
    return int(said)


def _component(name: str, version: str, kind: ComponentType) -> Component:
    purl = PackageURL("pypi", name=name.lower().replace("_", "-"), version=version)
    return Component(name=name, version=version, type=kind, purl=purl, bom_ref=str(purl))


def _run(*command: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    if command[0] != "git":
        environment["SOURCE_DATE_EPOCH"] = str(commit_time())
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m scripts.dist", description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=ROOT / "dist", help="emptied first (default: dist)"
    )
    sys.exit(main(parser.parse_args().folder))
