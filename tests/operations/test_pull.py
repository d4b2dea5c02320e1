"""Pulling from a registry that speaks HTTP, into memory: what is kept, and what is refused before anything is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec import structs
from msgspec.structs import replace

from previewer.definition import load_named
from previewer.deployment.deployment import UpResult
from previewer.docker_api.registry.connection import RegistryConnection
from previewer.docker_api.registry.repository import DOCKER_MANIFEST, OCI_MANIFEST, RegistryRepository
from previewer.domain.commit.files import EntryKind
from previewer.domain.compose.definition import Location
from previewer.domain.compose.mounted_files import digest_tree_files
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.json_value import JsonValue, canonical_json
from previewer.domain.naming import registry_release_tag
from previewer.domain.policy.trust import Grant, TrustRules
from previewer.domain.release.registry_address import RegistryAddress
from previewer.errors import NotFoundError, PolicyError, RegistryError, UsageError
from previewer.freeze.registry.release_bundle import ReleaseBundle, encode_bundle
from previewer.ledger.protocol import RecordKind
from previewer.operations.freeze import freeze
from previewer.operations.pull import PullResult, fetch_release, is_release_id, plan_pull, pull
from previewer.operations.up import up_release
from previewer.releases.registry_access import is_vouched_for
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.settings.model import Settings
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import memory_session
from previewer.testing.memory.source import MemorySource
from tests.definition.trees import load_text
from tests.freeze.oci_registry import OciRegistry, oci_registry
from tests.freeze.test_release_bundle import FILES, IMAGE, make_bundle, make_tree


class NamingImages(MemoryImages):
    """They remember what pulled images were called."""

    def __init__(self) -> None:
        super().__init__()
        self.named: list[str | None] = []

    def pull(self, image: str, reference: str, platform: str, *, name: str | None = None, **rest: Any) -> None:
        self.named.append(name)
        super().pull(image, reference, platform, name=name, **rest)


@dataclass
class Place:
    """A registry with a release, and a machine that has nothing."""

    registry: OciRegistry
    repository: RegistryRepository
    bundle: ReleaseBundle
    images: NamingImages
    session: Session

    @property
    def address(self) -> RegistryAddress:
        return RegistryAddress(self.registry.host, "team/shop")

    def push_image(self, image: str) -> str:
        """The digest of its manifest; an engine that pulls by that gets the image."""
        content = canonical_json({"schemaVersion": 2, "config": {"digest": image}, "layers": []})
        digest = self.repository.write_manifest("image", DOCKER_MANIFEST, content)
        self.images.pushed[str(self.address.by_digest(digest))] = image
        return digest

    def push(self, bundle: ReleaseBundle, *, tag: str | None = None) -> str:
        encoded = encode_bundle(bundle)
        for blob in encoded.blobs:
            self.repository.write_blob(blob)
        name = tag or registry_release_tag(bundle.release.id)
        return self.repository.write_manifest(name, OCI_MANIFEST, encoded.manifest)

    def pull(self, address: RegistryAddress) -> PullResult:
        return pull(Run(self.session), fetch_release(address))


def normal_bundle(compose: str = "services: {web: {image: 'shop:1'}}") -> ReleaseBundle:
    """With a definition that a Compose file gives."""
    bundle = make_bundle()
    (frozen,) = bundle.release.definitions.values()
    definition = replace(frozen.definition, model=load_text(compose).model)
    definitions = {"preview": structs.replace(frozen, definition=definition)}
    return replace(bundle, release=structs.replace(bundle.release, definitions=definitions))


@pytest.fixture
def place() -> Iterator[Place]:
    with oci_registry() as registry:
        images = NamingImages()
        repository = RegistryRepository(RegistryConnection(registry.host), "team/shop")
        found = Place(registry, repository, normal_bundle(), images, memory_session(images=images))
        found.bundle = replace(found.bundle, images={IMAGE: found.push_image(IMAGE)}, exported=b"ada")
        yield found


def test_a_release_is_kept_with_its_image_and_what_is_said_about_it(place: Place) -> None:
    digest, release = place.push(place.bundle, tag="newest"), place.bundle.release
    result = place.pull(place.address.tagged("newest"))
    assert (result.release, result.pulled) == (release, 1)
    assert result.reference == str(place.address.by_digest(digest))
    ledger = place.session.ledger
    assert ledger.load_release(release.id) == release
    kept = ledger.served_files(release.commit)
    assert kept is not None
    assert kept.read("etc/motd") == b"hello"
    assert ledger.load_record(RecordKind.ATTESTATION, release.id[7:]) == place.bundle.attestations
    assert place.images.missing([IMAGE]) == frozenset()
    assert [entry.action for entry in ledger.entries()] == ["pull"]
    assert place.pull(place.address.by_digest(digest)).pulled == 0


@pytest.mark.parametrize("digits", [12, 20, 64])
def test_a_release_is_found_by_its_id(place: Place, digits: int) -> None:
    place.push(place.bundle)
    release_id = place.bundle.release.id.removeprefix("sha256:")
    assert is_release_id(release_id[:digits])
    fetched = fetch_release(place.address.tagged(release_id[:digits]))
    assert fetched.bundle.release == place.bundle.release
    assert plan_pull(fetched).text().splitlines()[-1].startswith(f"  pull release  {release_id[:12]}")


def test_another_release_under_an_id_is_refused(place: Place) -> None:
    release_id = place.bundle.release.id.removeprefix("sha256:")
    other = f"{release_id[:12]}{'0' * 8}"
    place.push(place.bundle)
    with pytest.raises(RegistryError, match="different release under this id"):
        fetch_release(place.address.tagged(other))


def test_what_is_not_there_or_not_said_is_told(place: Place) -> None:
    with pytest.raises(NotFoundError, match="no such release"):
        fetch_release(place.address.tagged("newest"))
    with pytest.raises(UsageError, match="which release"):
        fetch_release(place.address)
    with pytest.raises(RegistryError, match="not a release"):
        fetch_release(place.address.tagged("image"))


@pytest.mark.parametrize("fault", ["other", "gone", "unsaid"])
def test_images_that_are_not_the_release_s_are_refused_before_anything_is_kept(place: Place, fault: str) -> None:
    digests = {
        "other": {IMAGE: place.push_image("sha256:" + "b" * 64)},
        "gone": {IMAGE: "sha256:" + "0" * 64},
        "unsaid": {},
    }
    place.push(replace(place.bundle, images=digests[fault]), tag="newest")
    events = {"other": "another image", "gone": "no such image", "unsaid": "does not say where"}
    with pytest.raises((RegistryError, NotFoundError), match=events[fault]):
        place.pull(place.address.tagged("newest"))
    assert place.session.ledger.releases() == ()
    assert place.session.ledger.entries() == ()
    assert place.images.missing([IMAGE]) == {IMAGE}


@pytest.mark.parametrize(
    "odd",
    [
        {"oom_score_adj": "-1000"},
        {"volumes": ["/:/host"]},
        {"cap_add": "SYS_ADMIN"},
        {"gpus": "all"},
        {"privileged": 1},
        {"unknown": {}},
    ],
    ids=str,
)
def test_a_definition_that_no_rule_would_understand_is_refused(place: Place, odd: dict[str, JsonValue]) -> None:
    (frozen,) = place.bundle.release.definitions.values()
    web = {**frozen.definition.services["web"].spec, **odd}
    definition = replace(frozen.definition, model={**frozen.definition.model, "services": {"web": web}})
    definitions = {"preview": structs.replace(frozen, definition=definition)}
    forged = replace(place.bundle, release=structs.replace(place.bundle.release, definitions=definitions))
    place.push(forged, tag="newest")
    with pytest.raises(RegistryError, match="no Compose file gives this definition"):
        fetch_release(place.address.tagged("newest"))


def test_a_service_without_an_image_is_refused(place: Place) -> None:
    (frozen,) = place.bundle.release.definitions.values()
    definitions = {"preview": structs.replace(frozen, artifacts={})}
    place.push(
        replace(place.bundle, release=structs.replace(place.bundle.release, definitions=definitions)), tag="newest"
    )
    with pytest.raises(RegistryError, match="no image for web"):
        fetch_release(place.address.tagged("newest"))


def test_files_of_another_release_of_the_commit_cannot_be_replaced(place: Place) -> None:
    place.push(place.bundle, tag="one")
    place.pull(place.address.tagged("one"))
    files = make_tree({**FILES, "etc/motd": (EntryKind.FILE, b"evil")})
    release = structs.replace(place.bundle.release, files=digest_tree_files(files, ["etc"]))
    place.push(replace(place.bundle, release=release, files=files), tag="two")
    with pytest.raises(RegistryError, match="other files than its commit") as caught:
        place.pull(place.address.tagged("two"))
    assert caught.value.where == "etc/motd"
    kept = place.session.ledger.served_files(release.commit)
    assert kept is not None
    assert kept.read("etc/motd") == b"hello"


@dataclass
class Clone:
    """A repository whose main branch trusts itself with a privilege, and a registry that anybody may push to."""

    place: Place
    source: MemorySource
    bundle: ReleaseBundle

    def session(self, *, registry: str | None = None) -> Session:
        main = Grant("privileged", None, Location("previewer.toml"), branches=("main",))
        settings = Settings(settle_time=0.0, registry=registry, trust=TrustRules(grants=(main,)))
        images = self.place.images
        return memory_session(
            source=self.source, images=images, ledger=self.place.session.ledger, settings=settings
        )

    def pull(self, session: Session, bundle: ReleaseBundle) -> str:
        self.place.push(bundle, tag="newest")
        fetched = fetch_release(self.place.address.tagged("newest"))
        pull(Run(session), fetched)
        return bundle.release.id

    def up(self, session: Session, release_id: str) -> UpResult:
        return up_release(Run(session), release_id, DeployRequest())


PRIVILEGED = "services: {web: {image: 'example.test/shop/web:0', privileged: true}}"


@pytest.fixture
def clone(place: Place) -> Clone:
    source = MemorySource()
    source.commit("main", {"compose.yaml": PRIVILEGED})
    commit = source.resolve("main").commit
    bundle = normal_bundle(PRIVILEGED)
    (frozen,) = bundle.release.definitions.values()
    definition = load_named(source.tree(commit.id), "preview", project_name=source.project)
    artifact = structs.replace(frozen.artifacts["web"], reference="example.test/shop/web:0")
    release = structs.replace(
        bundle.release,
        commit=commit.id,
        tree=commit.tree,
        files={},
        definitions={"preview": structs.replace(frozen, definition=definition, artifacts={"web": artifact})},
    )
    unsigned = replace(place.bundle, release=release, files=make_tree({}), exported=None)
    return Clone(place, source, unsigned)


def test_a_branch_s_trust_is_not_given_to_what_only_says_that_it_is_from_there(clone: Clone) -> None:
    session = clone.session()
    release_id = clone.pull(session, clone.bundle)
    with pytest.raises(PolicyError, match="all privileges"):
        clone.up(session, release_id)
    assert clone.place.images.named == [None], "by such a name it would be taken for what main builds"


@pytest.mark.parametrize("who", ["registry", "signature", "push"])
def test_it_is_given_where_a_signer_answers_for_it(clone: Clone, who: str) -> None:
    session = clone.session(registry=clone.place.address.name if who == "registry" else None)
    signed = replace(clone.bundle, exported=b"ada") if who == "signature" else clone.bundle
    if who == "push":
        session.ledger.store_release(clone.bundle.release, tree=clone.bundle.files)
    release_id = clone.pull(session, signed)
    assert clone.up(session, release_id).environment.ownership.branch == "main"


@pytest.mark.parametrize("is_configured", [False, True])
def test_freezing_takes_only_what_a_signer_answers_for(clone: Clone, *, is_configured: bool) -> None:
    session = clone.session(registry=clone.place.address.name if is_configured else None)
    release_id = clone.pull(session, clone.bundle)
    assert is_vouched_for(session, release_id) is is_configured
    found = freeze(Run(session), "main")
    assert found.was_known is is_configured
    assert (found.release.id == release_id) is is_configured


def test_a_release_of_another_tree_is_refused(clone: Clone) -> None:
    forged = replace(clone.bundle, release=structs.replace(clone.bundle.release, tree="f" * 40))
    with pytest.raises(RegistryError, match="other files than its commit"):
        clone.pull(clone.session(), forged)
    assert clone.place.session.ledger.releases() == ()
