"""This machine's own Python as the files of an image.

The interpreter, its standard library and the shared libraries that they need, for machines that reach no
image registry. Works on Linux with glibc, where ``ldd`` names what a program loads.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.image_archive import Layer

OLDEST = (3, 11)

LEFT_OUT = frozenset(
    """
    __pycache__ test tests idlelib tkinter turtledemo turtle.py lib2to3 ensurepip distutils pydoc_data pydoc.py
    unittest doctest.py venv curses dbm wsgiref sqlite3 multiprocessing site-packages dist-packages
    """.split()  # noqa: SIM905 - reads better than a column of strings
)
"""Names below the standard library that a server does not need."""
LEFT_OUT_PREFIXES = (
    "config-",
    "_test",
    "_xx",
    "xxl",
    "_tkinter",
    "_curses",
    "_dbm",
    "_gdbm",
    "_codecs_",
    "_sqlite3",
)

COMPILED = "argparse dataclasses datetime html http.server json logging pathlib signal socket string threading"
"""These modules, and all that they import, are compiled ahead: a program then starts in a tenth of a second."""

DESCRIBE = f"""
import json, sys, sysconfig
import {", ".join(COMPILED.split())}
modules = {{getattr(module, "__file__", None) for module in list(sys.modules.values())}}
print(json.dumps({{
    "executable": sys.executable,
    "version": sys.version_info[:2],
    "library": sysconfig.get_path("stdlib"),
    "modules": sorted(path for path in modules if path and path.endswith(".py")),
}}))
"""

COMPILE = """
import json, py_compile, sys
for source, shown, target in json.load(sys.stdin):
    py_compile.compile(source, target, shown, doraise=True,
                       invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python of this machine."""

    executable: Path
    version: tuple[int, int]
    library: Path
    """Its standard library's folder."""
    modules: tuple[Path, ...]
    """The sources of :data:`COMPILED` and of what they import."""

    @property
    def home(self) -> str:
        """Where its standard library is put inside the image."""
        return f"/usr/local/lib/python{self.version[0]}.{self.version[1]}"


def python_layer(scratch: Path) -> Layer:
    """The files of an image with ``python3`` (and ``sh`` where busybox is here); ``scratch`` keeps compiled files.

    Raises :class:`OSError` or :class:`subprocess.CalledProcessError` where this machine cannot give them.
    """
    interpreter = find_interpreter()
    layer = Layer()
    program = f"/usr/local/bin/python{interpreter.version[0]}.{interpreter.version[1]}"
    layer.files[program] = interpreter.executable.resolve()
    layer.links |= {f"/usr/local/bin/{name}": program for name in ("python", "python3")}
    for source in library_files(interpreter.library):
        layer.files[f"{interpreter.home}/{source.relative_to(interpreter.library).as_posix()}"] = source
    add_compiled(layer, interpreter, scratch)
    native = [source for source in layer.files.values() if source.suffix == ".so"]
    for library in shared_libraries([interpreter.executable, *native]):
        layer.files[str(library)] = library.resolve()
    add_busybox(layer)
    layer.texts["/etc/passwd"] = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
    layer.texts["/etc/group"] = "root:x:0:\nnogroup:x:65534:\n"
    layer.texts["/etc/nsswitch.conf"] = "hosts: files dns\n"
    return layer


def find_interpreter() -> Interpreter:
    """The distribution's Python where it is new enough, as it is the smallest; else the one that runs this."""
    for executable in ("/usr/bin/python3", getattr(sys, "_base_executable", sys.executable)):
        if not Path(executable).exists():
            continue
        said = json.loads(run(executable, "-IS", "-c", DESCRIBE))
        version = (said["version"][0], said["version"][1])
        if version >= OLDEST:
            modules = tuple(Path(path) for path in said["modules"])
            return Interpreter(Path(said["executable"]), version, Path(said["library"]), modules)
    raise FileNotFoundError("no Python from 3.11 on")


def library_files(library: Path) -> Iterator[Path]:
    """The files of the standard library that the image gets."""
    for path in sorted(library.rglob("*")):
        parts = path.relative_to(library).parts
        if any(part in LEFT_OUT or part.startswith(LEFT_OUT_PREFIXES) for part in parts):
            continue
        if path.is_file() and path.suffix in (".py", ".so"):
            yield path


def add_compiled(layer: Layer, interpreter: Interpreter, scratch: Path) -> None:
    """Add the compiled form of the modules that programs import most."""
    tag = f"cpython-{interpreter.version[0]}{interpreter.version[1]}"
    jobs = []
    for source in interpreter.modules:
        place = f"{interpreter.home}/{source.relative_to(interpreter.library).as_posix()}"
        folder, _, name = place.rpartition("/")
        compiled = f"{folder}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc"
        target = scratch / compiled.lstrip("/")
        layer.files[compiled] = target
        jobs.append((str(source), place, str(target)))
    run(str(interpreter.executable), "-IS", "-c", COMPILE, stdin=json.dumps(jobs))


def shared_libraries(programs: Iterable[Path]) -> list[Path]:
    """What ``ldd`` says that ``programs`` load, the dynamic linker included."""
    said = run("ldd", *map(str, programs))
    return sorted({Path(found) for found in re.findall(r"(/\S+) \(0x", said)})


def add_busybox(layer: Layer) -> None:
    """Add a shell and the usual small programs, where this machine has a busybox that needs no libraries."""
    busybox = shutil.which("busybox")
    if busybox is None or re.search(r"/\S+ \(0x", run("ldd", busybox, check=False)):
        return
    layer.files["/bin/busybox"] = Path(busybox).resolve()
    layer.links |= {f"/bin/{name}": "busybox" for name in run(busybox, "--list").split() if name != "busybox"}


def run(*command: str, stdin: str = "", check: bool = True) -> str:
    """What a program prints."""
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=check).stdout
