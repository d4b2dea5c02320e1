"""What differs between two releases: nothing from itself, and the same from both sides."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.commit.revision import Change
from previewer.domain.compose.definition import Definition, Role
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.release.attestation import ImagePackages, Package, PackageKind, image_packages
from previewer.domain.release.diff import diff_releases
from previewer.domain.release.release import Artifact, FrozenDefinition, Release

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def release(model: JsonObject, images: dict[str, str], *, name: str = "preview") -> Release:
    """A release of one definition; ``images`` are letters by service."""
    artifacts = {s: Artifact(f"sha256:{i * 64}", "linux/amd64", "buildkit", f"{s}:1") for s, i in images.items()}
    frozen = FrozenDefinition(Definition(name, Role.PREVIEW, ("compose.yaml",), model), artifacts)
    return Release("shop", "1" * 40, "2" * 40, NOW, {name: frozen})


def packages(**versions: str) -> ImagePackages:
    return image_packages(
        Package(PackageKind.PYTHON, name, version)
        for name, several in versions.items()
        for version in several.split()
    )


def test_images_are_told_by_definition_and_service() -> None:
    old = release({}, {"web": "a", "api": "b", "gone": "c"})
    new = release({}, {"web": "d", "api": "b", "new": "e"})
    found = diff_releases(old, new, {})
    assert [(image.service, image.change) for image in found.images] == [
        ("gone", Change.REMOVED),
        ("new", Change.ADDED),
        ("web", Change.CHANGED),
    ]
    assert found.unknown == ("web",)


def test_packages_of_images_that_took_each_others_place() -> None:
    old, new = release({}, {"web": "a", "worker": "a"}), release({}, {"web": "b", "worker": "b"})
    known = {
        f"sha256:{'a' * 64}": packages(flask="3.0", gone="1", same="2", several="1.0 2.0"),
        f"sha256:{'b' * 64}": packages(flask="3.1", new="1", same="2", several="2.0"),
    }
    found = diff_releases(old, new, known)
    assert [(p.name, p.change, p.before, p.after) for p in found.packages] == [
        ("flask", Change.CHANGED, ("3.0",), ("3.1",)),
        ("gone", Change.REMOVED, ("1",), ()),
        ("new", Change.ADDED, (), ("1",)),
        ("several", Change.CHANGED, ("1.0", "2.0"), ("2.0",)),
    ]
    assert {p.services for p in found.packages} == {("web", "worker")}
    assert found.unknown == ()


def test_definitions_are_told_value_by_value() -> None:
    old = release(
        {"services": {"web": {"environment": {"A": "1", "B": "2"}, "ports": ["80"], "command": ["a", "b"]}}}, {}
    )
    new = release(
        {"services": {"web": {"environment": {"A": "1", "C": "3"}, "ports": ["80", "81"], "command": ["a", "c"]}}},
        {},
    )
    found = diff_releases(old, new, {})
    assert [(d.path, d.change, d.before, d.after) for d in found.definitions] == [
        ("services.web.command[1]", Change.CHANGED, "b", "c"),
        ("services.web.environment.B", Change.REMOVED, "2", None),
        ("services.web.environment.C", Change.ADDED, None, "3"),
        ("services.web.ports[]", Change.ADDED, None, "81"),
    ]


def test_a_definition_that_only_one_has_is_one_change() -> None:
    (found,) = diff_releases(release({"x": 1}, {}), release({"x": 1}, {}, name="staging"), {}).definitions[:1]
    assert (found.definition, found.path, found.change) == ("preview", "", Change.REMOVED)


VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
MODELS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)
IMAGES = st.dictionaries(st.sampled_from(["web", "api", "db"]), st.sampled_from("abc"), max_size=3)
RELEASES = st.builds(release, MODELS, IMAGES, name=st.sampled_from(["preview", "staging"]))
KNOWN = st.dictionaries(
    st.sampled_from([f"sha256:{letter * 64}" for letter in "abc"]),
    st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["1", "2", "1 2"])).map(lambda d: packages(**d)),
)


@given(RELEASES, KNOWN)
def test_nothing_differs_from_itself(one: Release, known: dict[str, ImagePackages]) -> None:
    assert diff_releases(one, one, known).is_empty


@given(RELEASES, RELEASES, KNOWN)
def test_both_ways_tell_the_same(one: Release, other: Release, known: dict[str, ImagePackages]) -> None:
    there, back = diff_releases(one, other, known), diff_releases(other, one, known)
    assert there.reversed() == back
    assert there.reversed().reversed() == there


@given(RELEASES, RELEASES)
def test_nothing_is_overlooked(one: Release, other: Release) -> None:
    assert diff_releases(one, other, {}).is_empty == (one.id == other.id)
