"""The policy: every rule refuses, says where, and can be allowed by exactly what it says."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.domain.compose.definition import Definition, Location, Role
from previewer.domain.policy.check import check, explain, raise_for, refused
from previewer.domain.policy.rule import Allowance, Effect
from previewer.domain.policy.table import RULE_BY_ID, RULES, read_grant
from previewer.domain.policy.trust import DEFAULT_LIMITS, Grant, Trust, TrustRules
from previewer.errors import PolicyError, UsageError
from tests.definition.trees import load_text
from tests.domain.policy_cases import CASES, HARMLESS, MARK, Case

SETTINGS_LINE = Location("previewer.toml", 7)
LIMITS = replace(DEFAULT_LIMITS[Role.PREVIEW], max_memory=1 << 30, max_cpus=2.0)


def trust_in(*grants: str) -> Trust:
    return Trust(limits=LIMITS, grants=tuple(read_grant(text, source=SETTINGS_LINE) for text in grants))


def load(case: Case) -> Definition:
    definition = load_text(case.text)
    role = Role(str(definition.raw_extension.get("role", "preview")))
    return replace(definition, role=role)


def with_service(lines: str, *, top: str = "") -> Definition:
    return load_text(f"services:\n  web:\n    image: i\n    {lines}\n  db:\n    image: j\n{top}\n")


CASE_PARAMETERS = [pytest.param(case, id=f"{case.rule}-{number}") for number, case in enumerate(CASES)]


@pytest.mark.parametrize("case", CASE_PARAMETERS)
def test_a_rule_finds_what_breaks_it_on_its_line(case: Case) -> None:
    explanation = explain(load(case), trust_in())
    marked = next(number for number, line in enumerate(case.text.splitlines(), start=1) if MARK in line)
    found = {(finding.rule, finding.location.line) for finding in explanation.findings}
    assert found == {(case.rule, marked)}


@pytest.mark.parametrize("case", CASE_PARAMETERS)
def test_a_grant_allows_what_it_names(case: Case) -> None:
    definition = load(case)
    rule = RULE_BY_ID[case.rule]
    if case.grant is None:
        assert rule.allowance in (Allowance.NEVER, Allowance.LIMIT)
        with pytest.raises(UsageError):
            read_grant(case.rule, source=SETTINGS_LINE)
        return
    explanation = explain(definition, trust_in(case.grant))
    assert {finding.allowed_by for finding in explanation.findings} == {f"previewer.toml:7: {case.grant}"}
    assert explanation.unused == ()
    raise_for(check(definition, trust_in(case.grant)))


@pytest.mark.parametrize("case", CASE_PARAMETERS)
def test_what_the_hint_says_to_allow_allows_it(case: Case) -> None:
    definition = load(case)
    (finding,) = explain(definition, trust_in()).findings
    if case.grant is None:
        assert "allow =" not in finding.hint
        return
    suggested = finding.hint.split('allow = ["', 1)[1].split('"]', 1)[0]
    assert refused(explain(definition, trust_in(suggested)).findings) == ()


def test_every_rule_has_a_case() -> None:
    in_tests_of_its_own = {"egress", "raw-data"}  # they are about no line: see test_egress and test_data
    assert {case.rule for case in CASES} == set(RULE_BY_ID) - in_tests_of_its_own
    assert len(RULE_BY_ID) == len(RULES)


@pytest.mark.parametrize("lines", HARMLESS)
def test_what_is_harmless_is_not_found(lines: str) -> None:
    top = "volumes:\n  named: {}" if "named" in lines else ""
    assert explain(with_service(lines, top=top), trust_in()).findings == ()


@pytest.mark.parametrize(
    "source",
    [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "//var/run/docker.sock",
        "/var/run/../run/docker.sock",
        "/VAR/RUN/DOCKER.SOCK",
        "/srv/../var/run",
        "/var",
        "/var/run/",
        "/run/user/1000/podman/podman.sock",
        "/run/containerd/containerd.sock",
        "/home/ada/.docker/run/docker.sock",
        "/Users/ada/.colima",
        "/home/ada",
        "~",
        "~/.docker",
        "~/x/../.docker",
        "/proc/1/root/run",
        "/proc/self/root",
        "/srv/sockets/docker-raw.sock",
        "/var/lib/docker/volumes/x",
    ],
)
def test_no_spelling_of_the_engine_s_socket_is_a_mere_bind(source: str) -> None:
    definition = with_service(f"volumes: [{{type: bind, source: '{source}', target: /t}}]")
    (finding,) = check(definition, trust_in("bind", "bind:**", "bind:/**"))
    assert finding.rule == "engine-socket"
    assert finding.allowed_by is None


@pytest.mark.parametrize(
    "top",
    [
        "volumes:\n  data: {external: true, name: /var/run/docker.sock}",
        "volumes:\n  data: {driver_opts: {type: none, o: bind, device: /var/run}}",
        "volumes:\n  data: {driver_opts: {type: tmpfs, o: bind, device: /var/run}}",
    ],
)
def test_a_volume_cannot_smuggle_the_socket_in(top: str) -> None:
    everything = trust_in("external-volume", "volume-option", "bind")
    findings = check(with_service("volumes: ['data:/d']", top=top), everything)
    assert [finding.rule for finding in refused(findings)] == ["engine-socket"]


def test_an_external_network_cannot_smuggle_the_host_s_in() -> None:
    definition = with_service("networks: [lan]", top="networks:\n  lan: {external: true, name: host}")
    findings = refused(check(definition, trust_in("external-network")))
    assert [finding.rule for finding in findings] == ["host-namespace"]


@pytest.mark.parametrize(
    ("grant", "mount", "is_allowed"),
    [
        ("bind:/etc/localtime:ro", "/etc/localtime:/x:ro", True),
        ("bind:/etc/localtime:ro", "/etc/localtime:/x", False),
        ("bind:/etc/localtime", "/etc/localtime:/x", True),
        ("bind:/etc/localtime", "/etc/localtime:/x:ro", True),
        ("bind:/etc/localtime:rw", "/etc/localtime:/x:ro", False),
        ("bind:/srv/*", "/srv/a:/x", True),
        ("bind:/srv/*", "/srv/a/b:/x", False),
        ("bind:/srv/**", "/srv/a/b:/x", True),
        ("bind:/srv/*", "/srv/../etc:/x", False),
        ("bind:/srv/**", "/srv/../etc:/x", False),
        ("bind:~/**", "~/../ada/.ssh:/x", False),
        ("bind:/srv/[ab]", "/srv/a:/x", False),
        ("bind:/srv", "/srv/:/x", True),
    ],
)
def test_a_bind_grant_opens_what_it_says_and_no_more(grant: str, mount: str, is_allowed: bool) -> None:
    findings = check(with_service(f"volumes: ['{mount}']"), trust_in(grant))
    assert bool(findings)
    assert (refused(findings) == ()) is is_allowed


def test_a_path_that_ends_like_a_mode_is_no_way_around_it() -> None:
    definition = with_service("volumes: [{type: bind, source: '/srv/x:ro', target: /t}]")
    assert refused(check(definition, trust_in("bind:/srv/*:ro")))
    assert not refused(check(definition, trust_in("bind:/srv/*:rw")))


@pytest.mark.parametrize("grant", ["engine-socket", "engine-socket:/var/run/*", "engine-socket:**"])
def test_the_socket_has_to_be_allowed_by_its_very_path(grant: str) -> None:
    with pytest.raises(UsageError, match="only for the exact path"):
        read_grant(grant, source=SETTINGS_LINE)
    unread = Grant(*grant.partition(":")[::2], source=SETTINGS_LINE)
    definition = with_service("volumes: ['/var/run/docker.sock:/s']")
    assert refused(check(definition, Trust(grants=(unread,))))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("privilegd", "there is no rule 'privilegd'", "did you mean 'privileged'?"),
        ("provider", "'provider' can not be allowed", "in the definition: run the program as a service"),
        ("pids-limit:4", "'pids-limit' is allowed by raising a limit", "set max_pids"),
        ("bind:", "'bind' is followed by nothing", "write bind alone"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_grant(text, source=SETTINGS_LINE)
    assert caught.value.message == message
    assert caught.value.where == "previewer.toml:7"
    assert (caught.value.hint or "").startswith(hint)


GRANTS = TrustRules(
    grants=(
        read_grant("privileged", source=SETTINGS_LINE, role=Role.STAGING),
        read_grant("capability", source=SETTINGS_LINE, branches=("main", "release/*")),
        read_grant("sysctl", source=SETTINGS_LINE),
    )
)


@pytest.mark.parametrize(
    ("role", "branch", "rules"),
    [
        (Role.PREVIEW, "main", ["capability", "sysctl"]),
        (Role.PREVIEW, "release/1.1", ["capability", "sysctl"]),
        (Role.PREVIEW, "release/1/1", ["sysctl"]),
        (Role.PREVIEW, "mainline", ["sysctl"]),
        (Role.PREVIEW, None, ["sysctl"]),
        (Role.STAGING, "feature/x", ["privileged", "sysctl"]),
        (Role.STAGING, "main", ["privileged", "capability", "sysctl"]),
    ],
)
def test_trust_is_what_holds_for_role_and_branch(role: Role, branch: str | None, rules: list[str]) -> None:
    trust = GRANTS.trust(role, branch)
    assert [grant.rule for grant in trust.grants] == rules
    assert trust.limits == DEFAULT_LIMITS[role]


def test_a_branch_cannot_take_production_s_rights_by_calling_itself_production() -> None:
    rules = TrustRules(grants=(read_grant("privileged", source=SETTINGS_LINE, role=Role.PRODUCTION),))
    definition = replace(with_service("privileged: true"), role=Role.PRODUCTION)
    found = refused(check(definition, rules.trust(Role.PREVIEW, "evil")))
    assert {finding.rule for finding in found} == {"role", "privileged"}


def test_one_refusal_is_told_in_one_line() -> None:
    with pytest.raises(PolicyError) as caught:
        raise_for(check(with_service("privileged: true"), trust_in()))
    assert str(caught.value) == "compose.yaml:4:5: service web runs with all privileges (privileged)"
    assert "[policy.preview] in previewer.toml on the default branch" in (caught.value.hint or "")


def test_several_refusals_are_all_listed_in_the_order_of_the_file() -> None:
    text = (
        "services:\n  a:\n    image: i\n    pid: host\n  b:\n    image: i\n    privileged: true\n    ipc: host\n"
    )
    with pytest.raises(PolicyError, match="asks for 3 things") as caught:
        raise_for(check(load_text(text), trust_in()))
    lines = [line for line in caught.value.details if not line.startswith("  hint")]
    assert [line.split(" ", 1)[0] for line in lines] == [
        "compose.yaml:4:5:",
        "compose.yaml:7:5:",
        "compose.yaml:8:5:",
    ]


def test_what_a_branch_requests_is_told_and_grants_nothing() -> None:
    top = "x-previewer:\n  policy:\n    request: [privileged, 'capability:NET_ADMIN']"
    definition = with_service("privileged: true", top=top)
    explanation = explain(definition, trust_in())
    (finding,) = explanation.findings
    assert finding.is_requested
    assert finding.allowed_by is None
    assert explanation.requested == ("privileged", "capability:NET_ADMIN")


def test_an_explanation_names_every_rule_and_what_was_of_no_use() -> None:
    trust = trust_in("privileged:web", "capability")
    explanation = explain(with_service("privileged: true"), trust)
    verdicts = {outcome.rule.id: outcome.verdict for outcome in explanation.outcomes}
    assert list(verdicts) == [rule.id for rule in RULES]
    assert verdicts["privileged"] == "allowed"
    assert set(verdicts.values()) == {"allowed", "clear"}
    assert [grant.text for grant in explanation.unused] == ["capability"]


def test_what_is_rewritten_is_explained_but_not_refused() -> None:
    definition = with_service("ports: ['8080:80']")
    assert check(definition, trust_in()) == ()
    (outcome,) = [o for o in explain(definition, trust_in()).outcomes if o.findings]
    assert (outcome.rule.effect, outcome.verdict) == (Effect.REWRITTEN, "rewritten")


def test_hostile_names_stay_on_one_line() -> None:
    definition = with_service('volumes: [{type: bind, source: "/etc/\\e[31m\\nx", target: /t}]')
    (finding,) = check(definition, trust_in())
    assert finding.message.isprintable()
