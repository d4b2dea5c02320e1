"""Secrets come from where the default branch says, for trusted commits alone, and stay out of all that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec import structs

from previewer.domain.compose.definition import Location, Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.policy.trust import Grant, TrustRules
from previewer.domain.progress import Event, Noted
from previewer.domain.release.image_comparison import Sameness
from previewer.errors import DefinitionError, PreviewerError
from previewer.operations.check_secrets import check_secrets
from previewer.operations.down import down
from previewer.operations.freeze import freeze
from previewer.operations.up import up
from previewer.operations.verify import verify
from previewer.records.environments import list_environments
from previewer.records.tombstones import find_tombstone
from previewer.session.run import Run
from previewer.session.secrets import find_secret
from previewer.session.session import Session
from previewer.settings.load import load_settings
from previewer.settings.model import Settings
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import memory_session
from previewer.testing.memory.source import MemorySource

COMPOSE = """
services:
  web:
    image: shop-web
    environment: {PASSWORD: "${DB_PASSWORD:?a password}"}
"""
SECRET = "hunter2-of-the-shop"
SETTINGS = Settings(settle_time=0.0, secrets={Role.PREVIEW: {"DB_PASSWORD": "env:CI_PASSWORD"}})


def shop(settings: Settings = SETTINGS, values: Mapping[str, str] | None = None) -> Session:
    source = MemorySource()
    source.commit("main", {"compose.yaml": COMPOSE})
    source.commit("feature", {"compose.yaml": COMPOSE, "page": "new"})
    default = source.default_branch()
    session = memory_session(source=source, settings=structs.replace(settings, default_branch=default))
    known = {"env:CI_PASSWORD": SECRET} if values is None else values

    def find(text: str) -> str:
        if text not in known:
            raise PreviewerError("it is not there")
        return known[text]

    session.find_secret = find
    return session


def test_a_trusted_commit_gets_them_and_nothing_that_is_kept_has_them() -> None:
    session = shop()
    events: list[Event] = []
    result = up(Run(session, events.append), "main", DeployRequest())
    examined = session.examiner.examine(session.source.installation)
    assert any(SECRET in str(container.fields) for container in examined.containers)
    assert SECRET not in repr((events, result, session.ledger.releases(), session.ledger.entries()))
    assert SECRET not in repr(list_environments(session))
    assert session.config_mounts == {}, "another commit does not find them in the session"
    down(Run(session), [result.environment.name])
    assert SECRET not in repr(find_tombstone(session, result.environment.name))


def test_a_release_is_built_again_with_the_secrets_that_it_was_frozen_with() -> None:
    source, images = MemorySource(), MemoryImages()
    compose = "services: {web: {build: {context: ., args: {TOKEN: $DB_PASSWORD}, secrets: [key]}}}\n"
    files = {"compose.yaml": f"{compose}secrets: {{key: {{environment: KEY}}}}\n", "Dockerfile": "FROM base\n"}
    source.commit("main", files)
    grants = (Grant("build-secret", None, Location("previewer.toml", 1)),)
    given = {"DB_PASSWORD": "env:CI_PASSWORD", "KEY": "env:CI_KEY", "UNUSED": "env:UNUSED"}
    settings = structs.replace(
        SETTINGS,
        secrets={Role.PREVIEW: given},
        trust=TrustRules(grants=grants),
        default_branch=source.default_branch(),
    )
    session = memory_session(source=source, images=images, settings=settings)
    session.find_secret = lambda text: f"{SECRET} {text}"
    freeze(Run(session), "main")
    frozen = images.requests[-1]
    events: list[Event] = []
    found = verify(Run(session, events.append), "main", rebuild=True)
    again = images.requests[-1]
    assert [image.sameness for image in found.images] == [Sameness.IDENTICAL]
    assert again is not frozen
    assert (again.args, again.requirements) == (frozen.args, frozen.requirements)
    assert again.args["TOKEN"] == f"{SECRET} env:CI_PASSWORD"
    assert again.requirements.secrets == {"key": f"{SECRET} env:CI_KEY".encode()}
    assert SECRET not in repr((found, events))
    known = {"env:CI_PASSWORD": SECRET}

    def find(text: str) -> str:
        if text not in known:
            raise PreviewerError("it is not there")
        return known[text]

    session.find_secret = find
    with pytest.raises(PreviewerError, match="the secret KEY cannot be had"):
        verify(Run(session), "main", rebuild=True)


def test_a_commit_that_no_known_branch_holds_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    session = shop()
    monkeypatch.setattr(MemorySource, "is_on_branch", lambda _source, _commit, _branch: False)
    events: list[Event] = []
    with pytest.raises(DefinitionError, match="a password"):
        up(Run(session, events.append), "feature", DeployRequest())
    (note,) = (event for event in events if isinstance(event, Noted) and "no secrets" in event.message)
    assert "feature does not hold this commit" in note.message
    (secret, *wanted) = check_secrets(session, "feature", Role.PREVIEW)
    assert (secret.name, secret.state) == ("DB_PASSWORD", "refused")
    assert [one.state for one in wanted] == ["missing"]


def test_another_role_has_others() -> None:
    session = shop()
    with pytest.raises(DefinitionError, match="a password"):
        up(Run(session), "main", DeployRequest(role=Role.STAGING, definition="preview"))


def test_what_cannot_be_had_is_named_before_anything_is_made() -> None:
    session = shop(values={})
    with pytest.raises(PreviewerError, match="the secret DB_PASSWORD cannot be had: it is not there"):
        up(Run(session), "main", DeployRequest())
    assert list_environments(session) == ()
    secret, *wanted = check_secrets(session, "main", Role.PREVIEW)
    assert (secret.state, secret.reason) == ("missing", "it is not there")
    assert len(wanted) == 1


def test_a_source_of_a_kind_that_the_user_does_not_let_projects_use_is_refused() -> None:
    secrets = {Role.PREVIEW: {"DB_PASSWORD": "cmd:rm -rf /"}}
    session = shop(structs.replace(SETTINGS, secrets=secrets), {"cmd:rm -rf /": SECRET})
    with pytest.raises(PreviewerError, match="you do not let projects use `cmd:`") as caught:
        up(Run(session), "main", DeployRequest())
    assert "PREVIEWER_SECRET_SOURCES=cmd,env" in (caught.value.hint or "")
    session = shop(
        structs.replace(SETTINGS, secrets=secrets, secret_sources=frozenset({"cmd"})), {"cmd:rm -rf /": SECRET}
    )
    up(Run(session), "main", DeployRequest())
    (found,) = check_secrets(session, "main", Role.PREVIEW)
    assert (found.state, found.source) == ("given", "cmd:rm -rf /")


def test_where_they_cannot_be_had_any_more_no_line_of_a_log_is_kept() -> None:
    session = shop()
    name = up(Run(session), "main", DeployRequest()).environment.name
    session.find_secret = shop(values={}).find_secret
    down(Run(session), [name])
    assert find_tombstone(session, name).lines == ()


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """An environment with an `op`, a `sops` and a `vault` that say how they were called."""
    fails = '[ "$FAIL" ] && { echo no >&2; echo secret; exit 3; }'
    for name, said in {"op": "$*", "vault": "$*", "sops": '$1 $2 $3 $(cat "$4")'}.items():
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\n{fails}\necho "{name} {said}"\n')
        program.chmod(0o755)
    (tmp_path / "token").write_text("from a file\n")
    return {"PATH": f".:{tmp_path}:/usr/bin:/bin", "SET": "from a variable", "EMPTY": ""}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("env:SET", "from a variable"),
        ("file:{folder}/token", "from a file"),
        ("cmd:vault kv get -field='a b'", "vault kv get -field=a b"),
        ("op:vault/item/field", "op read --no-newline op://vault/item/field"),
        ("op://vault/item/field", "op read --no-newline op://vault/item/field"),
        ("sops:secrets.yaml#db.0.password", 'sops decrypt --extract ["db"][0]["password"] encrypted'),
    ],
)
def test_where_values_come_from(programs: dict[str, str], tmp_path: Path, source: str, value: str) -> None:
    found = find_secret(source.format(folder=tmp_path), programs, {"secrets.yaml": b"encrypted"}.get)
    assert found == value


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("env:ABSENT", "is not set"),
        ("env:EMPTY", "is not set"),
        ("file:token", "has to be absolute"),
        ("file:/no/such/file", "cannot be read"),
        ("cmd:./vault", "there is no program"),
        ("cmd:no-such-program", "there is no program"),
        ("cmd:it's", "cannot be taken apart"),
        ("sops:absent.yaml", "no such file"),
    ],
)
def test_what_is_wrong_with_a_source(programs: dict[str, str], source: str, words: str) -> None:
    with pytest.raises(PreviewerError, match=words):
        find_secret(source, programs, lambda _path: None)


def test_a_program_that_fails_is_quoted_without_what_it_printed(programs: dict[str, str]) -> None:
    with pytest.raises(PreviewerError, match="vault ended with 3") as caught:
        find_secret("cmd:vault", {**programs, "FAIL": "1"}, lambda _path: None)
    assert caught.value.details == ("no",)


def test_settings_name_sources_and_refuse_values() -> None:
    def load(text: str) -> Settings:
        return load_settings(user_file=None, repository_file=text.encode(), environment={})

    assert load('[secrets.staging]\nA = "op:v/i/f"').secrets == {Role.STAGING: {"A": "op:v/i/f"}}
    for text in ('A = "hunter2"', 'A = "vault:x"', 'A = "env:"', '"a b" = "env:X"', "A = 1"):
        with pytest.raises(PreviewerError, match=r"previewer.toml:2"):
            load(f"[secrets.preview]\n{text}")
    with pytest.raises(PreviewerError, match="does not belong here"):
        load('secret_sources = ["cmd"]')
