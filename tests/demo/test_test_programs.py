"""Which programs that tests use are installed where."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from scripts.local_engine.machine import Machine
from scripts.test_programs import PROGRAMS, how, installable, main

FRESH = Machine(system="Linux", is_root=True, is_debian=True, has_systemd=False, dockerd=None)
MAC = Machine(system="Darwin", is_root=False, is_debian=False, has_systemd=False, dockerd=None)
SERVICES = {"docker-registry", "sshd", "pg_ctlcluster"}


@pytest.mark.parametrize(
    ("machine", "environment", "left_out"),
    [
        (FRESH, {}, set()),
        (replace(FRESH, has_systemd=True), {"CI": "true"}, set()),
        (replace(FRESH, has_systemd=True), {}, SERVICES),
    ],
)
def test_root_has_them_installed_but_for_services_of_a_kept_machine(
    machine: Machine, environment: dict[str, str], left_out: set[str]
) -> None:
    chosen = {program.name for program in installable(PROGRAMS, machine, environment)}
    assert chosen == {program.name for program in PROGRAMS} - left_out


@pytest.mark.parametrize("machine", [replace(FRESH, is_root=False), replace(FRESH, is_debian=False), MAC])
def test_elsewhere_nothing_is_installed_and_it_says_how(machine: Machine) -> None:
    assert installable(PROGRAMS, machine, {"CI": "true"}) == ()
    assert how(PROGRAMS[0], machine)


def test_a_wrong_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["folder", "--only", "cobol"])
    assert ended.value.code == 2
    assert "busybox" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["scripts.test_programs", "scripts.dist", "demo.history", "demo.run"])
def test_help_only_helps(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("usage: ")
    assert not done.stderr
