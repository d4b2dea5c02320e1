"""Install the programs that tests use, where that is allowed, and say which are missing and what then is skipped.

Run as ``python3 -m scripts.test_programs FOLDER``. Debian's packages are installed with apt-get by root; their
services are not started. Where the machine is kept (systemd runs it, and ``CI`` is not set), packages that bring
a service are left to the user: a test run must not give a laptop an ssh server. buildx, which Debian has from 13
on, is unpacked into FOLDER and nowhere else.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.local_engine.machine import Machine, system_path, this_machine


@dataclass(frozen=True)
class Program:
    """A program that tests start."""

    name: str
    package: str
    """Debian's that has it."""
    serves: str
    """What is tested with it."""
    is_service: bool = False
    """Whether its package brings a service that would start with the machine."""


PROGRAMS = (
    Program("busybox", "busybox-static", "everything on an engine"),
    Program("docker-registry", "docker-registry", "pushes and pulls", is_service=True),
    Program("sshd", "openssh-server", "engines behind ssh", is_service=True),
    Program("ssh-keygen", "openssh-client", "signatures and engines behind ssh"),
    Program("gpg", "gpg gpg-agent gpgconf", "signatures"),
    Program("openssl", "openssl", "engines behind TLS"),
    Program("docker", "docker.io", "engines behind ssh"),
    Program("ip", "iproute2", "faults of an engine"),
    Program("nsenter", "util-linux", "faults of an engine"),
    Program("pgrep", "procps", "faults of an engine"),
    Program("mkfs.ext4", "e2fsprogs", "full disks"),
    Program("losetup", "mount", "full disks"),
    Program("chromium", "chromium", "pages and names in a browser"),
    Program("chromedriver", "chromium-driver", "pages and names in a browser"),
    Program("pg_ctlcluster", "postgresql", "data of PostgreSQL", is_service=True),
    Program("mariadbd", "mariadb-server-core mariadb-client-core", "data of MariaDB"),
    Program("redis-check-aof", "redis-tools", "data of Redis"),
    Program("sqlite3", "sqlite3", "data of SQLite"),
)
BUILDX = Program("docker-buildx", "docker-buildx", "builds with buildx")
BUILDX_SUITE = "trixie"
"""The oldest Debian that has buildx; its program needs nothing of that Debian but a C library of 2.34."""
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
SOURCE = f"deb [signed-by={KEYS}] http://deb.debian.org/debian {BUILDX_SUITE} main\n"
APT = ("apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=180")
POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian's way to install a service without starting it: a program that answers 101."""


def installable(
    missing: tuple[Program, ...], machine: Machine, environment: Mapping[str, str]
) -> tuple[Program, ...]:
    """Those that may be installed on ``machine``."""
    if not (machine.is_root and machine.is_debian):
        return ()
    is_kept = machine.has_systemd and not environment.get("CI")
    return tuple(program for program in missing if not (is_kept and program.is_service))


def is_there(program: Program, path: str) -> bool:
    """Whether a search path has the program."""
    return shutil.which(program.name, path=path) is not None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where a program that it names stays missing."""
    parser = argparse.ArgumentParser(prog="python3 -m scripts.test_programs", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where buildx is unpacked")
    names = [program.name for program in PROGRAMS]
    parser.add_argument("--only", choices=names, metavar="PROGRAM", help="one of them: " + ", ".join(names))
    options = parser.parse_args(arguments)
    chosen = tuple(program for program in PROGRAMS if options.only in (None, program.name))
    absent = ensure_programs(chosen, options.folder, with_buildx=options.only is None)
    return 1 if absent and options.only else 0


def ensure_programs(programs: tuple[Program, ...], folder: Path, *, with_buildx: bool) -> list[Program]:
    """Install what is missing, into ``folder`` what no installed package should bring; what stays missing."""
    path = os.pathsep.join((str(folder), system_path()))
    machine = this_machine()
    missing = tuple(program for program in programs if not is_there(program, path))
    if chosen := installable(missing, machine, os.environ):
        packages = sorted({name for program in chosen for name in program.package.split()})
        say(f"installing {', '.join(packages)}")
        with services_left_alone():
            run(*APT, "update")
            run(*APT, "install", "--no-install-recommends", *packages)
    absent = [program for program in programs if not is_there(program, path)]
    if with_buildx and machine.is_debian and not has_buildx(path):
        say(f"unpacking docker-buildx into {folder}")
        unpack_buildx(folder)
    if with_buildx and not has_buildx(path):
        absent.append(BUILDX)
    for program in absent:
        skipped = f", so tests of {program.serves} are skipped" if with_buildx else ""
        say(f"{program.name} is missing{skipped} ({how(program, machine)})")
    return absent


def how(program: Program, machine: Machine) -> str:
    """How to have the program."""
    if machine.system == "Darwin":
        return "these tests run on Linux"
    return f"sudo apt-get install {program.package}" if machine.is_debian else f"Debian's {program.package}"


def has_buildx(path: str) -> bool:
    """Whether previewer would find a buildx that everyone on the machine has."""
    from previewer.docker_api.builders.buildx import find_buildx

    return find_buildx({"PATH": path}) is not None


def unpack_buildx(folder: Path) -> None:
    """Fetch Debian's package, checked by apt against Debian's key, and take the program out of it."""
    with tempfile.TemporaryDirectory(prefix="previewer-buildx-") as name:
        place = Path(name)
        for part in ("lists/partial", "cache/archives/partial", "tree"):
            (place / part).mkdir(parents=True)
        (place / "sources.list").write_text(SOURCE, encoding="utf-8")
        options = {
            "Dir::Etc::sourcelist": place / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::Lists": place / "lists",
            "Dir::Cache": place / "cache",
            "APT::Sandbox::User": "root",
        }
        own = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        own_suite = ("apt-cache", "show", BUILDX.package)
        if run(*own_suite, is_question=True):
            run(*APT, "download", BUILDX.package, cwd=place)
        elif run(*APT, *own, "update"):
            run(*APT, *own, "download", BUILDX.package, cwd=place)
        for package in place.glob("*.deb"):
            run("dpkg", "-x", str(package), str(place / "tree"))
        program = place / "tree/usr/libexec/docker/cli-plugins" / BUILDX.name
        if program.is_file() and run(str(program), "version"):
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(program, folder / BUILDX.name)


@contextmanager
def services_left_alone() -> Iterator[None]:
    """Have packages that are installed meanwhile start nothing."""
    if POLICY.exists() or not os.access(POLICY.parent, os.W_OK):
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def run(*command: str, cwd: Path | None = None, is_question: bool = False) -> bool:
    """Whether it succeeded; unless it only answers a question, what it complains of is said otherwise."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PATH": system_path(), "LC_ALL": "C"}
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, cwd=cwd, check=False
    )
    if done.returncode and not is_question:
        say(f"`{' '.join(command[:1])}` failed: {' '.join(done.stderr.split())[-300:]}")
    return done.returncode == 0


def say(line: str) -> None:
    """Tell the user."""
    print(f"programs: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
