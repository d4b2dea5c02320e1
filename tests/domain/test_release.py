from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.domain.json_value import canonical_json
from previewer.domain.release.release import FrozenDefinition, Release, manifest_of, read_manifest
from tests.domain.values import COMMIT, NOW, make_artifact, make_definition


def make_release() -> Release:
    definition = make_definition({"web": {"image": "web"}, "db": {"image": "db", "x-note": {"a": [1, None]}}})
    artifacts = {"web": make_artifact("aa"), "db": make_artifact("bb")}
    return Release("shop", COMMIT, "7ree", NOW, {"preview": FrozenDefinition(definition, artifacts)})


def test_a_release_survives_its_manifest() -> None:
    release = make_release()
    read = read_manifest(canonical_json(manifest_of(release)))
    assert read == release
    assert read.id == release.id


def test_its_id_is_the_hash_of_what_it_says() -> None:
    release = make_release()
    frozen = release.definitions["preview"]
    other = replace(release, definitions={"preview": replace(frozen, artifacts={"web": make_artifact("cc")})})
    assert release.id.startswith("sha256:")
    assert release.id == make_release().id
    assert other.id != release.id


def test_each_artifact_is_listed_once() -> None:
    release = make_release()
    twice = replace(release, definitions={**release.definitions, "staging": release.definitions["preview"]})
    assert [artifact.reference for artifact in twice.artifacts] == ["aa", "bb"]


def test_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 99"):
        read_manifest(canonical_json({**manifest_of(make_release()), "version": 99}))
