from __future__ import annotations

from pathlib import Path

import pytest

from previewer.errors import UsageError
from previewer.operations.init import ManySourcesError, plan_init, write_init
from tests.definition.trees import tree_of


def test_files_that_are_there_are_kept(tmp_path: Path) -> None:
    files = plan_init(tree_of({"Dockerfile": "FROM scratch\n"}))
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
    files = plan_init(tree_of({name: "services: {a: {image: i}}\n"}))
    assert list(files) == ["envs/staging.yaml", "envs/production.yaml"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "envs").write_text("a file")
    with pytest.raises(UsageError) as caught:
        write_init(tmp_path, {"envs/preview.yaml": "text"})
    assert caught.value.where == "envs/preview.yaml"


SHOP, TOOLS = "shop/compose.yaml", "tools/compose.yaml"


def test_the_only_file_in_a_folder_is_begun_with_and_of_several_one_is_said() -> None:
    assert f"../{SHOP}" in plan_init(tree_of({SHOP: "services: {}"}))["envs/preview.yaml"]
    several = tree_of({SHOP: "services: {}", TOOLS: "services: {}"})
    with pytest.raises(ManySourcesError, match=f"2 files to begin with: {SHOP}, {TOOLS}") as caught:
        plan_init(several)
    assert caught.value.hint == f"say which: previewer init --from {SHOP}"
    assert f"../{TOOLS}" in plan_init(several, [TOOLS])["envs/preview.yaml"]
    with pytest.raises(UsageError, match="HEAD has no such file"):
        plan_init(several, ["shop"])
