"""Deploy, and once more where images of the release were removed between the check and their use."""

from __future__ import annotations

from collections.abc import Callable

from previewer.deployment.deploy import deploy
from previewer.deployment.deployment import Deployment, UpResult
from previewer.domain.cancellation import Cancellation
from previewer.domain.progress import Noted, Report
from previewer.errors import ObjectNotFoundError
from previewer.session.session import Session


def deploy_with_retry(
    session: Session,
    deployment: Deployment,
    *,
    rebuild: Callable[[], Deployment],
    report: Report,
    cancellation: Cancellation,
) -> UpResult:
    """:func:`deploy`. Where images are gone by then, ``rebuild`` brings them back and says what to deploy now.

    What the first attempt had made is undone. Any other failure is the caller's.
    """
    try:
        return deploy(session, deployment, report=report, cancellation=cancellation)
    except ObjectNotFoundError:
        artifacts = deployment.release.definitions[deployment.definition].artifacts.values()
        if not session.images.missing({artifact.image for artifact in artifacts}):
            raise
    report(Noted("images of this release were removed meanwhile"))
    return deploy(session, rebuild(), report=report, cancellation=cancellation)
