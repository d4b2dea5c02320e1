"""Pulling from a registry that speaks HTTP, into memory: what is kept, and what is refused before anything is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from previewer.docker_api.registry import DOCKER_MANIFEST, OCI_MANIFEST, RegistryRepository
from previewer.docker_api.registry_connection import RegistryConnection
from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import canonical_json
from previewer.domain.naming import registry_release_tag
from previewer.domain.progress import ignore
from previewer.domain.registry_address import RegistryAddress
from previewer.errors import NotFoundError, RegistryError, UsageError
from previewer.freeze.memory import MemoryImages
from previewer.freeze.registry.release_bundle import ReleaseBundle, encode_bundle
from previewer.ledger.protocol import RecordKind
from previewer.operations.memory_session import memory_session
from previewer.operations.pull import PullResult, fetch_release, is_release_id, plan_pull, pull
from previewer.operations.registry_access import pushed_to
from previewer.operations.session import Session
from tests.freeze.oci_registry import OciRegistry, oci_registry
from tests.freeze.test_release_bundle import IMAGE, make_bundle


@dataclass
class Place:
    """A registry with a release, and a machine that has nothing."""

    registry: OciRegistry
    repository: RegistryRepository
    bundle: ReleaseBundle
    images: MemoryImages
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
        return pull(self.session, fetch_release(address), report=ignore, cancellation=Cancellation())


@pytest.fixture
def place() -> Iterator[Place]:
    with oci_registry() as registry:
        images = MemoryImages()
        repository = RegistryRepository(RegistryConnection(registry.host), "team/shop")
        found = Place(registry, repository, make_bundle(), images, memory_session(images=images))
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
    assert pushed_to(place.session, release.id) == result.reference
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
    with pytest.raises(RegistryError, match="another release under this id"):
        fetch_release(place.address.tagged(other))


def test_what_is_not_there_or_not_said_is_told(place: Place) -> None:
    with pytest.raises(NotFoundError, match="no such release"):
        fetch_release(place.address.tagged("newest"))
    with pytest.raises(UsageError, match="which release"):
        fetch_release(place.address)
    with pytest.raises(RegistryError, match="no release"):
        fetch_release(place.address.tagged("image"))


@pytest.mark.parametrize("fault", ["other", "gone", "unsaid"])
def test_images_that_are_not_the_release_s_are_refused_before_anything_is_kept(place: Place, fault: str) -> None:
    digests = {
        "other": {IMAGE: place.push_image("sha256:" + "b" * 64)},
        "gone": {IMAGE: "sha256:" + "0" * 64},
        "unsaid": {},
    }
    place.push(replace(place.bundle, images=digests[fault]), tag="newest")
    told = {"other": "another image", "gone": "no such image", "unsaid": "does not say where"}
    with pytest.raises((RegistryError, NotFoundError), match=told[fault]):
        place.pull(place.address.tagged("newest"))
    assert place.session.ledger.releases() == ()
    assert place.session.ledger.entries() == ()
    assert place.images.missing([IMAGE]) == {IMAGE}
