"""Checking releases on a real engine, through the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from previewer.domain.labels import PROJECT
from previewer.domain.naming import REBUILT_REPOSITORY
from tests.docker.base_image import BASE_REFERENCE
from tests.worlds.docker import EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.slow]
CHANCE = f"FROM {BASE_REFERENCE}\nRUN head -c 16 /dev/urandom > /chance && echo same > /same\n"


def verified(engine_fixture: EngineFixture, *arguments: str, code: int = 0) -> dict[str, Any]:
    """What ``verify -o json`` says."""
    found: dict[str, Any] = json.loads(engine_fixture.run("verify", *arguments, "-o", "json", code=code))
    return found


def images_of(engine_fixture: EngineFixture) -> set[str]:
    listed = engine_fixture.connection.api.images(filters={"label": f"{PROJECT}={engine_fixture.project}"})
    return {image["Id"] for image in listed}


def test_a_rebuild_is_identical_and_leaves_nothing(engine_fixture: EngineFixture) -> None:
    engine_fixture.run("freeze")
    before = images_of(engine_fixture)
    (web,) = (image for image in verified(engine_fixture, "--rebuild")["images"] if image["service"] == "web")
    assert (web["sameness"], web["rebuilt"]) == ("identical", web["image"])
    assert images_of(engine_fixture) == before
    listed = engine_fixture.connection.api.images(filters={"label": f"{PROJECT}={engine_fixture.project}"})
    named = [tag for image in listed for tag in image["RepoTags"] or ()]
    assert [tag for tag in named if tag.startswith(REBUILT_REPOSITORY)] == []


def test_what_is_not_reproducible_is_shown_by_file_and_ends_with_the_code_for_differences(
    engine_fixture: EngineFixture,
) -> None:
    engine_fixture.repository.commit({"web/Dockerfile": CHANCE}, subject="chance")
    engine_fixture.run("freeze")
    before = images_of(engine_fixture)
    found = verified(engine_fixture, "--rebuild", code=3)
    (web,) = (image for image in found["images"] if image["service"] == "web")
    assert web["sameness"] == "different"
    assert web["differences"] == [{"path": "/chance", "change": "content"}]
    assert not found["well"]
    assert images_of(engine_fixture) == before, "what was built to be compared is gone"


def test_a_missing_image_is_a_difference(engine_fixture: EngineFixture) -> None:
    engine_fixture.run("freeze")
    assert verified(engine_fixture)["well"]
    (image,) = images_of(engine_fixture)
    engine_fixture.connection.api.remove_image(image, force=True)
    found = verified(engine_fixture, code=3)
    assert [each["service"] for each in found["images"] if not each["present"]] == ["web"]
