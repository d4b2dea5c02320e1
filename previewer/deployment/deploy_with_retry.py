"""Deploy, and once more where images of the release were removed between the check and their use."""

from __future__ import annotations

from collections.abc import Callable

from previewer.deployment.deploy import deploy
from previewer.deployment.deployment import Deployment, UpResult
from previewer.domain.progress import Noted
from previewer.errors import ObjectNotFoundError
from previewer.session.run import Run


def deploy_with_retry(run: Run, deployment: Deployment, *, rebuild: Callable[[], Deployment]) -> UpResult:
    """:func:`deploy`. Where images are gone by then, ``rebuild`` brings them back and says what to deploy now.

    What the first attempt had made is undone. Any other failure is the caller's.
    """
    try:
        return deploy(run, deployment)
    except ObjectNotFoundError:
        artifacts = deployment.release.definitions[deployment.definition].artifacts.values()
        if not run.session.images.missing({artifact.image for artifact in artifacts}):
            raise
    run.report(Noted("images of this release were removed meanwhile"))
    return deploy(run, rebuild())
