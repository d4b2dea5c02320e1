"""What would keep a repository from running is said, all of it, without running it."""

from __future__ import annotations

import pytest

from previewer.deployment.would_run import would_run
from previewer.domain.policy.check import Check, Verdict
from tests.operations.shop import Shop

PROXY = """services:
  proxy:
    image: traefik
    volumes: ["/var/run/docker.sock:/s:ro", "/srv/x:/x"]
  web: {build: WEB, volumes: ["./init.sql:/i.sql"]}
"""


def checks_of(compose: str) -> tuple[Check, ...]:
    session = Shop(compose=compose).session
    resolved = session.source.resolve("main")
    return would_run(session, resolved, session.source.tree(resolved.commit.id))


def test_what_runs_is_said_to_run() -> None:
    checks = checks_of("services: {web: {build: web}}")
    assert [(check.name, check.verdict) for check in checks] == [
        ("definition", Verdict.OK),
        ("policy", Verdict.OK),
    ]


def test_all_that_hinders_is_told_with_the_keys_that_leave_it_out() -> None:
    checks = checks_of(PROXY.replace("WEB", "web"))
    assert [(check.name, check.verdict) for check in checks] == [
        ("definition", Verdict.OK),
        ("policy", Verdict.FAILED),
        ("policy", Verdict.FAILED),
        ("proposal", Verdict.WARNING),
        ("files", Verdict.WARNING),
    ]
    assert checks[3].detail == (
        "where a preview does without: `omit: [proxy]` under x-previewer; or"
        ' `replace = ["/srv/x", "/var/run/docker.sock"]` under [policy] in previewer.toml on the default branch'
    )
    assert "init.sql looks like a file, is not committed" in checks[4].detail


@pytest.mark.parametrize(
    ("compose", "name", "detail"),
    [
        ("services: {web: {image: ''}", "definition", "compose.yaml"),
        ("services: {web: {image: x, profiles: [dev]}}", "definition", "no service that takes part"),
        (PROXY.replace("WEB", "nowhere"), "images", "the commit has no folder nowhere to build from"),
        (
            "services: {web: {image: x, secrets: [k]}}\nsecrets: {k: {file: ./k}}",
            "files",
            "the commit has no file k",
        ),
    ],
)
def test_what_would_end_up_is_a_failure(compose: str, name: str, detail: str) -> None:
    failed = [check for check in checks_of(compose) if check.verdict is Verdict.FAILED and check.name == name]
    assert any(detail in check.detail for check in failed)
