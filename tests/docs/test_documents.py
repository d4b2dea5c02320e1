"""What the documents name is there: commands with their options, targets of make, files and headings."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from previewer.cli.exit_codes import ExitCode
from previewer.cli.main import root

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCUMENTS = (README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"(?:^|[\s(])previewer(?= |$)(?P<rest>(?:\"[^\"]*\"|'[^']*'|[^|>;)&\"'])*)", re.MULTILINE)
_LINK = re.compile(r"\]\((?P<path>[^)#:]*)(?:#(?P<heading>[^)]+))?\)")
_INSTALLED_NAME = re.compile(r"""(?:pip|pipx|uv tool|uv pip) install (?:-\S+ )*['"]?(?P<name>[A-Za-z][\w.-]*)""")
_TEXT_BLOCKS = frozenset({"text", "json", "toml", "yaml"})


def command_lines(document: Path) -> Iterator[list[str]]:
    """The words after ``previewer`` of every command in a document's code blocks and between its backticks."""
    text = document.read_text(encoding="utf-8")
    blocks = [body for language, body in _FENCED.findall(text) if language not in _TEXT_BLOCKS]
    for code in (*blocks, *_INLINE.findall(_FENCED.sub("", text))):
        for line in code.splitlines():
            for found in _COMMAND.finditer(line):
                words = shlex.split(found["rest"].replace("[", "").replace("]", ""), comments=True)
                if words and not words[0].isupper():  # `previewer COMMAND`
                    yield words


def complaint(words: list[str]) -> str:
    """What the command line says of the words; nothing where they make sense. Nothing is run."""
    try:
        if words[0].startswith("-"):
            root.make_context("previewer", list(words))
        else:
            name, command, rest = root.resolve_command(click.Context(root), list(words))
            assert command is not None
            command.make_context(name, rest)
    except click.exceptions.Exit:  # --help, --version
        return ""
    except click.MissingParameter:  # `previewer up`, in a sentence
        return ""
    except click.UsageError as error:
        return error.format_message()
    return ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_exist_with_their_options(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {" ".join(words): said for words in command_lines(document) if (said := complaint(words))}
    assert wrong == {}


def test_commands_are_found_and_mistakes_noticed() -> None:
    found = [words for document in DOCUMENTS for words in command_lines(document)]
    assert ["up", "feature/login"] in found
    assert ["up", "HEAD", "--name", "hello-pr-7", "--ttl", "12h", "-o", "json"] in found
    assert len(found) > 60
    assert complaint(["upp", "main"])
    assert complaint(["up", "main", "--rolle", "staging"])
    assert complaint(["up", "main", "--role", "stagin"])


def test_the_reference_names_every_exit_code() -> None:
    table = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").partition("## Exit codes")[2]
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == [str(code.value) for code in ExitCode]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_targets_of_make_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    code = [*(body for _language, body in _FENCED.findall(text)), *_INLINE.findall(_FENCED.sub("", text))]
    named = {target for part in code for target in re.findall(r"(?:^|\s)make ([a-z]+)\b", part)}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for link in _LINK.finditer(_FENCED.sub("", document.read_text(encoding="utf-8"))):
        target = (document.parent / link["path"]).resolve() if link["path"] else document
        if not target.exists() or (link["heading"] and link["heading"] not in headings(target)):
            broken.append(link[0])
    assert broken == []


def headings(document: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    titles = re.findall(r"^#+ (.+)$", _FENCED.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_is_installed_from_an_index_is_this_project(document: Path) -> None:
    """On package indexes `previewer` is an unrelated program."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] != "previewer"
    text = document.read_text(encoding="utf-8")
    names = {found["name"] for found in _INSTALLED_NAME.finditer(text)}
    assert {name for name in names if name.startswith("previewer")} <= {project["name"]}


def test_the_architecture_lists_every_folder() -> None:
    """Folders have no ``__init__.py`` that would say what they hold: the page does."""
    rooms = re.search(
        r"^previewer/\n(.*?)^```", (ROOT / "docs/architecture.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert rooms is not None
    listed: list[str] = []
    for indent, name in re.findall(r"^( +)([\w/]+)/ +\S", rooms[1], re.MULTILINE):
        listed.append(name if len(indent) == 2 else f"{listed[-1].partition('/')[0]}/{name}")
    package = ROOT / "previewer"
    folders = {file.parent.relative_to(package).as_posix() for file in package.rglob("*.py")} - {"."}
    assert sorted(listed) == sorted(folders)
