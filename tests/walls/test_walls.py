"""The walls of the house: who may import whom. See ``docs/architecture.md``."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.walls.imports import (
    PACKAGE,
    foreign_imported,
    import_graph,
    imported,
    imported_late,
    modules,
    place_of,
    room_of,
    rooms_imported,
    text_without_comments,
)

_BELOW = {"domain", "git", "source", "definition", "docker_api", "freeze", "engine", "ledger", "settings"} | {
    "background",
    "process_identity",
    "user_folders",
}
_SHARED = ("session", "records", "releases", "execution", "deployment")
"""What verbs share, in rooms that stand upon each other in this order and import no verb."""

MAY_IMPORT = {
    "domain": set[str](),
    "git": {"domain"},
    "forge": {"domain"},
    "source": {"domain", "git", "forge"},
    "definition": {"domain"},
    "docker_api": {"domain", "background", "process_identity"},
    "freeze": {"domain", "docker_api"},
    "engine": {"domain", "docker_api", "background"},
    "ledger": {"domain", "git", "source", "process_identity", "user_folders"},
    "settings": {"domain"},
    **{room: _BELOW | set(_SHARED[:index]) for index, room in enumerate(_SHARED)},
    "operations": _BELOW | set(_SHARED),
    "present": {"domain"},
    "cli": {"domain", "forge", "operations", *_SHARED, "definition", "engine", "tui", "present"},
    "tui": {"domain", "operations", *_SHARED, "engine", "present", "user_folders"},
    "testing": {"operations", *_BELOW, *_SHARED},
    "": {"cli"},
}
"""By room, the rooms it may import besides itself and ``previewer.errors``;
``background`` is the file that starts threads, ``process_identity`` tells processes apart. ``cli``
starts the TUI, lazily."""

ONLY_IN = {
    "docker": {"docker_api"},
    "requests": {"docker_api"},
    "urllib3": {"docker_api"},
    "git": {"git", "source", "ledger"},
    "yaml": {"definition"},
    "cyclonedx": {"freeze"},
    "packageurl": {"freeze"},
    "jsonschema": {"definition"},
    "textual": {"tui"},
    "textual_serve": {"tui"},
    "aiohttp": {"tui"},
    "rich": {"tui"},
    "click": {"cli", ""},
    "pytest": {"testing"},
    "testcontainers": {"testing"},
}
"""Third-party packages and the rooms that may import them."""

PROTOCOLS_ONLY = {
    ("cli", "engine"): {"previewer.engine.protocol"},
    ("tui", "engine"): {"previewer.engine.protocol"},
    ("cli", "tui"): {f"previewer.tui.{name}" for name in ("app", "last_picture", "no_repository", "serve")},
    ("cli", "definition"): {"previewer.definition.printing", "previewer.definition.yaml_text"},
    **{
        (end, "session"): {f"previewer.session.{name}" for name in ("open_session", "run", "session")}
        for end in ("cli", "tui")
    },
    ("tui", "session"): {f"previewer.session.{name}" for name in ("open_session", "readings", "run", "session")},
    ("cli", "releases"): {"previewer.releases.attested", "previewer.releases.definitions"},
    ("cli", "records"): {"previewer.records.environments", "previewer.records.tombstones"},
    ("tui", "releases"): {"previewer.releases.definitions"},
    ("tui", "records"): {"previewer.records.environments"},
    **{(end, "execution"): set[str]() for end in ("cli", "tui")},
    **{
        (end, "deployment"): {
            f"previewer.deployment.{name}"
            for name in ("capacity", "definition", "deploy", "deployment", "drift", "touches", "would_run")
        }
        for end in ("cli", "tui")
    },
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

DOORS = {
    "the docker SDK": (
        *("docker", "requests", "urllib3"),
        *("docker_api.wire.sdk_wire", "docker_api.wire.ssh", "docker_api.registry"),
        *("freeze.docker.builds", "freeze.registry.registry_image"),
    ),
    "GitPython": ("git.cmd", "git.exc"),
    "definitions, which bring PyYAML": ("definition",),
    "what not every command needs of a session": (
        *("ledger", "settings.load", "session.engine_clients", "engine.docker.examiner", "engine.swarm"),
        *("engine.docker.router", "freeze.docker.images"),
    ),
    "files of images, and bills of them": (
        *("freeze.canonical", "freeze.packages", "freeze.parallel", "freeze.provenance", "freeze.tree_archive"),
    ),
    "drift and parity, where they are not asked for": (
        *("deployment.touches", "deployment.start_writes", "deployment.parity"),
    ),
    "the front end": ("cli.main",),
    "the standard library's slow or missing parts": (
        "difflib",
        "getpass",
        "pwd",
        "ssl",
        "tempfile",
        "termios",
        "tty",
    ),
}
"""What rooms other than the front ends import only when it is needed, because that takes long, and why."""

FOUNDATIONS = {"msgspec"}
"""What ``domain`` may import besides the standard library."""

LONGEST_FILE = 400
USUAL_FILE = 300
DRAWERS = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}

LABEL = re.compile(r"[\"'](?:dev\.previewer\.|com\.docker\.compose\.)[^\"']*")
REFERENCE = re.compile("refs/previewer/")
WRITES_STDOUT = re.compile(r"\bprint\(|sys\.stdout\.(write|buffer|flush)")
WRITES_STDERR = re.compile(r"sys\.stderr\.(write|buffer|flush)|click\.echo\(")
STARTS_THREADS = re.compile(r"\bThread\(|ThreadPoolExecutor|to_thread|run_in_executor|run_worker|@work\b")


def test_a_room_imports_only_the_rooms_below_it() -> None:
    assert _offenders(_rooms_above) == []


def _rooms_above(file: Path) -> set[str]:
    room = room_of(file)
    return rooms_imported(file) - MAY_IMPORT[room] - {room, "errors", "__version__"}


def test_late_imports_are_at_the_doors_alone() -> None:
    assert _offenders(_late, but=lambda place: place.startswith(("cli/", "tui/"))) == []


def _late(file: Path) -> set[str]:
    behind = tuple(name for names in DOORS.values() for name in names)
    found = (name.removeprefix("previewer.") for name in imported_late(file))
    return {name for name in found if not any(name == door or name.startswith(f"{door}.") for door in behind)}


def test_every_door_is_used() -> None:
    used = {name.removeprefix("previewer.") for file in modules() for name in imported_late(file)}
    doors = (name for names in DOORS.values() for name in names)
    assert [door for door in doors if not any(f"{name}.".startswith(f"{door}.") for name in used)] == []


def test_a_library_stays_in_its_room() -> None:
    assert _offenders(_misplaced_libraries) == []


def _misplaced_libraries(file: Path) -> set[str]:
    libraries = foreign_imported(file) & ONLY_IN.keys()
    return {library for library in libraries if room_of(file) not in ONLY_IN[library]}


def test_front_ends_see_only_the_faces_of_other_rooms() -> None:
    assert _offenders(_hidden_modules) == []


def _hidden_modules(file: Path) -> set[str]:
    return {
        name
        for (room, other), faces in PROTOCOLS_ONLY.items()
        for name in imported(file)
        if room_of(file) == room and _is_below(name, f"previewer.{other}")
        if not any(name == face or _is_below(name, face) for face in faces)
    }


def test_the_domain_stands_on_the_standard_library_alone() -> None:
    allowed = sys.stdlib_module_names | FOUNDATIONS
    assert _offenders(lambda file: foreign_imported(file) - allowed, within="domain") == []


def test_a_folder_of_a_room_keeps_to_itself() -> None:
    assert [entry for folder in KNOWS_NOTHING_OF for entry in _offenders(_neighbours, within=folder)] == []


def _neighbours(file: Path) -> set[str]:
    folder = next(folder for folder in KNOWS_NOTHING_OF if place_of(file).startswith(f"{folder}/"))
    own = f"previewer.{folder.replace('/', '.')}"
    return {
        name
        for name in imported(file)
        if _is_below(name, KNOWS_NOTHING_OF[folder]) and name != own and not _is_below(name, own)
    }


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
    lengths = {place_of(file): len(file.read_text(encoding="utf-8").splitlines()) for file in modules()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
    short = sum(length <= USUAL_FILE for length in lengths.values())
    assert short / len(lengths) > 0.75, "most files are to be short"


def test_no_file_is_a_drawer() -> None:
    assert [place_of(file) for file in modules() if file.stem in DRAWERS] == []


def test_labels_are_spelt_in_one_place() -> None:
    assert _offenders(_spelt(LABEL), but=lambda place: place == "domain/labels.py") == []


def test_references_are_named_in_one_place() -> None:
    assert (
        _offenders(_written(re.compile("refs/previewer/")), but=lambda place: place.endswith("/naming.py")) == []
    )


def test_frozen_values_are_structs() -> None:
    """A frozen dataclass takes half a millisecond to make, a struct a tenth of that; commands import a hundred."""
    assert _offenders(_slow_classes) == []


def _slow_classes(file: Path) -> set[str]:
    is_slow = "dataclasses.dataclass" in imported(file) and "@dataclass(frozen=True" in text_without_comments(file)
    return {"dataclasses.dataclass"} if is_slow else set()


def test_one_module_writes_standard_output() -> None:
    assert _offenders(_written(WRITES_STDOUT), but=lambda place: place == "cli/output.py") == []


def test_standard_error_is_written_where_diagnostics_and_progress_are() -> None:
    assert _offenders(_written(WRITES_STDERR), but=_is_place_of_diagnostics) == []


def _is_place_of_diagnostics(place: str) -> bool:
    return place == "cli/diagnostics.py" or place.startswith("cli/progress")


def test_only_the_bridge_starts_threads() -> None:
    assert _offenders(_written(STARTS_THREADS), within="tui", but=lambda place: place == "tui/bridge.py") == []


def test_one_function_decides_on_trust_and_one_on_the_default_branch() -> None:
    rules = re.compile(r"settings\.trust\b(?!,)|TrustRules\(\)\.trust")
    places = {"session/session.py", "settings/role_rows.py"}
    assert _offenders(_written(rules), but=lambda place: place in places) == []
    default = re.compile(
        r"init\.defaultbranch|CI_DEFAULT_BRANCH|GITHUB_(?:EVENT|BASE|HEAD)[A-Z_]*|symbolic-ref\W+--quiet\W+refs/remotes"
    )
    sources = {"source/trusted_branches.py"}
    assert _offenders(_written(default), but=lambda place: place in sources) == []


def test_one_function_judges_the_images_that_a_branch_names() -> None:
    pins = re.compile(r"images\.pin\(|\.ask_registry\(|ask_tag_digest\(")
    askers = {"freeze/freeze_commit.py", "freeze/docker/images.py", "docker_api/registry/repository.py"}
    assert _offenders(_written(pins), but=lambda place: place in askers) == []
    names = re.compile(r"docker-image:|\bOWN_REPOSITORIES\b|\bpermit_all\b")
    judges = {
        "domain/naming.py",
        "domain/policy/image_rules.py",
        "freeze/planned_images.py",
        "operations/verify.py",
    }
    assert _offenders(_written(names), but=lambda place: place in judges) == []
    judged = re.compile(r"\bimage_request\(")
    callers = {"domain/policy/image_rules.py", "domain/policy/check.py"}
    assert _offenders(_written(judged), but=lambda place: place in callers) == []


JOINING = ("engine/mapping/clone_options.py", "engine/mapping/mounts.py")


def test_one_function_turns_a_volume_into_a_path_of_the_host() -> None:
    """``engine/mapping/mounts.py`` decides which volume that may be; drift and creation hand it the place."""
    places = {
        "docker_api/answers.py",
        "docker_api/volumes.py",
        "domain/drift/judge_resources.py",  # only to know whose folder a foreign container mounts
        "domain/engine/examination.py",
        "domain/engine/specs.py",
        "engine/docker/engine.py",
        "engine/docker/clones.py",
        "engine/docker/examiner.py",
        "engine/mapping/clone_options.py",  # of volumes that no container can put a link in
        "engine/mapping/mounts.py",
        "engine/examiner.py",
        "testing/memory/examiner.py",
        "deployment/frozen_environment.py",
    }
    path = re.compile(r"[Mm]ountpoint")
    found = {line.partition(":")[0] for line in _offenders(_written(path)) if "podman" not in line}
    assert found == places
    joined = re.compile(r"mountpoints?\[\S*(?:strip|[/+])")
    assert _offenders(_written(joined), but=lambda place: place in JOINING) == []


def test_one_function_makes_containers_and_seals_their_labels() -> None:
    create = re.compile(r"/containers/create|\.create_container\((?!docker|connection|spec|container)")
    assert _offenders(_written(create), but=lambda place: place == "docker_api/containers.py") == []
    assert "sealed_labels(" in (PACKAGE / "docker_api" / "containers.py").read_text(encoding="utf-8")


def test_one_function_merges_a_definition_s_labels_with_previewer_s() -> None:
    mapped = re.compile(r"\bLabels(?:\"\])?\s*[=:]\s*(?!merge_labels)[^\n]*compose")
    assert _offenders(_written(mapped), within="engine/mapping") == []
    reserved = re.compile(r"labels(?:\.| import [^\n]*\b)(?:COMPOSE_)?PREFIX\b")
    assert _offenders(_written(reserved), within="engine") == [], "is_reserved() says which labels are"
    assert _offenders(_written(reserved), within="freeze") == []


def test_what_programs_write_is_masked_wherever_it_is_read() -> None:
    """Log lines, builds, starts: each place asks `records/masking.py`, or is called by one that does."""
    read = re.compile(r"engine\.logs\(|\bfreeze_commit\(|debugger\.run\(|stage=\"(?:run|wake)\"")
    found = {line.partition(":")[0] for line in _offenders(_written(read))}
    callees = {
        "execution/await_container.py",
        "execution/run_plan.py",
        "freeze/freeze_commit.py",
        "records/final_logs.py",
    }
    masked = {
        place for place in found if "records.masking import" in (PACKAGE / place).read_text(encoding="utf-8")
    }
    assert found - masked == callees


def _offenders(
    find: Callable[[Path], set[str]], *, within: str = "", but: Callable[[str], bool] = lambda _place: False
) -> list[str]:
    """Every file of a folder in which ``find`` finds something, with what it is."""
    files = [file for file in modules() if place_of(file).startswith(within and f"{within}/")]
    assert files, f"there is no folder {within}"
    return [
        f"{place_of(file)}: {', '.join(sorted(found))}"
        for file in files
        if not but(place_of(file)) and (found := find(file))
    ]


def _spelt(pattern: re.Pattern[str]) -> Callable[[Path], set[str]]:
    return lambda file: {match.group() for match in pattern.finditer(file.read_text(encoding="utf-8"))}


def _written(pattern: re.Pattern[str]) -> Callable[[Path], set[str]]:
    """As ``_spelt``, but in the code alone."""
    return lambda file: {match.group() for match in pattern.finditer(text_without_comments(file))}


def _is_below(name: str, package: str) -> bool:
    return name.startswith(f"{package}.")


def _circle(package: Path) -> list[str]:
    """The modules of one circle of imports; the first stands at the end again. Empty where there is none."""
    try:
        TopologicalSorter(import_graph(package)).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []
