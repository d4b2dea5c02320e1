"""Provenance says what the release says, in the shape that in-toto and SLSA publish."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2  # type: ignore[import-untyped]
from in_toto_attestation.v1 import statement_pb2  # type: ignore[import-untyped]
from in_toto_attestation.v1.statement import Statement  # type: ignore[import-untyped]
from msgspec import structs

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.release.release import Artifact, BaseImage, FrozenDefinition, Release
from previewer.freeze.provenance import write_provenance

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BASE = BaseImage("python:3.12", f"sha256:{'b' * 64}", f"python@sha256:{'c' * 64}")
WEB = Artifact(
    f"sha256:{'a' * 64}", "linux/amd64", "buildkit", "previewer/shop/web:1", None, f"sha256:{'1' * 64}", (BASE,)
)
DB = Artifact(f"sha256:{'d' * 64}", "linux/amd64", "registry", "postgres:16", f"postgres@sha256:{'e' * 64}")
DEFINITION = Definition("preview", Role.PREVIEW, ("compose.yaml",), {"services": {"web": {}, "db": {}}})
RELEASE = Release(
    "shop", "1" * 40, "2" * 40, NOW, {"preview": FrozenDefinition(DEFINITION, {"web": WEB, "db": DB})}
)
BILLS = {WEB.image: b"{}"}


def written(origin: str | None = "example.org/shop") -> Any:
    return json.loads(write_provenance(RELEASE, origin=origin, bills=BILLS))


def test_it_is_an_in_toto_statement_with_a_slsa_predicate() -> None:
    found = written()
    # Parsing refuses every field that the published messages do not have.
    statement = json_format.ParseDict(found, statement_pb2.Statement())
    Statement.copy_from_pb(statement).validate()
    predicate = json_format.ParseDict(found["predicate"], provenance_pb2.Provenance())
    assert found["predicateType"] == "https://slsa.dev/provenance/v1"
    assert predicate.build_definition.build_type
    assert predicate.run_details.builder.id


def test_subjects_are_the_images_by_their_config_digests() -> None:
    assert written()["subject"] == [
        {"name": "previewer/shop/web:1", "digest": {"sha256": "a" * 64}},
        {"name": "postgres:16", "digest": {"sha256": "d" * 64}},
    ]


def test_dependencies_are_the_commit_the_bases_and_the_images_of_others() -> None:
    commit, *images = written()["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert commit["uri"] == f"git+https://example.org/shop@{'1' * 40}"
    assert commit["digest"] == {"gitCommit": "1" * 40, "gitTree": "2" * 40}
    assert [image["uri"] for image in images] == [
        f"docker://python@sha256:{'c' * 64}",
        f"docker://postgres@sha256:{'e' * 64}",
    ]


def test_it_names_the_bills_by_their_digests() -> None:
    (byproduct,) = written()["predicate"]["runDetails"]["byproducts"]
    assert byproduct["name"] == f"sbom-{'a' * 64}.json"
    assert byproduct["digest"]["sha256"] == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_it_depends_on_the_release_alone() -> None:
    once = write_provenance(RELEASE, origin=None, bills=BILLS)
    assert once == write_provenance(structs.replace(RELEASE), origin=None, bills=dict(BILLS))
    assert "repository" not in written(origin=None)["predicate"]["buildDefinition"]["externalParameters"]
