"""What `init` writes, what it proposes, and what it leaves alone."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from previewer.definition import load_named
from previewer.deployment.would_run import would_run
from previewer.domain.compose.definition import Role
from previewer.domain.policy.check import Verdict
from previewer.errors import SourceError, UsageError
from previewer.operations.init import (
    InitPlan,
    ManySourcesError,
    Start,
    commit_init,
    plan_init,
    start_of,
    write_init,
)
from previewer.source.git import GitSource
from previewer.testing.memory.session import memory_session
from tests.operations.shop import Shop


def plan_of(files: Mapping[str, str], sources: Sequence[str] = ()) -> InitPlan:
    shop = Shop()
    shop.source.commit("main", dict(files))
    return plan_init(shop.session, sources)


def test_files_that_are_there_are_kept(tmp_path: Path) -> None:
    files = plan_of({"Dockerfile": "FROM scratch\n"}).files
    (tmp_path / "envs").mkdir()
    mine = tmp_path / "envs" / "staging.yaml"
    mine.write_text("mine")
    result = write_init(tmp_path, files)
    assert result.written == ("envs/preview.yaml", "envs/production.yaml")
    assert result.kept == ("envs/staging.yaml",)
    assert mine.read_text() == "mine"
    assert (tmp_path / "envs" / "preview.yaml").read_text() == files["envs/preview.yaml"]
    assert write_init(tmp_path, files).written == ()


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "preview.yaml").symlink_to(tmp_path / "elsewhere")
    result = write_init(tmp_path, {"envs/preview.yaml": "text"})
    assert result.kept == ("envs/preview.yaml",)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["envs/preview.yaml", "envs/preview.yml"])
def test_what_the_commit_has_is_not_planned(name: str) -> None:
    files = plan_of({name: "services: {a: {image: i}}\n"}).files
    assert list(files) == ["envs/staging.yaml", "envs/production.yaml"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "envs").write_text("a file")
    with pytest.raises(UsageError) as caught:
        write_init(tmp_path, {"envs/preview.yaml": "text"})
    assert caught.value.where == "envs/preview.yaml"


SHOP, TOOLS = "shop/compose.yaml", "tools/compose.yaml"


def test_the_only_file_in_a_folder_is_begun_with_and_of_several_one_is_said() -> None:
    assert f"../{SHOP}" in plan_of({SHOP: "services: {}"}).files["envs/preview.yaml"]
    several = {SHOP: "services: {}", TOOLS: "services: {}"}
    with pytest.raises(ManySourcesError, match=f"2 files to begin with: {SHOP}, {TOOLS}") as caught:
        plan_of(several)
    assert caught.value.hint == f"say which: previewer init --from {SHOP}"
    assert f"../{TOOLS}" in plan_of(several, [TOOLS]).files["envs/preview.yaml"]
    with pytest.raises(UsageError, match="HEAD has no such file"):
        plan_of(several, ["shop"])


PROPOSED: Mapping[str, tuple[Mapping[str, str], Sequence[str], Sequence[str]]] = {
    "a proxy with the engine's socket": (
        {
            "compose.yaml": """services:
  proxy: {image: traefik, volumes: ["/var/run/docker.sock:/s:ro"]}
  web: {image: shop-api, ports: ["8080"], depends_on: [proxy]}
"""
        },
        ["omit: [proxy]"],
        [],
    ),
    "a folder of the host": (
        {"compose.yaml": "services: {web: {image: shop-api, volumes: ['~/.memos:/data']}}\n"},
        [],
        ["~/.memos"],
    ),
    "variables that an example has": (
        {
            "compose.yaml": "services: {web: {image: shop-api, env_file: .env}}\n",
            ".env.example": "KEY=value\n",
        },
        ["env_example: true"],
        [],
    ),
    "profiles only": (
        {"compose.yaml": "services: {web: {image: shop-api, profiles: [app]}}\n"},
        ["profiles: [app]"],
        [],
    ),
    "profiles that exclude each other": (
        {
            "compose.yaml": """services:
  one: {image: shop-api, container_name: same, profiles: [first]}
  other: {image: shop-api, container_name: same, profiles: [second]}
  third: {image: shop-api, profiles: [second]}
""",
        },
        ["profiles: [second]"],
        [],
    ),
    "profiles that an example chooses": (
        {
            "compose.yaml": "services: {a: {image: api, profiles: [one]}, b: {image: api, profiles: [two]}}\n",
            ".env.example": "COMPOSE_PROFILES=two\n",
        },
        ["profiles: [two]"],
        [],
    ),
    "a name that would end a comment": (
        {"compose.yaml": 'services: {web: {image: shop-api, volumes: ["/a\\nservices {x}:/b"]}}\n'},
        [],
        ["/a\nservices {x}"],
    ),
    "a debugger": (
        {"compose.yaml": "services: {web: {image: shop-api, ports: ['8000', '5678']}}\n"},
        ["await_ports: {web: [8000]}"],
        [],
    ),
    "databases in staging and production": (
        {
            "compose.yaml": """services:
  db: {image: "registry.example/library/postgres:17@sha256:%s", volumes: ["db-data:/data", "./init:/init"]}
  cache: {image: redis, volumes: ["cache:/data", "/anonymous"]}
  web: {image: shop-api, volumes: ["media:/media"]}
volumes: {db-data: {}, cache: {}, media: {}}
"""
            % ("0" * 64),
            "init/first.sql": "",
        },
        ["lifetime: {cache: environment, db-data: environment}"],
        [],
    ),
    "nothing to say": ({"compose.yaml": "services: {web: {image: shop-api, ports: ['8000']}}\n"}, [], []),
    "only what cannot be left out": (
        {"compose.yaml": "services: {web: {image: shop-api, privileged: true}}\n"},
        [],
        [],
    ),
}


@pytest.mark.parametrize(("files", "keys", "replaced"), PROPOSED.values(), ids=PROPOSED)
def test_what_a_definition_needs_is_proposed_with_its_reason(
    files: Mapping[str, str], keys: Sequence[str], replaced: Sequence[str]
) -> None:
    plan = plan_of(files)
    assert [key.text for key in plan.proposals.keys] == keys
    assert list(plan.proposals.replaced) == replaced
    for key in plan.proposals.keys:
        assert key.reason
        said = {role for role in Role if f"  {key.text}   # " in plan.files[f"envs/{role.value}.yaml"]}
        assert said == set(key.roles)
    assert ("previewer.toml" in plan.files) is bool(replaced)
    assert "env_example" not in plan.files["envs/production.yaml"]


def test_what_is_proposed_runs() -> None:
    for files, keys, replaced in PROPOSED.values():
        if not (keys or replaced):
            continue
        shop = Shop()
        shop.source.commit("main", dict(files))
        plan = plan_init(shop.session)
        resolved = shop.session.source.resolve("main")
        checks = would_run(shop.session, resolved, plan.completed, replaced=replaced)
        assert [check for check in checks if check.verdict is Verdict.FAILED] == []


def test_a_definition_that_is_there_is_proposed_nothing() -> None:
    plan = plan_of({"envs/preview.yaml": "services: {web: {image: shop-api, privileged: true}}\n"})
    assert plan.proposals.checks == ()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"Procfile": "web: app\n"}, "add a Dockerfile beside it"),
        ({".devcontainer/Dockerfile": "FROM x\n"}, "init --from .devcontainer/Dockerfile"),
        ({"README": ""}, "a commented start"),
    ],
)
def test_what_cannot_be_derived_is_said(files: Mapping[str, str], words: str) -> None:
    assert words in plan_of(files).missing


def test_a_procfile_beside_a_dockerfile_gives_the_other_processes() -> None:
    procfile = "web: gunicorn app\nworker: celery -A app $OPTIONS\n# nothing\nrelease: migrate\n"
    plan = plan_of({"Dockerfile": "FROM shop-api\nEXPOSE 8000\n", "Procfile": procfile})
    definition = load_named(plan.completed, "preview")
    assert set(definition.services) == {"app", "worker", "release"}
    worker = definition.services["worker"].spec
    assert (worker["command"], worker["build"]) == (
        ["sh", "-c", "celery -A app $OPTIONS"],
        definition.services["app"].spec["build"],
    )
    assert plan.missing == ""


def test_a_file_of_this_machine_stands_for_one_that_is_not_committed() -> None:
    shop = Shop()
    shop.source.commit("main", {"compose.yaml": "services: {web: {image: shop-api, env_file: .env}}\n"})
    shop.session.config_mounts = {"my.env": {"KEY": "value"}}
    plan = plan_init(shop.session)
    assert plan.proposals.checks == ()
    checks = would_run(shop.session, shop.session.source.resolve("main"), plan.completed)
    assert [check for check in checks if check.verdict is Verdict.FAILED] == []


def test_several_dockerfiles_are_services_called_like_their_folders() -> None:
    files = {"api/Dockerfile": "FROM shop-api\nEXPOSE 80\n", "web/front/Dockerfile": "FROM shop-db\n"}
    with pytest.raises(ManySourcesError):
        plan_of(files)
    definition = load_named(plan_of(files, list(files)).completed, "preview")
    assert {name: service.build.context for name, service in definition.services.items() if service.build} == {
        "api": "api",
        "front": "web/front",
    }
    mixed = {**files, "compose.yaml": "services: {}"}
    with pytest.raises(UsageError, match="Compose files or with Dockerfiles"):
        plan_of(mixed, ["compose.yaml", "api/Dockerfile"])


def test_it_is_committed_on_a_branch_of_its_own(tmp_path: Path) -> None:
    git = partial(subprocess.run, check=True, capture_output=True, text=True, cwd=tmp_path)
    git(["git", "init", "--quiet", "--initial-branch", "main"])
    git(["git", "config", "user.name", "Ada"])
    git(["git", "config", "user.email", "ada@example.org"])
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "notes.txt").write_text("kept")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    git(["git", "add", "."])
    git(["git", "commit", "--quiet", "--message", "Begin"])
    with memory_session(source=GitSource(str(tmp_path))) as session:
        files = plan_init(session).files
        made = commit_init(session, files, "previews")
        with pytest.raises(UsageError, match="such a branch"):
            commit_init(session, files, "previews")
        with pytest.raises(SourceError):
            commit_init(session, files, "a..b")
        with pytest.raises(UsageError, match="nothing to commit"):
            commit_init(session, {}, "other")
    listed = git(["git", "ls-tree", "-r", "--name-only", "previews"]).stdout.split()
    assert listed == ["Dockerfile", "envs/notes.txt", *sorted(files)]
    assert git(["git", "rev-parse", "previews^"]).stdout == git(["git", "rev-parse", "main"]).stdout
    assert git(["git", "show", "previews:envs/preview.yaml"]).stdout == files["envs/preview.yaml"]
    assert git(["git", "rev-parse", "previews"]).stdout.strip() == made.commit
    assert git(["git", "status", "--porcelain"]).stdout == "", "nothing that is checked out changes"


def test_without_a_commit_there_is_nothing_to_add_to(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    with memory_session(source=GitSource(str(tmp_path))) as session:
        assert start_of(session) is Start.UNKNOWN
        with pytest.raises(UsageError, match="nothing has been committed"):
            commit_init(session, plan_init(session).files, "start")


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"envs/preview.yaml": "services: {a: {image: i}}\n"}, Start.DEFINED),
        ({"compose.yaml": "services: {a: {image: i}}\n"}, Start.DERIVED),
        ({"Dockerfile": "FROM scratch\n"}, Start.DERIVED),
        ({"deploy/compose.yaml": "services: {a: {image: i}}\n", "envs/README": ""}, Start.UNKNOWN),
    ],
)
def test_how_a_repository_begins(files: Mapping[str, str], start: Start) -> None:
    shop = Shop()
    shop.source.commit("main", dict(files))
    assert start_of(shop.session) is start
