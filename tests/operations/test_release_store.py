"""Where releases are on a machine without a clone: one place a project, found again by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from previewer.errors import NoRepositoryError, NotFoundError
from previewer.ledger.store import make_store
from previewer.operations.pull import forget_project
from previewer.session.open_session import find_store, open_session, store_path, stores_folder

INSTALLATION = "0123456789abcdef"


def make(folder: Path, project: str, installation: str = INSTALLATION) -> Path:
    path = store_path(project, installation, {"XDG_DATA_HOME": str(folder)})
    make_store(path, project=project, installation=installation, id_length=40)
    return path


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder that belongs to no repository."""
    folder = tmp_path / "nowhere"
    folder.mkdir()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(folder)
    return folder


def test_a_store_is_the_project_s(tmp_path: Path, nowhere: Path) -> None:
    path = make(tmp_path, "shop")
    make_store(path, project="other", installation="f" * 16, id_length=40)
    environment = {"XDG_DATA_HOME": str(tmp_path)}
    for name in (None, "shop", str(path)):
        with open_session(name, environment=environment) as session:
            assert (session.source.project, session.source.installation) == ("shop", INSTALLATION)
            assert session.source.branches() == ()
            assert session.ledger.releases() == ()
            assert session.project == "shop"


def test_a_project_without_a_name_is_said(tmp_path: Path, nowhere: Path) -> None:
    path = make(tmp_path, "shop")
    environment = {"XDG_DATA_HOME": str(tmp_path)}
    with open_session(None, environment=environment) as session:
        assert not session.is_chosen
        assert session.assumed == "this is not a repository: project shop, which was pulled, is meant"
    for name, variables in (("shop", {}), (str(path), {}), (None, {"PREVIEWER_PROJECT": "shop"})):
        with open_session(name, environment={**environment, **variables}) as session:
            assert (session.is_chosen, session.assumed) == (True, "")


def test_which_of_several_has_to_be_said(tmp_path: Path, nowhere: Path) -> None:
    make(tmp_path, "shop")
    make(tmp_path, "office")
    environment = {"XDG_DATA_HOME": str(tmp_path)}
    with pytest.raises(NotFoundError) as caught:
        open_session(None, environment=environment)
    assert caught.value.hint == "say which one: --project office or --project shop"
    for chosen in ({"name": "shop"}, {"PREVIEWER_PROJECT": "shop"}):
        with open_session(chosen.get("name"), environment={**environment, **chosen}) as session:
            assert session.source.project == "shop"
    with pytest.raises(NoRepositoryError):
        open_session("nope", environment=environment)


def test_a_project_is_forgotten(tmp_path: Path, nowhere: Path) -> None:
    environment = {"XDG_DATA_HOME": str(tmp_path)}
    kept, gone = make(tmp_path, "office"), make(tmp_path, "shop")
    assert forget_project("shop", is_forced=True, docker_host=None, environment=environment) == gone
    assert (kept.is_dir(), gone.exists()) == (True, False)
    with pytest.raises(NotFoundError, match="no such project") as caught:
        forget_project("shop", is_forced=True, docker_host=None, environment=environment)
    assert caught.value.hint == "there is office"


def test_two_projects_of_one_name_have_a_store_each(tmp_path: Path) -> None:
    first, second = make(tmp_path, "shop"), make(tmp_path, "shop", "fedcba9876543210")
    assert (first.name, second.name) == ("shop.git", "shop-fedcba98.git")
    assert make(tmp_path, "shop") == first
    with open_session(str(second), environment={}) as session:
        assert (session.source.project, session.source.installation) == ("shop", "fedcba9876543210")


def test_a_store_can_hold_ids_of_sha256(tmp_path: Path) -> None:
    path = tmp_path / "shop.git"
    make_store(path, project="shop", installation=INSTALLATION, id_length=64)
    assert "objectformat = sha256" in (path / "config").read_text().lower()


def test_stores_are_where_the_platform_keeps_data() -> None:
    assert stores_folder({"XDG_DATA_HOME": "/data", "HOME": "/home/ada"}) == Path("/data/previewer")
    found = stores_folder({"HOME": "/home/ada"})
    assert found is not None
    assert found.is_relative_to("/home/ada")
    assert stores_folder({}) is None
    assert find_store("shop", {}) is None
    with pytest.raises(NotFoundError, match="no folder for data"):
        store_path("shop", INSTALLATION, {})
