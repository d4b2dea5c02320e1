"""Which images a commit names, and whether its branch may: before they are asked for, and once they are known."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.domain.commit.revision import ResolvedRevision
from previewer.domain.compose.definition import Definition
from previewer.domain.policy.check import Finding, check_image, raise_for
from previewer.domain.policy.trust import Trust
from previewer.freeze.planned_images import NamedImage, Permit, read_planned_images
from previewer.session.session import Session

ANY_PLATFORM = "linux/amd64"
"""For reading what a Dockerfile names where no engine is asked."""


def permit_images(session: Session, resolved: ResolvedRevision, definitions: Sequence[Definition]) -> Permit:
    """Hold every image of a freeze against the policy, each by the trust of its definition's role."""
    trusts = {
        d.name: session.trust(d.role, branch=resolved.branch, commit=resolved.commit.id) for d in definitions
    }

    def permit(images: Sequence[tuple[NamedImage, str]]) -> None:
        findings = (
            _judge(image, trusts[image.definition], owner if owner != session.project else "")
            for image, owner in images
        )
        raise_for([finding for finding in dict.fromkeys(findings) if finding is not None])

    return permit


def read_named_images(
    session: Session, resolved: ResolvedRevision, definition: Definition
) -> tuple[NamedImage, ...]:
    """Every image that one definition and its Dockerfiles name. Raises what reading those raises."""
    tree = session.source.tree(resolved.commit.id).with_submodules
    variables = session.settings.allowed_variables
    return read_planned_images(
        tree, [definition], commit=resolved.commit.id, platform=ANY_PLATFORM, variables=variables
    ).named


def judge_dockerfiles(images: Sequence[NamedImage], definition: Definition, trust: Trust) -> tuple[Finding, ...]:
    """What the policy says about images that Dockerfiles name; it judges the definition's own besides."""
    written = {definition.locate(("services", name, "image")) for name in definition.services}
    findings = (_judge(image, trust, "") for image in images if image.location not in written)
    return tuple(finding for finding in findings if finding is not None)


def _judge(image: NamedImage, trust: Trust, owner: str) -> Finding | None:
    return check_image(image.request[0], trust, location=image.location, reader=image.reader, owner=owner)
