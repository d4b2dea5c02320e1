"""What CI systems read, held against the grammars that they publish."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from previewer.cli.ci.github import command, inert
from previewer.cli.ci.gitlab import DOTENV
from previewer.domain.environment.environment import list_environments
from previewer.engine.protocol import Selection
from tests.cli.runner import Ran
from tests.forge.platform_server import platform_server
from tests.worlds.cli import World

GITHUB_COMMAND = re.compile(r"::(?P<name>[a-z-]+)(?: (?P<properties>[^:\r\n]+))?::(?P<message>[^\r\n]*)")
"""https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands"""
GITLAB_SECTION = re.compile(
    r"\x1b\[0Ksection_(?P<what>start|end):(?P<at>[0-9]+):(?P<name>[A-Za-z0-9_.-]+)(?:\[collapsed=true\])?\r\x1b\[0K"
)
"""https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections"""
DOTENV_LINE = re.compile(r"[A-Za-z0-9_]+=[^\s'\"`$\\]+")
"""https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv"""


@pytest.fixture
def cli() -> World:
    return World()


def on_github(cli: World, folder: Path, *arguments: str, **more: str) -> Ran:
    files = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary")}
    return cli.run(*arguments, environment={"CI": "true", "GITHUB_ACTIONS": "true", **files, **more})


def commands(ran: Ran) -> list[re.Match[str]]:
    return [found for line in ran.err.splitlines() if (found := GITHUB_COMMAND.fullmatch(line))]


def read_outputs(file: Path) -> dict[str, str]:
    """As the runner does: ``name<<delimiter``, lines, delimiter."""
    lines, found = iter(file.read_text().splitlines()), {}
    for line in lines:
        name, _, end = line.partition("<<")
        value = []
        while (text := next(lines)) != end:
            value.append(text)
        found[name] = "\n".join(value)
    return found


def test_github_gets_outputs_a_summary_and_groups(cli: World, tmp_path: Path) -> None:
    ran = on_github(cli, tmp_path, "up", "main")
    assert ran.code == 0
    (environment,) = list_environments(cli.engine.observe(Selection()))
    outputs = read_outputs(tmp_path / "output")
    assert outputs["environment"] == environment.name
    assert outputs["url"] == environment.url
    assert environment.name in (tmp_path / "summary").read_text()
    names = [found["name"] for found in commands(ran)]
    assert names == ["group", "endgroup"] * (len(names) // 2)
    assert names
    assert "::" not in ran.out.replace("://", "")


def test_an_error_stands_beside_its_line(cli: World, tmp_path: Path) -> None:
    (found,) = commands(on_github(cli, tmp_path, "up", "broken"))
    assert found["name"] == "error"
    properties = dict(entry.split("=") for entry in found["properties"].split(","))
    assert (properties["file"], properties["line"]) == ("compose.yaml", "3")
    (refused,) = commands(on_github(cli, tmp_path, "up", "fix/rights"))
    assert "file=compose.yaml,line=4" in refused["properties"]
    (unknown,) = commands(on_github(cli, tmp_path, "up", "no-such-branch"))
    assert "file=" not in unknown["properties"]


@pytest.mark.parametrize("choice", ["none", "generic", "gitlab"])
def test_another_system_can_be_said(
    cli: World, tmp_path: Path, choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = on_github(cli, tmp_path, "up", "main", "--ci", choice)
    assert ran.code == 0
    assert commands(ran) == []
    assert not (tmp_path / "output").exists()
    assert (tmp_path / DOTENV).exists() == (choice == "gitlab")


def test_gitlab_gets_sections_and_variables(cli: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = cli.run("up", "main", environment={"CI": "true", "GITLAB_CI": "true"})
    sections = list(GITLAB_SECTION.finditer(ran.err))
    begun = [found["name"] for found in sections if found["what"] == "start"]
    assert begun == [found["name"] for found in sections if found["what"] == "end"]
    assert len(set(begun)) == len(begun) > 1
    assert ran.err.count("section_") == len(sections)
    lines = (tmp_path / DOTENV).read_text().splitlines()
    assert all(DOTENV_LINE.fullmatch(line) for line in lines)
    assert any(line.startswith("PREVIEWER_URL=http://") for line in lines)


@pytest.mark.parametrize("line", ["::set-env name=A::b", "  ::error::x", "a ##[error]b", "::::"])
def test_nothing_that_others_wrote_is_a_command(line: str) -> None:
    assert not inert(line).lstrip().startswith("::")
    assert "##[" not in inert(line)


def test_values_cannot_end_a_command_or_add_properties() -> None:
    text = command("error", "50 %\r\n::stop", {"file": "a,line=9::b", "line": None})
    assert text == "::error file=a%2Cline=9%3A%3Ab::50 %25%0D%0A::stop"


def test_reports_are_written_beside_what_is_printed(cli: World, tmp_path: Path) -> None:
    cli.up("main")
    for words in (("drift", "shop-main"), ("parity", "main", "main:production"), ("status", "main")):
        file = tmp_path / words[0] / "report.xml"
        ran = cli.run(*words, "--junit", str(file))
        assert ran.code == 0, ran.err
        assert ET.parse(file).getroot().tag == "testsuite"
        assert "<testsuite" not in ran.out
    assert cli.run("drift", "shop-main", "--junit", "/dev/null/report.xml").code == 2


def test_every_service_that_does_not_serve_fails_in_the_report_on_health(cli: World, tmp_path: Path) -> None:
    cli.up("main")
    file = tmp_path / "health.xml"
    assert cli.run("status", "main", "--junit", str(file)).code == 0
    suite = ET.parse(file).getroot()
    assert (suite.get("name"), suite.get("failures")) == ("previewer status", "0")
    names = [case.get("name") for case in suite.iter("testcase")]
    assert len(names) > 1
    engine = cli.session.engine
    containers = engine.observe(Selection()).containers
    engine.stop_container(next(c.name for c in containers if c.service == "web"), grace=0)
    assert cli.run("status", "main", "--exit-code", "--junit", str(file)).code == 4
    cases = {case.get("name"): case.find("failure") for case in ET.parse(file).getroot().iter("testcase")}
    assert list(cases) == names
    assert {name: failure.text for name, failure in cases.items() if failure is not None} == {
        "web": "failed: shop-main-g1-web-1 ended with 137"
    }
    for container in containers:
        engine.remove_container(container.name)
    assert cli.run("status", "main", "--junit", str(file)).code == 0
    (case,) = ET.parse(file).getroot().iter("testcase")
    assert (case.get("name"), case.find("failure") is not None) == ("shop-main", True)
    assert cli.run("status", "main", "--gone", "--junit", str(file)).code == 2


def test_a_comment_is_posted_and_what_hinders_it_fails_nothing(cli: World, tmp_path: Path) -> None:
    cli.up("main")
    with platform_server() as server:
        job = {
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_REPOSITORY": "ada/shop",
            "GITHUB_API_URL": server.address,
            "GITHUB_TOKEN": "ghs_x",
        }
        assert on_github(cli, tmp_path, "comment", "shop-main", "--post", **job).code == 0
        ran = on_github(cli, tmp_path, "comment", "shop-main", "--gone", "--post", **job)
        assert ran.code == 0
        (comment,) = server.comments
        assert "was removed" in comment["body"]
        server.before = [(403, {}, {"message": "Resource not accessible by integration"})]
        refused = on_github(cli, tmp_path, "comment", "shop-main", "--post", **job)
    assert refused.code == 0
    assert "pull-requests: write" in refused.err
