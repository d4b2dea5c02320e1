"""The router's configuration and files as the program itself understands them."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from previewer.domain.commit.revision import Branch
from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import Environment, State
from previewer.domain.routing.caddy import ROOTS_FILE, Acme, router_configuration
from previewer.domain.routing.index import environment_files, index_files, removed_files
from previewer.domain.routing.route_files import Link, RouterFiles, share_files
from tests.domain.values import make_ownership
from tests.worlds.host_echo import answering_with_its_host, ask
from tests.worlds.router_program import INDEX_HOST, running_router, validate, why_no_program, write, write_index

HOST = "main.shop.localhost"
HOSTILE = 'feature/<i>{{env "HOME"}}`'
LATER, BEFORE = 4_000_000_000, 1_000_000_000
"""Unix seconds."""

pytestmark = pytest.mark.skipif(bool(why_no_program()), reason=why_no_program())


@pytest.mark.parametrize("has_tls", [False, True])
def test_it_is_valid(tmp_path: Path, *, has_tls: bool) -> None:
    text = router_configuration(name="r", port=7080, addresses=("127.0.0.1", "::1"), has_tls=has_tls)
    assert validate(text, tmp_path) == ""


def test_it_asks_another_authority_as_the_settings_say(tmp_path: Path) -> None:
    """None can be reached from here: that the program takes the configuration and answers is all that is seen."""
    roots = ssl.get_default_verify_paths().cafile
    if roots:
        write(tmp_path, {ROOTS_FILE: Path(roots).read_bytes()})
    acme = Acme("ada@example.com", "https://ca.example/directory", has_roots=bool(roots))
    texts = [
        router_configuration(name="r", port=7080, addresses=("127.0.0.1",), has_tls=True, acme=asked)
        for asked in (Acme(), acme)
    ]
    assert [validate(text, tmp_path) for text in texts] == ["", ""]
    issuer = json.loads(texts[1])["apps"]["tls"]["automation"]["policies"][0]["issuers"][0]
    assert (issuer["module"], issuer["ca"]) == ("acme", "https://ca.example/directory")
    with running_router(tmp_path, has_tls=True, acme=acme) as port:
        assert ask(port, HOST)[0] == 404


def test_a_tunnel_leads_to_an_environment_by_its_own_name_and_port(tmp_path: Path) -> None:
    with answering_with_its_host() as service, running_router(tmp_path) as port:
        leads: RouterFiles = {f".to/x/=127.0.0.1:{service}": b"", f"{HOST}/now": Link("../.to/x")}
        write(tmp_path, leads)
        write(tmp_path, share_files(".via/build.example:40001", target=HOST, until=LATER))
        write(tmp_path, share_files(".via/fox.trycloudflare.com", target=HOST, until=LATER, is_locked=True))
        write(tmp_path, share_files(".via/build.example:40002", target=HOST, until=BEFORE))
        assert ask(port, "build.example:40001") == (200, HOST)
        assert ask(port, "fox.trycloudflare.com")[0] == 401
        assert ask(port, "build.example:40002")[0] == 410
        for unknown in ("build.example", "build.example:40003", ".via", "..", ".via/build.example:40001"):
            assert ask(port, unknown)[0] in {400, 404}


def environment(
    name: str, branch: str, *, role: Role = Role.PREVIEW, left: timedelta | None = None
) -> Environment:
    until = datetime.now(UTC) + left if left else None
    owner = replace(make_ownership(name, branch=branch), role=role, expires_at=until)
    return Environment(owner, State.HEALTHY, ())


def test_the_page_of_a_project_is_put_together_when_it_is_asked_for(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ours = [
        environment("shop-main", "main", left=timedelta(days=1, hours=2)),
        environment("shop-x", HOSTILE, left=timedelta(hours=-1)),
        environment("shop-staging", "main", role=Role.STAGING),
        environment("shop-production", "main", role=Role.PRODUCTION),
    ]
    branches = [
        Branch(name, "c" * 40, now, author=HOSTILE, subject="x", is_remote=name.startswith("origin/"))
        for name in ("main", "docs", HOSTILE, "origin/main", "origin/late")
    ]
    with running_router(tmp_path) as port:
        write(tmp_path, index_files(INDEX_HOST, "shop"))
        assert "There is no environment" in ask(port, INDEX_HOST)[1]
        write_index(tmp_path, ours, branches, parity="Staging and production: parity 97 %.", now=now)
        status, page = ask(port, INDEX_HOST)
        assert status == 200
        assert "{{" not in page
        assert "<i>" not in page
        assert "<p>Staging and production: parity 97 %.</p>" in page
        assert "feature/&lt;i&gt;&#123;&#123;env &quot;HOME&quot;}}&#96;" in page
        assert "<dt>time left</dt><dd>1d" in page
        assert "<dt>time left</dt><dd>0m</dd>" in page
        listed, _, others = page.partition("<h2>Branches without an environment</h2>")
        order = [listed.index(f">{one.name}<") for one in (ours[3], ours[2], ours[0], ours[1])]
        assert order == sorted(order)
        names = ("main", "docs", "origin/main", "origin/late")
        assert [name for name in names if f"previewer up {name}<" in others] == ["docs", "origin/late"]
        write(tmp_path, removed_files(INDEX_HOST, ours[0].ownership))
        assert "shop-main" not in ask(port, INDEX_HOST)[1]
        assert ask(port, INDEX_HOST)[1].count("<span class=") == 3


def test_what_is_told_of_one_environment_is_one_small_file() -> None:
    files = environment_files(INDEX_HOST, environment("shop-main", "main"), now=datetime.now(UTC))
    ((path, content),) = files.items()
    assert path == ".index/shop.localhost/of/2-shop-main"
    assert len(str(content)) < 1000
