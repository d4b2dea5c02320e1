"""The walls of the house: who may import whom. See ``docs/architecture.md``."""

from __future__ import annotations

import re
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.walls.imports import (
    PACKAGE,
    foreign_imported,
    import_graph,
    imported,
    modules,
    room_of,
    rooms_imported,
)

MAY_IMPORT = {
    "domain": set[str](),
    "source": {"domain"},
    "definition": {"domain"},
    "docker_api": {"domain", "background"},
    "freeze": {"domain", "docker_api"},
    "engine": {"domain", "docker_api", "background"},
    "ledger": {"domain", "source"},
    "settings": {"domain"},
    "operations": {"domain", "source", "definition", "docker_api", "freeze", "engine", "ledger", "settings"}
    | {"background"},
    "cli": {"domain", "operations", "definition", "engine", "tui"},
    "tui": {"domain", "operations", "engine"},
    "testing": {"domain", "operations", "engine"},
    "": {"cli"},
}
"""By room, the rooms it may import besides itself, ``previewer.errors`` and ``previewer.frozen``;
``background`` is the file that starts threads. ``cli``
starts the TUI, lazily."""

ONLY_IN = {
    "docker": {"docker_api"},
    "requests": {"docker_api"},
    "urllib3": {"docker_api"},
    "git": {"source", "ledger"},
    "yaml": {"definition"},
    "cyclonedx": {"freeze"},
    "packageurl": {"freeze"},
    "jsonschema": {"definition"},
    "textual": {"tui"},
    "rich": {"tui"},
    "click": {"cli", ""},
    "pytest": {"testing"},
    "testcontainers": {"testing"},
}
"""Third-party packages and the rooms that may import them."""

PROTOCOLS_ONLY = {
    ("cli", "engine"): {"previewer.engine.protocol"},
    ("testing", "engine"): {"previewer.engine.protocol"},
    ("tui", "engine"): {"previewer.engine.protocol"},
    ("cli", "tui"): {"previewer.tui.app"},
    ("cli", "definition"): {"previewer.definition.printing", "previewer.definition.yaml_text"},
}
"""Where a front end may look past the operations: at protocols' value types, and at how a model is printed."""

KNOWS_NOTHING_OF = {
    "docker_api/wire": "previewer.docker_api",
    "docker_api/builders": "previewer.docker_api.registry",
    "docker_api/registry": "previewer.docker_api.builders",
    "engine/mapping": "previewer.docker_api",
    "freeze/canonical": "previewer.freeze",
    "freeze/dockerfile": "previewer.docker_api",
    "freeze/packages": "previewer.freeze",
}
"""By folder inside a room, what of the package none of its files may import, itself aside."""

UPWARDS = ("releasing", "remembering", "execution", "generations", "watching")
"""The folders of ``operations``: each may import those before it."""

LONGEST_FILE = 400
USUAL_FILE = 150
FILES = [pytest.param(file, id=str(file.relative_to(PACKAGE))) for file in modules()]


@pytest.mark.parametrize("file", FILES)
def test_a_room_imports_only_the_rooms_below_it(file: Path) -> None:
    room = room_of(file)
    allowed = MAY_IMPORT[room] | {room, "errors", "frozen", "__version__"}
    assert rooms_imported(file) <= allowed


@pytest.mark.parametrize("file", FILES)
def test_a_library_stays_in_its_room(file: Path) -> None:
    misplaced = {
        library for library in foreign_imported(file) & ONLY_IN.keys() if room_of(file) not in ONLY_IN[library]
    }
    assert not misplaced


@pytest.mark.parametrize("file", FILES)
def test_front_ends_see_only_the_faces_of_other_rooms(file: Path) -> None:
    for (room, other), faces in PROTOCOLS_ONLY.items():
        if room_of(file) != room:
            continue
        seen = {name for name in imported(file) if name.startswith(f"previewer.{other}.")}
        assert {name for name in seen if not any(name == f or name.startswith(f"{f}.") for f in faces)} == set()


@pytest.mark.parametrize("file", [file for file in modules() if room_of(file) == "domain"], ids=lambda f: f.name)
def test_the_domain_stands_on_the_standard_library_alone(file: Path) -> None:
    assert foreign_imported(file) <= sys.stdlib_module_names


@pytest.mark.parametrize("folder", KNOWS_NOTHING_OF)
def test_a_folder_of_a_room_keeps_to_itself(folder: str) -> None:
    own = f"previewer.{folder.replace('/', '.')}"
    files = tuple((PACKAGE / folder).rglob("*.py"))
    assert files
    seen = {name for file in files for name in imported(file) if name.startswith(f"{KNOWS_NOTHING_OF[folder]}.")}
    assert {name for name in seen if not name.startswith(f"{own}.") and name != own} == set()


@pytest.mark.parametrize("folder", UPWARDS)
def test_the_folders_of_the_operations_stand_upon_each_other(folder: str) -> None:
    files = tuple((PACKAGE / "operations" / folder).rglob("*.py"))
    assert files
    above = UPWARDS[UPWARDS.index(folder) + 1 :]
    seen = {name.split(".")[2] for file in files for name in imported(file) if _is_of_operations(name)}
    assert seen.isdisjoint(above)


def test_no_files_import_each_other_in_a_circle() -> None:
    assert _circle(PACKAGE) == []


def test_a_circle_is_seen_however_late_it_closes(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "cart.py").write_text("from shop.till import Till\n")
    (package / "till.py").write_text("def pay() -> None:\n    from shop import cart\n")
    assert set(_circle(package)) == {"shop.cart", "shop.till"}


def test_no_file_outgrows_its_purpose() -> None:
    lengths = {str(f.relative_to(PACKAGE)): len(f.read_text(encoding="utf-8").splitlines()) for f in modules()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
    short = sum(length <= USUAL_FILE for length in lengths.values())
    assert short / len(lengths) > 0.75, "most files are to be short"


def test_no_file_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
    assert {str(f) for f in modules() if f.stem in drawers} == set()


@pytest.mark.parametrize("file", FILES)
def test_labels_are_spelt_in_one_place(file: Path) -> None:
    if file.name == "labels.py" and room_of(file) == "domain":
        return
    spelt = re.findall(
        r"[\"'](?:dev\.previewer\.|com\.docker\.compose\.)[^\"']*", file.read_text(encoding="utf-8")
    )
    assert spelt == []


@pytest.mark.parametrize("file", FILES)
def test_references_are_named_in_one_place(file: Path) -> None:
    if file.name == "naming.py":
        return
    assert "refs/previewer/" not in _without_comments(file)


@pytest.mark.parametrize("file", FILES)
def test_frozen_classes_are_made_the_quick_way(file: Path) -> None:
    if "dataclasses.dataclass" in imported(file) and file.name != "frozen.py":
        assert "frozen=True" not in file.read_text(encoding="utf-8"), "take dataclass from previewer.frozen"


STDOUT = {"cli/output.py"}
STDERR = {"cli/diagnostics.py"}


@pytest.mark.parametrize("file", FILES)
def test_one_module_writes_each_stream(file: Path) -> None:
    name = file.relative_to(PACKAGE).as_posix()
    text = _without_comments(file)
    if name not in STDOUT:
        assert not re.search(r"\bprint\(|sys\.stdout\.(write|buffer|flush)", text)
    if name not in STDERR and not name.startswith("cli/progress"):
        assert not re.search(r"sys\.stderr\.(write|buffer|flush)|click\.echo\(", text)


@pytest.mark.parametrize("file", [f for f in modules() if room_of(f) == "tui"], ids=lambda f: f.name)
def test_only_the_bridge_starts_threads(file: Path) -> None:
    if file.name != "bridge.py":
        starts = r"\bThread\(|ThreadPoolExecutor|to_thread|run_in_executor|run_worker|@work\b"
        assert not re.search(starts, _without_comments(file))


def _is_of_operations(name: str) -> bool:
    return name.startswith("previewer.operations.")


def _circle(package: Path) -> list[str]:
    """The modules of one circle of imports; the first stands at the end again. Empty where there is none."""
    try:
        TopologicalSorter(import_graph(package)).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def _without_comments(file: Path) -> str:
    text = re.sub(r'"""(?:.|\n)*?"""', "", file.read_text(encoding="utf-8"))
    return re.sub(r"#.*", "", text)
