"""Hold a definition against every rule and say what it may not have."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from previewer.domain.compose.definition import Definition, Location, ModelPath
from previewer.domain.compose.service import Service
from previewer.domain.json_value import JsonObject
from previewer.domain.policy.image_rules import IMAGE_RULES, image_request, image_requests
from previewer.domain.policy.rule import Allowance, Effect, Request, Rule
from previewer.domain.policy.table import RULE_BY_ID, RULES, how_to_allow
from previewer.domain.policy.trust import Grant, Trust
from previewer.errors import PolicyError

(IMAGE_RULE,) = IMAGE_RULES


class Finding(Struct, frozen=True):
    """Something that a definition asks for and that a rule is about."""

    rule: str
    service: str | None
    """``None`` for what belongs to no single service."""
    message: str
    """``service web mounts '/etc' of the host, read-only``."""
    location: Location
    hint: str
    """What to write instead, and how a trusted user could allow it."""
    allowed_by: str | None
    """The place and the text of the grant that allows it; ``None`` where it is refused."""
    path: ModelPath
    """The path of the value in the model."""
    is_requested: bool = False
    """Whether the definition says under ``x-previewer.policy.request`` that it needs this."""

    @property
    def line(self) -> str:
        """One line for people: place, what, rule."""
        return f"{self.location}: {self.message} ({self.rule})"


class RuleOutcome(Struct, frozen=True):
    """One rule that was looked at, and what it found."""

    rule: Rule
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """``clear``, ``allowed``, ``refused`` or ``rewritten``."""
        if all(finding.allowed_by is not None for finding in self.findings):
            return "allowed" if self.findings else "clear"
        return self.rule.effect.value


class Explanation(Struct, frozen=True):
    """What the policy says about a definition, rule by rule."""

    trust: Trust
    outcomes: tuple[RuleOutcome, ...]
    """One for each rule, in the table's order."""
    requested: tuple[str, ...]
    """What the definition says that it needs, as written. It grants nothing."""
    unused: tuple[Grant, ...]
    """Grants that hold for this branch and role and that nothing made use of."""
    images: tuple[str, ...] = ()
    """Every image that it and its Dockerfiles name, sorted."""
    unread: str = ""
    """Why that could not be read; empty where it could."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all rules."""
        return tuple(finding for outcome in self.outcomes for finding in outcome.findings)


def check(definition: Definition, trust: Trust) -> tuple[Finding, ...]:
    """Everything that rules refuse, allowed or not, in the order of the file.

    What isolation rewrites is not among it: see :func:`explain`.
    """
    findings = [
        finding
        for rule in RULES
        if rule.effect is Effect.REFUSED
        for finding in _findings(rule, definition, trust)
    ]
    return tuple(sorted(findings, key=_in_file_order))


def check_image(
    reference: str, trust: Trust, *, location: Location, reader: str, owner: str = ""
) -> Finding | None:
    """What the policy says about an image that a Dockerfile names at ``location``, to be built for ``reader``.

    ``owner`` is as for :func:`image_request`. ``None`` where no rule is about it.
    """
    path = ("services", reader, "build", "dockerfile")
    request = image_request(reference, trust, path, owner=owner)
    if request is None:
        return None
    grant = trust.grant_for(IMAGE_RULE.id, request.subjects)
    return Finding(
        rule=IMAGE_RULE.id,
        service=reader,
        message=f"service {reader} {request.message}",
        location=location,
        hint=_hint(IMAGE_RULE, request, trust),
        allowed_by=_told(grant) if grant else None,
        path=path,
    )


def check_inherited(
    definition: Definition, service: Service, config: JsonObject, trust: Trust
) -> tuple[Finding, ...]:
    """What the limits refuse of what ``service`` gets from its image, whose configuration is ``config``."""
    requested = _requested(definition)
    return tuple(
        _judge(RULE_BY_ID[rule], request, definition, trust, requested)
        for rule, request in image_requests(service, config, trust)
    )


def refused(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those that nothing allows."""
    return tuple(finding for finding in findings if finding.allowed_by is None)


def raise_for(findings: Sequence[Finding]) -> None:
    """Raise :class:`PolicyError` that lists every finding of :func:`check` that nothing allows."""
    left = refused(findings)
    if not left:
        return
    if len(left) == 1:
        raise PolicyError(f"{left[0].message} ({left[0].rule})", where=str(left[0].location), hint=left[0].hint)
    details = tuple(line for finding in left for line in (finding.line, f"  hint: {finding.hint}"))
    raise PolicyError(
        f"the definition asks for {len(left)} things that its branch is not trusted with",
        where=left[0].location.file,
        hint="`previewer policy` explains every rule",
        details=details,
    )


def explain(
    definition: Definition,
    trust: Trust,
    *,
    dockerfiles: Sequence[Finding] = (),
    images: Sequence[str] = (),
    unread: str = "",
) -> Explanation:
    """Which rules were looked at, what they found, and which line allowed it.

    ``dockerfiles`` is what :func:`check_image` found, and ``images`` are all that are named.
    """
    outcomes = tuple(
        RuleOutcome(
            rule, (*_findings(rule, definition, trust), *(found for found in dockerfiles if found.rule == rule.id))
        )
        for rule in RULES
    )
    used = {finding.allowed_by for outcome in outcomes for finding in outcome.findings}
    return Explanation(
        trust=trust,
        outcomes=outcomes,
        requested=_requested(definition),
        unused=tuple(grant for grant in trust.grants if _told(grant) not in used),
        images=tuple(sorted(set(images))),
        unread=unread,
    )


def _findings(rule: Rule, definition: Definition, trust: Trust) -> tuple[Finding, ...]:
    requested = _requested(definition)
    return tuple(_judge(rule, request, definition, trust, requested) for request in rule.find(definition, trust))


def _judge(
    rule: Rule, request: Request, definition: Definition, trust: Trust, requested: tuple[str, ...]
) -> Finding:
    grant = None
    if rule.allowance in (Allowance.PATTERN, Allowance.EXACT):
        exactly = rule.allowance is Allowance.EXACT
        grant = trust.grant_for(rule.id, request.subjects, exactly=exactly)
    service = request.path[1] if request.path[0] == "services" and len(request.path) > 1 else None
    names = {rule.id, *(f"{rule.id}:{subject}" for subject in request.subjects)}
    return Finding(
        rule=rule.id,
        service=service,
        message=f"{_subject_of(request.path)} {request.message}",
        location=definition.locate(request.path),
        hint=_hint(rule, request, trust),
        allowed_by=_told(grant) if grant else None,
        path=request.path,
        is_requested=not names.isdisjoint(requested),
    )


def _subject_of(path: ModelPath) -> str:
    if len(path) > 1 and path[0] in ("services", "networks", "volumes", "secrets", "configs"):
        return f"{path[0].removesuffix('s')} {path[1]}"
    return "the definition"


def _hint(rule: Rule, request: Request, trust: Trust) -> str:
    lost = next(
        (g for g in trust.unpushed if g.rule == rule.id and g.covers(request.subjects, exactly=False)), None
    )
    if lost is not None:
        return f"push this commit: {_told(lost)} is for what the branch has on its remote, as fetched last"
    allow = how_to_allow(rule, request.subjects, trust.role)
    return f"{rule.instead}; or {allow} in previewer.toml on the default branch" if allow else rule.instead


def _requested(definition: Definition) -> tuple[str, ...]:
    return definition.extension.policy.request


def _told(grant: Grant) -> str:
    return f"{grant.source}: {grant.text}"


def _in_file_order(finding: Finding) -> tuple[str, int, int, int]:
    place = finding.location
    rank = RULES.index(RULE_BY_ID[finding.rule])
    return (place.file, place.line or 0, place.column or 0, rank)


class Verdict(Enum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """It works, but not as well as it could."""
    FAILED = "failed"


class Check(Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    detail: str
    hint: str = ""
