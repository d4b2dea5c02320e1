"""What can be done to releases: verify, sign, push, pull, and the check of the whole history."""

from __future__ import annotations

from previewer.domain.commit.revision import short_id
from previewer.domain.release.registry_address import parse_address
from previewer.domain.units import counted
from previewer.errors import UsageError
from previewer.operations.audit import Verified, verify_ledger
from previewer.operations.pull import (
    FetchedRelease,
    address_of_release,
    fetch_release,
    is_release_id,
    plan_pull,
    pull,
)
from previewer.operations.push import plan_push, push
from previewer.operations.verify import plan_verify, sign_release, verify
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.tui.request import Choice, Done, JobKind, Request

ADDRESS = "REGISTRY/REPOSITORY[:TAG] · enter takes it"


def _verify(run: Run, request: Request) -> Done:
    found = verify(run, request.revision, rebuild=bool(request.option))
    lines = ["✔ it is what it says" if found.is_well else "✖ it is not what it says"]
    for image in found.images:
        same = f" · built again: {image.sameness.value}" if image.sameness is not None else ""
        lines.append(f"{image.service} ({image.definition}): {'here' if image.is_present else 'missing'}{same}")
    lines += [f"{path}: not as it was frozen" for path in found.changed_files]
    lines.append(f"signature: {found.signature.verdict.value}")
    return Done(tuple(lines))


VERIFY = JobKind(
    verb="verify",
    progress_label="verifying",
    button="Verify it",
    title=lambda request: f"Verify release {request.subject}",
    meaning="Its images must be here, its files as they were frozen, and what is said about it unchanged.",
    choices=lambda _request: (
        Choice("what is here", option=False),
        Choice("build it again and compare", option=True, flags=("--rebuild",)),
    ),
    propose=lambda session, request: plan_verify(session, request.revision, rebuild=bool(request.option)),
    perform=_verify,
)


def _sign(run: Run, request: Request) -> Done:
    release, said = sign_release(run, request.revision)
    about = said.signer or said.reason
    return Done((f"release {short_id(release.id)}: {said.verdict.value}{f' · {about}' if about else ''}",))


SIGN = JobKind(
    verb="sign",
    progress_label="signing",
    button="Sign it",
    title=lambda request: f"Sign release {request.subject}",
    meaning="With the key that git signs commits with. Signatures of others stay.",
    propose=lambda _session, request: (f"sign release {request.subject} and what is said about it",),
    perform=_sign,
)


def _push(run: Run, request: Request) -> Done:
    result = push(run, request.revision, request.typed or None)
    sent = sum(not image.was_there for image in result.images)
    return Done((result.reference, f"{counted(sent, 'image')} sent, {len(result.images) - sent} there already"))


PUSH = JobKind(
    verb="push",
    progress_label="pushing",
    button="Push it",
    title=lambda request: f"Push release {request.subject} to {request.typed or 'the registry of the settings'}",
    meaning="What the registry has is not sent again.",
    other=ADDRESS,
    choices=lambda _request: (Choice("the registry of the settings", None),),
    propose=lambda session, request: plan_push(session, request.revision, request.typed or None).lines(),
    perform=_push,
)


def _fetch(session: Session, request: Request) -> FetchedRelease:
    text = request.typed
    if not text:
        raise UsageError("no release to pull is named", hint=f"t, then {ADDRESS.partition(' ')[0]}")
    return fetch_release(address_of_release(session, text) if is_release_id(text) else parse_address(text))


def _pull(run: Run, request: Request) -> Done:
    result = pull(run, _fetch(run.session, request))
    return Done((result.reference, f"release {short_id(result.release.id)} is here"))


PULL = JobKind(
    verb="pull",
    progress_label="pulling",
    button="Pull it",
    title=lambda request: f"Pull {request.typed or 'a release'}",
    meaning="The release is read and checked before any image is fetched.",
    other=ADDRESS,
    choices=lambda _request: (Choice("type its address", None),),
    propose=lambda session, request: plan_pull(_fetch(session, request)).lines(),
    perform=_pull,
)
_SIGNS = {Verified.OK: "✔", Verified.UNCHECKED: "·", Verified.FAILED: "✖"}


def _audit(run: Run, _request: Request) -> Done:
    checks = verify_ledger(run.session)
    failed = sum(check.verdict is Verified.FAILED for check in checks)
    head = f"✖ {counted(failed, 'check')} failed" if failed else f"✔ {counted(len(checks), 'check')}, all well"
    # What failed stands first: there may be many releases.
    ordered = sorted(checks, key=lambda check: check.verdict is not Verified.FAILED)
    return Done((head, *(f"{_SIGNS[one.verdict]} {one.subject}: {one.detail}" for one in ordered)))


AUDIT = JobKind(
    verb="audit",
    progress_label="auditing",
    button="Check it",
    title=lambda request: f"Check the history of {request.project}",
    meaning="Whether it ever went back or was changed, and every release with what is said about it.",
    propose=lambda session, _request: (
        "check that each entry of the history follows from the one before",
        "compare with where the history ended when the running environments were made",
        f"check {counted(len(session.ledger.releases()), 'release')} with what is said about each",
    ),
    perform=_audit,
)
RELEASE_JOBS = {kind.verb: kind for kind in (VERIFY, SIGN, PUSH, PULL, AUDIT)}
"""By the ids of the actions that ask for them."""
