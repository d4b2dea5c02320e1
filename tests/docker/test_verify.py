"""Checking releases on a real engine, through the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from previewer.domain.labels import PROJECT
from previewer.domain.naming import REBUILT_REPOSITORY
from tests.docker.base_image import BASE_REFERENCE
from tests.worlds.docker import Site

pytestmark = [pytest.mark.docker, pytest.mark.slow]
CHANCE = f"FROM {BASE_REFERENCE}\nRUN head -c 16 /dev/urandom > /chance && echo same > /same\n"


def verified(site: Site, *arguments: str, code: int = 0) -> dict[str, Any]:
    """What ``verify -o json`` says."""
    found: dict[str, Any] = json.loads(site.run("verify", *arguments, "-o", "json", code=code))
    return found


def images_of(site: Site) -> set[str]:
    listed = site.connection.api.images(filters={"label": f"{PROJECT}={site.project}"})
    return {image["Id"] for image in listed}


def test_a_rebuild_is_identical_and_leaves_nothing(site: Site) -> None:
    site.run("freeze")
    before = images_of(site)
    (web,) = (image for image in verified(site, "--rebuild")["images"] if image["service"] == "web")
    assert (web["sameness"], web["rebuilt"]) == ("identical", web["image"])
    assert images_of(site) == before
    listed = site.connection.api.images(filters={"label": f"{PROJECT}={site.project}"})
    named = [tag for image in listed for tag in image["RepoTags"] or ()]
    assert [tag for tag in named if tag.startswith(REBUILT_REPOSITORY)] == []


def test_what_is_not_reproducible_is_shown_by_file_and_ends_with_the_code_for_differences(site: Site) -> None:
    site.repository.commit({"web/Dockerfile": CHANCE}, subject="chance")
    site.run("freeze")
    before = images_of(site)
    found = verified(site, "--rebuild", code=3)
    (web,) = (image for image in found["images"] if image["service"] == "web")
    assert web["sameness"] == "different"
    assert web["differences"] == [{"path": "/chance", "change": "content"}]
    assert not found["well"]
    assert images_of(site) == before, "what was built to be compared is gone"


def test_a_missing_image_is_a_difference(site: Site) -> None:
    site.run("freeze")
    assert verified(site)["well"]
    (image,) = images_of(site)
    site.connection.api.remove_image(image, force=True)
    found = verified(site, code=3)
    assert [each["service"] for each in found["images"] if not each["present"]] == ["web"]
