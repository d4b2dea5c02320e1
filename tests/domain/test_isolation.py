"""Isolation: what only one environment could have goes, is told, and services keep reaching each other."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from previewer.domain.compose.definition import Definition, Location, Role
from previewer.domain.compose.service import Endpoint
from previewer.domain.isolation.isolate import Isolated, Rewrite, isolate
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.naming import slug
from previewer.domain.policy.check import check
from previewer.domain.policy.mount_rules import leaves_tree, normal_path
from previewer.domain.policy.table import read_grant
from previewer.domain.policy.trust import Limits, Trust
from tests.definition.trees import load_text
from tests.domain.hostile_definitions import HOSTILE

SETTLED = "\n    ".join(
    (
        "image: i",
        "pids_limit: 10",
        "security_opt: ['no-new-privileges:true']",
        "logging: {driver: local, options: {max-size: 10m, max-file: '3'}}",
    )
)
"""A service that isolation has nothing to add to."""


def isolate_service(
    lines: str = "", *, top: str = "", role: Role = Role.PREVIEW, trust: Trust | None = None
) -> Isolated:
    text = f"services:\n  web:\n    {SETTLED}\n    {lines}\n{top}\n"
    return isolate(load_text(text), role=role, trust=trust)


def web(isolated: Isolated) -> JsonObject:
    return isolated.definition.services["web"].spec


def events(isolated: Isolated) -> dict[str, tuple[JsonValue, JsonValue]]:
    return {".".join(rewrite.path): (rewrite.before, rewrite.after) for rewrite in isolated.rewrites}


def test_what_is_settled_stays() -> None:
    text = f"services:\n  web:\n    {SETTLED}\n"
    isolated = isolate(load_text(text), role=Role.PREVIEW)
    assert isolated.rewrites == ()
    assert isolated.definition.services == load_text(text).services


@pytest.mark.parametrize(
    ("ports", "after", "is_told"),
    [
        ("'80'", [{"mode": "ingress", "protocol": "tcp", "target": 80}], False),
        ("'8080:80'", [{"mode": "ingress", "protocol": "tcp", "target": 80}], True),
        ("'127.0.0.1:8080:80/udp'", [{"mode": "ingress", "protocol": "udp", "target": 80}], True),
        ("'0.0.0.0::80'", [{"mode": "ingress", "protocol": "tcp", "target": 80}], True),
        ("'127.0.0.1::80'", [{"mode": "ingress", "protocol": "tcp", "target": 80}], False),
        ("'8000-8010:80'", [{"mode": "ingress", "protocol": "tcp", "target": 80}], True),
        (
            "'8000-8001:80-81'",
            [
                {"mode": "ingress", "protocol": "tcp", "target": 80},
                {"mode": "ingress", "protocol": "tcp", "target": 81},
            ],
            True,
        ),
        ("'8080:80', '8081:80'", [{"mode": "ingress", "protocol": "tcp", "target": 80}], True),
        ("'80', '8080:80'", [{"mode": "ingress", "protocol": "tcp", "target": 80}], True),
    ],
)
def test_host_ports_become_free_ones_on_the_loopback_address(
    ports: str, after: list[dict[str, JsonValue]], is_told: bool
) -> None:
    isolated = isolate_service(f"ports: [{ports}]")
    assert web(isolated)["ports"] == [{**entry, "host_ip": "127.0.0.1"} for entry in after]
    assert bool(isolated.rewrites) is is_told


def test_a_port_that_is_only_exposed_stays() -> None:
    assert web(isolate_service("expose: ['8080']"))["expose"] == ["8080"]


def test_a_trusted_host_port_stays() -> None:
    grant = read_grant("host-port:8080", source=Location("previewer.toml", 1))
    trust = Trust(role=Role.PRODUCTION, grants=(grant,))
    ports = "ports: ['127.0.0.1:8080:80', '8443:443']"
    isolated = isolate_service(ports, role=Role.PRODUCTION, trust=trust)
    published = [(port.published, port.host_ip) for port in isolated.definition.services["web"].ports]
    assert published == [("8080", "127.0.0.1"), ("", "127.0.0.1")]


def test_a_container_s_name_becomes_an_alias_on_all_its_networks() -> None:
    isolated = isolate_service(
        "container_name: shop-web\n    networks:\n      a: {aliases: [www]}\n      b:", top="networks: {a: , b: }"
    )
    assert "container_name" not in web(isolated)
    networks = isolated.definition.services["web"].networks
    assert networks == {"a": Endpoint(aliases=("www", "shop-web")), "b": Endpoint(aliases=("shop-web",))}
    (rewrite,) = isolated.rewrites
    assert rewrite.path == ("services", "web", "container_name")
    assert rewrite.location.line == 7
    assert (rewrite.before, rewrite.after) == ("shop-web", None)


def test_fixed_names_go_and_those_that_compose_makes_up_go_silently() -> None:
    isolated = isolate_service(
        "networks: [a, b]\n    volumes: ['cc:/c', 'dd:/d']",
        top="networks: {a: {name: fixed}, b: }\nvolumes: {cc: {name: fixed}, dd: {external: true, name: theirs}}",
    )
    assert isolated.definition.model["networks"] == {"a": {}, "b": {}}
    assert isolated.definition.model["volumes"] == {"cc": {}, "dd": {"external": True, "name": "theirs"}}
    assert events(isolated) == {"networks.a.name": ("fixed", None), "volumes.cc.name": ("fixed", None)}


def test_fixed_addresses_go() -> None:
    isolated = isolate_service(
        "networks: {a: {ipv4_address: 10.1.0.7, aliases: [x]}}",
        top="networks: {a: {ipam: {config: [{subnet: 10.1.0.0/16}]}}}",
    )
    assert isolated.definition.services["web"].networks == {"a": Endpoint(aliases=("x",))}
    assert isolated.definition.model["networks"] == {"a": {"ipam": {}}}
    assert list(events(isolated)) == ["services.web.networks.a.ipv4_address", "networks.a.ipam.config"]


@pytest.mark.parametrize(
    ("lines", "role", "path", "after"),
    [
        ("restart: always", Role.PREVIEW, "restart", "on-failure"),
        ("restart: unless-stopped", Role.PREVIEW, "restart", "on-failure"),
        ("restart: on-failure:3", Role.PREVIEW, "restart", None),
        ("restart: 'no'", Role.PREVIEW, "restart", None),
        ("restart: always", Role.STAGING, "restart", None),
        (
            "deploy: {restart_policy: {condition: any}}",
            Role.PREVIEW,
            "deploy.restart_policy.condition",
            "on-failure",
        ),
        (
            "deploy: {restart_policy: {max_attempts: 3}}",
            Role.PREVIEW,
            "deploy.restart_policy.condition",
            "on-failure",
        ),
        ("deploy: {restart_policy: {condition: none}}", Role.PREVIEW, "deploy.restart_policy.condition", None),
    ],
)
def test_restarting_for_ever_is_capped_in_previews(lines: str, role: Role, path: str, after: str | None) -> None:
    changes = events(isolate_service(lines, role=role))
    assert changes.get(f"services.web.{path}", (None, None))[1] == after
    assert len(changes) == (after is not None)


@pytest.mark.parametrize(
    ("lines", "top", "limits", "expected"),
    [
        ("", "", Limits(), {"pids_limit": 512}),
        ("", "", Limits(pids=None), {}),
        ("", "", Limits(pids=9, memory=1 << 20), {"pids_limit": 9, "mem_limit": "1048576"}),
        ("pids_limit: 7", "", Limits(), {"pids_limit": 7}),
        ("pids_limit: -1", "", Limits(), {"pids_limit": -1}),
        ("deploy: {resources: {limits: {pids: 7}}}", "", Limits(), {}),
        ("mem_limit: 1m", "", Limits(pids=None, memory=5), {"mem_limit": "1048576"}),
        ("deploy: {resources: {limits: {memory: 1m}}}", "", Limits(pids=None, memory=5), {}),
        (
            "",
            "x-previewer: {limits: {pids: 8, memory: 1m, cpus: 1.5}}",
            Limits(memory=5),
            {"pids_limit": 8, "mem_limit": "1048576", "cpus": 1.5},
        ),
        ("cpus: 2", "x-previewer: {limits: {cpus: 1.5}}", Limits(pids=None), {"cpus": 2}),
    ],
)
def test_limits_come_where_there_are_none(
    lines: str, top: str, limits: Limits, expected: Mapping[str, JsonValue]
) -> None:
    text = f"services:\n  web:\n    image: i\n    {lines}\n{top}\n"
    spec = web(isolate(load_text(text), role=Role.STAGING, trust=Trust(role=Role.STAGING, limits=limits)))
    assert {key: spec[key] for key in ("pids_limit", "mem_limit", "cpus") if key in spec} == expected


@pytest.mark.parametrize(
    ("lines", "role", "expected"),
    [
        ("", Role.PREVIEW, ["no-new-privileges:true"]),
        ("security_opt: ['label:level:s0']", Role.PREVIEW, ["label:level:s0", "no-new-privileges:true"]),
        ("security_opt: ['no-new-privileges:false']", Role.PREVIEW, ["no-new-privileges:false"]),
        ("security_opt: ['no-new-privileges=true']", Role.PREVIEW, ["no-new-privileges=true"]),
        ("", Role.PRODUCTION, []),
    ],
)
def test_previews_gain_no_privileges(lines: str, role: Role, expected: list[str]) -> None:
    isolated = isolate(load_text(f"services:\n  web:\n    image: i\n    {lines}\n"), role=role)
    assert as_list(web(isolated).get("security_opt")) == (expected or ())


@pytest.mark.parametrize(
    ("lines", "is_bounded"),
    [
        ("", True),
        ("logging: {driver: local}", True),
        ("logging: {options: {max-size: 1g}}", True),
        ("logging: {options: {max-size: 1m}}", False),
    ],
)
def test_logs_are_bounded_unless_they_are_smaller(lines: str, is_bounded: bool) -> None:
    isolated = isolate(load_text(f"services:\n  web:\n    image: i\n    {lines}\n"), role=Role.STAGING)
    options = as_object(as_object(web(isolated).get("logging")).get("options"))
    assert (options == {"max-size": "10m", "max-file": "3"}) is is_bounded


def test_every_rewrite_says_where_and_why() -> None:
    isolated = isolate_service("restart: always\n    ports: ['1:2']\n    container_name: cc")
    assert len(isolated.rewrites) == 3
    for rewrite in isolated.rewrites:
        assert isinstance(rewrite, Rewrite)
        assert rewrite.location.line is not None
        assert rewrite.reason
        assert not rewrite.reason.endswith(".")


# Normalised services of which any part may be missing, twice there or at odds with another.
endpoints = st.none() | st.fixed_dictionaries(
    {}, optional={"aliases": st.lists(st.sampled_from("xyz"), unique=True), "ipv4_address": st.just("10.0.0.9")}
)
ports = st.fixed_dictionaries(
    {"target": st.integers(1, 3), "protocol": st.sampled_from(["tcp", "udp"]), "mode": st.just("ingress")},
    optional={
        "published": st.sampled_from(["", "80", "8000-8010"]),
        "host_ip": st.sampled_from(["", "0.0.0.0", "127.0.0.1", "::1"]),
    },
)
specs = st.fixed_dictionaries(
    {"image": st.just("i"), "networks": st.dictionaries(st.sampled_from(["a", "b"]), endpoints, min_size=1)},
    optional={
        "container_name": st.sampled_from(["x", "web", "my_name"]),
        "ports": st.lists(ports, max_size=4),
        "restart": st.sampled_from(["always", "unless-stopped", "no", "on-failure:2"]),
        "pids_limit": st.sampled_from([-1, 0, 5]),
        "security_opt": st.lists(st.sampled_from(["no-new-privileges:false", "seccomp=x"]), unique=True),
        "logging": st.sampled_from([{}, {"driver": "local"}, {"options": {"tag": "t"}}]),
        "deploy": st.sampled_from([{}, {"restart_policy": {}}, {"resources": {"limits": {"pids": 3}}}]),
    },
)
resources = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["shop_a", "fixed"]),
        "external": st.booleans(),
        "ipam": st.sampled_from([{}, {"config": [{"subnet": "10.0.0.0/8"}]}]),
    },
)
definitions = st.builds(
    lambda services, networks, volumes: Definition(
        name="preview",
        role=Role.PREVIEW,
        files=("compose.yaml",),
        model={"name": "shop", "services": services, "networks": networks, "volumes": volumes},
    ),
    st.dictionaries(st.sampled_from(["web", "db"]), specs, min_size=1),
    st.fixed_dictionaries({"a": resources, "b": resources}),
    st.dictionaries(st.sampled_from("cd"), resources),
)


@given(definitions, st.sampled_from(Role))
def test_what_is_isolated_stays_as_it_is(definition: Definition, role: Role) -> None:
    once = isolate(definition, role=role)
    twice = isolate(once.definition, role=role)
    assert twice.definition == once.definition
    assert twice.rewrites == ()


@given(definitions, st.sampled_from(Role))
def test_services_keep_their_names_networks_and_aliases(definition: Definition, role: Role) -> None:
    isolated = isolate(definition, role=role).definition
    assert isolated.services.keys() == definition.services.keys()
    for name, service in definition.services.items():
        after = isolated.services[name]
        assert after.networks.keys() == service.networks.keys()
        assert (after.image, after.dependencies, after.environment) == (
            service.image,
            service.dependencies,
            service.environment,
        )
        for key, endpoint in service.networks.items():
            assert set(endpoint.aliases) <= set(after.networks[key].aliases)


@given(definitions, st.sampled_from(Role))
def test_nothing_is_left_that_only_one_environment_could_have(definition: Definition, role: Role) -> None:
    isolated = isolate(definition, role=role).definition
    for service in isolated.services.values():
        assert "container_name" not in service.spec
        assert {(port.published, port.host_ip) for port in service.ports} <= {("", "127.0.0.1")}
        assert len({(port.target, port.protocol) for port in service.ports}) == len(service.ports)
        assert not any(endpoint.ipv4_address for endpoint in service.networks.values())
    for _section, resource in isolated.resources:
        assert resource.external or "name" not in resource.spec


@given(definitions)
def test_the_definition_that_is_isolated_is_not_changed(definition: Definition) -> None:
    before = repr(definition.model)
    isolated = isolate(definition, role=Role.PREVIEW)
    assert repr(definition.model) == before
    assert isolated == isolate(replace(definition), role=Role.PREVIEW)


ENFORCED = "x-previewer:\n  immutability: enforce\n"


def test_enforced_immutability_makes_root_file_systems_read_only() -> None:
    isolated = isolate_service(
        "tmpfs: ['/run:size=1m']\n    volumes: ['data:/data']",
        top=f"{ENFORCED}  writable: {{web: [/tmp, /run/, /data, /var/cache/app]}}\nvolumes: {{data: }}",
    )
    assert web(isolated)["read_only"] is True
    assert web(isolated)["tmpfs"] == ["/run:size=1m", "/tmp", "/var/cache/app"]
    assert events(isolated)["services.web.read_only"] == (None, True)
    assert "services.web.tmpfs" in events(isolated)
    assert isolate(isolated.definition, role=Role.PREVIEW).rewrites == ()


def test_a_service_that_is_read_only_already_only_gets_what_is_writable() -> None:
    isolated = isolate_service("read_only: true", top=f"{ENFORCED}  writable: {{web: [/tmp]}}")
    assert set(events(isolated)) == {"services.web.tmpfs"}


@pytest.mark.parametrize("immutability", ["detect", "off"])
def test_immutability_that_is_not_enforced_changes_nothing(immutability: str) -> None:
    top = f"x-previewer: {{immutability: '{immutability}', writable: {{web: [/tmp]}}}}"
    assert isolate_service(top=top).rewrites == ()


@pytest.mark.parametrize(
    ("lines", "targets"),
    [
        ("", [8000]),
        ("ports: ['9000']", [9000, 8000]),
        ("ports: ['8000:8000']", [8000]),
        ("ports: ['8000/udp']", [8000, 8000]),
        ("network_mode: none", []),
    ],
)
def test_a_route_s_port_is_published(lines: str, targets: list[int]) -> None:
    isolated = isolate_service(lines, top="x-previewer: {routes: [{service: web, port: 8000}]}")
    ports = isolated.definition.services["web"].ports
    assert [port.target for port in ports] == targets
    assert all((port.published, port.host_ip) == ("", "127.0.0.1") for port in ports)
    assert isolate(isolated.definition, role=Role.PREVIEW).definition == isolated.definition


BOUND = """volumes:
    - /etc/localtime:/etc/localtime:ro
    - /srv/media/films:/films:ro
    - /srv/media/films:/more
    - /var/run/docker.sock:/docker.sock
    - /srv/other:/other
    - ./src:/src"""


def test_binds_of_the_host_are_replaced_where_the_settings_say_so() -> None:
    trust = Trust(replaced=("/etc/localtime", "/srv/media/**", "/var/run/*.sock"))
    isolated = isolate_service(BOUND, trust=trust)
    key = f"previewer-host-{slug('/srv/media/films')}"
    films = {"type": "volume", "source": key, "volume": {"nocopy": True}}
    mounts = as_list(web(isolated)["volumes"])
    assert mounts[:2] == [{**films, "target": "/films", "read_only": True}, {**films, "target": "/more"}]
    assert [as_object(mount)["source"] for mount in mounts[2:]] == ["/srv/other", "src"]
    assert isolated.definition.volumes[key].spec == {}
    assert [rewrite.path[-1] for rewrite in isolated.rewrites if "volumes" in rewrite.path] == ["0", "1", "2", "3"]
    written = load_text(f"services:\n  web:\n    image: i\n    {BOUND}\n")
    assert [finding.message for finding in check(written, trust)] == [
        "service web mounts '/srv/other' of the host, read-write"
    ]


@pytest.mark.parametrize("text", [text for _rule, text in HOSTILE])
def test_nothing_that_the_policy_passes_over_is_mounted(text: str) -> None:
    trust = Trust(replaced=("**",))
    definition = isolate(load_text(text), role=Role.PREVIEW, trust=trust).definition
    sources = [
        as_text(entry.get("source"))
        for service in definition.services.values()
        for entry in map(as_object, as_list(service.spec.get("volumes")))
        if entry.get("type") == "bind"
    ]
    # A path that cannot be tidied up matches no pattern, and stays refused.
    assert not [s for s in sources if leaves_tree(s) and ".." not in normal_path(s).split("/")]
