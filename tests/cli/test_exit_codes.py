"""One table of exit codes: in the code, in ``--help`` and in docs/cli.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from previewer import errors
from previewer.cli.exit_codes import ExitCode, exit_code_of
from tests.cli.runner import failing, run_cli

REFERENCE = Path(__file__).parents[2] / "docs" / "cli.md"

EXPECTED = {
    errors.PreviewerError: 1,
    errors.UsageError: 2,
    errors.NotFoundError: 6,
    errors.AmbiguousError: 6,
    errors.SourceError: 1,
    errors.NoRepositoryError: 1,
    errors.OutsideTreeError: 1,
    errors.DefinitionError: 1,
    errors.PolicyError: 5,
    errors.FreezeError: 1,
    errors.BuildError: 1,
    errors.RegistryError: 1,
    errors.EngineError: 1,
    errors.EngineUnreachableError: 9,
    errors.ObjectNotFoundError: 6,
    errors.ImageGoneError: 6,
    errors.ConflictError: 1,
    errors.PortTakenError: 1,
    errors.StuckContainerError: 1,
    errors.UnsupportedError: 1,
    errors.CapacityError: 10,
    errors.UnhealthyError: 4,
    errors.LockedError: 7,
    errors.TimedOutError: 8,
    errors.MachineError: 1,
    errors.LeftoversError: 1,
    errors.CancelledError: 130,
    errors.SupersededError: 11,
}


def test_every_error_has_a_code() -> None:
    def below(error: type[errors.PreviewerError]) -> set[type[errors.PreviewerError]]:
        return {error}.union(*(below(child) for child in error.__subclasses__()))

    ours = {error for error in below(errors.PreviewerError) if error.__module__ == errors.__name__}
    assert ours == set(EXPECTED)


@pytest.mark.parametrize(("error", "code"), EXPECTED.items())
def test_errors_end_with_their_code(error: type[errors.PreviewerError], code: int) -> None:
    assert exit_code_of(error) == code
    ran = run_cli(
        "ls", open_session=failing(error("it happened", where="object", hint="do that", details=("more",)))
    )
    assert ran.code == code
    assert ran.out == ""
    assert ran.err == "error: object: it happened\n  more\nhint: do that\n"


def test_help_and_reference_list_the_same_codes() -> None:
    expected = [(code.value, code.meaning) for code in ExitCode]
    section = run_cli("--help").out.split("Exit codes:\n", 1)[1]
    assert [
        (int(number), text) for number, text in re.findall(r"^ +(\d+)  (.+)$", section, re.MULTILINE)
    ] == expected
    table = REFERENCE.read_text(encoding="utf-8").split("## Exit codes\n", 1)[1].split("\n## ", 1)[0]
    assert [
        (int(number), text) for number, text in re.findall(r"^\| (\d+) \| (.+) \|$", table, re.MULTILINE)
    ] == expected
