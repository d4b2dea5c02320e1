"""The mapping from Compose services to Swarm services, as tables."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.domain.engine.nodes import NODE_ADDRESS
from previewer.domain.json_value import JsonObject, JsonValue, as_object
from previewer.engine.mapping.container import container_body
from previewer.engine.mapping.part import Raw
from previewer.engine.mapping.service import AttachedFile, service_body, swarm_name
from previewer.errors import EngineError
from tests.engine.mapped import NEW, OLD, spec_of

HOME = "n1"
ADDRESSES = {HOME: "192.0.2.1", "n2": "192.0.2.2"}
ADDRESS_BY_NODE = (
    '{{if false}}{{else if eq .Node.ID "n1"}}192.0.2.1{{else if eq .Node.ID "n2"}}192.0.2.2'
    "{{else}}{{.Node.Hostname}}{{end}}"
)
FILE = AttachedFile("Secret", id="s1", name="previewer-1", path="/run/secrets/s", mode=0o440, uid=7, gid=8)
SECOND = 1_000_000_000


def body_of(compose: JsonObject, api_version: tuple[int, int] = NEW, *files: AttachedFile) -> Raw:
    spec = spec_of({"networks": {"default": {}}, **compose})
    wanted = container_body(spec, api_version=api_version)
    wanted = replace(wanted, body={**wanted.body, "Labels": {"own": "label"}})
    return service_body(
        spec,
        wanted,
        image="registry.example/shop@sha256:1",
        files=files,
        node=HOME,
        addresses=ADDRESSES,
        api_version=api_version,
    )


def template_of(compose: JsonObject) -> JsonObject:
    return as_object(body_of(compose)["TaskTemplate"])


def test_a_service_is_made_without_a_task_and_found_by_its_tasks_addresses() -> None:
    assert body_of({}) == {
        "Name": "e-g1-web-1",
        "Labels": {"own": "label"},
        "TaskTemplate": {
            "ContainerSpec": {"Image": "registry.example/shop@sha256:1", "StopGracePeriod": 2 * SECOND},
            "RestartPolicy": {"Condition": "none", "MaxAttempts": 0},
            "Placement": {"Platforms": [{"OS": "linux", "Architecture": "amd64"}]},
            "Networks": [{"Target": "e-g1_default", "Aliases": ["web"]}],
        },
        "Mode": {"Replicated": {"Replicas": 0}},
        "EndpointSpec": {"Mode": "dnsrr", "Ports": []},
    }


CONTAINERS: list[tuple[JsonObject, Raw]] = [
    ({"entrypoint": ["e"], "command": ["a"]}, {"Command": ["e"], "Args": ["a"]}),
    ({"hostname": "h", "tty": True, "stdin_open": True}, {"Hostname": "h", "TTY": True, "OpenStdin": True}),
    ({"user": "1:2", "working_dir": "/w", "group_add": ["5"]}, {"User": "1:2", "Dir": "/w", "Groups": ["5"]}),
    (
        {"stop_signal": "SIGINT", "stop_grace_period": "5s"},
        {"StopSignal": "SIGINT", "StopGracePeriod": 5 * SECOND},
    ),
    ({"cap_add": ["NET_ADMIN"], "cap_drop": ["ALL"]}, {"CapabilityAdd": ["NET_ADMIN"], "CapabilityDrop": ["ALL"]}),
    ({"read_only": True, "init": True}, {"ReadOnly": True, "Init": True}),
    ({"ulimits": {"nofile": 9}}, {"Ulimits": [{"Name": "nofile", "Soft": 9, "Hard": 9}]}),
    ({"extra_hosts": ["a=192.0.2.9", "b=[2001:db8::1]"]}, {"Hosts": ["192.0.2.9 a", "2001:db8::1 b"]}),
    (
        {"dns": ["192.0.2.53"], "dns_search": ["x"], "dns_opt": ["ndots:2"]},
        {"DNSConfig": {"Nameservers": ["192.0.2.53"], "Search": ["x"], "Options": ["ndots:2"]}},
    ),
    ({"security_opt": ["no-new-privileges:true"]}, {"Privileges": {"NoNewPrivileges": True}}),
    ({"security_opt": ["no-new-privileges:false"]}, {}),
    (
        {"volumes": [{"type": "volume", "source": "data", "target": "/d"}]},
        {"Mounts": [{"Type": "volume", "Source": "e-g1_data", "Target": "/d", "ReadOnly": False}]},
    ),
    (
        {"tmpfs": ["/run:size=1m,mode=700"]},
        {"Mounts": [{"Type": "tmpfs", "Target": "/run", "TmpfsOptions": {"SizeBytes": 1 << 20, "Mode": 0o700}}]},
    ),
    (
        {"shm_size": 4096},
        {"Mounts": [{"Type": "tmpfs", "Target": "/dev/shm", "TmpfsOptions": {"SizeBytes": 4096}}]},
    ),
    # What nodes would expand is what a container on one engine is given.
    ({"environment": {"A": "{{.Node.ID}}"}}, {"Env": ['A={{"{{"}}.Node.ID}}']}),
    (
        {"environment": {"PREVIEWER_URL": f"http://{NODE_ADDRESS}:80"}},
        {
            "Env": [
                f"PREVIEWER_URL=http://{ADDRESS_BY_NODE}:80",
            ]
        },
    ),
]


@pytest.mark.parametrize(("compose", "container"), CONTAINERS, ids=lambda value: ",".join(value))
def test_containers(compose: JsonObject, container: Raw) -> None:
    found = as_object(template_of(compose)["ContainerSpec"])
    assert found == {**as_object(template_of({})["ContainerSpec"]), **container}


TEMPLATES: list[tuple[JsonObject, str, JsonValue]] = [
    ({"restart": "always"}, "RestartPolicy", {"Condition": "any", "MaxAttempts": 0}),
    ({"restart": "unless-stopped"}, "RestartPolicy", {"Condition": "any", "MaxAttempts": 0}),
    ({"restart": "on-failure:3"}, "RestartPolicy", {"Condition": "on-failure", "MaxAttempts": 3}),
    (
        {"deploy": {"restart_policy": {"condition": "on-failure", "delay": "1s", "window": "2s"}}},
        "RestartPolicy",
        {"Condition": "on-failure", "MaxAttempts": 0, "Delay": SECOND, "Window": 2 * SECOND},
    ),
    (
        {
            "mem_limit": 1 << 20,
            "cpus": 0.5,
            "pids_limit": 9,
            "deploy": {"resources": {"reservations": {"cpus": "0.25", "memory": 4096}}},
        },
        "Resources",
        {
            "Limits": {"MemoryBytes": 1 << 20, "NanoCPUs": SECOND // 2, "Pids": 9},
            "Reservations": {"NanoCPUs": SECOND // 4, "MemoryBytes": 4096},
        },
    ),
    (
        {
            "deploy": {
                "placement": {"constraints": ["node.role == worker"], "preferences": [{"spread": "node.id"}]}
            }
        },
        "Placement",
        {
            "Constraints": ["node.role == worker"],
            "Preferences": [{"Spread": {"SpreadDescriptor": "node.id"}}],
            "Platforms": [{"OS": "linux", "Architecture": "amd64"}],
        },
    ),
    (
        {"networks": {"default": {"aliases": ["api"]}, "back": {}}},
        "Networks",
        [
            {"Target": "e-g1_back", "Aliases": ["web"]},
            {"Target": "e-g1_default", "Aliases": ["web", "api"]},
        ],
    ),
    (
        {"logging": {"driver": "json-file", "options": {"max-size": "1m"}}},
        "LogDriver",
        {"Name": "json-file", "Options": {"max-size": "1m"}},
    ),
]


@pytest.mark.parametrize(("compose", "field", "value"), TEMPLATES, ids=lambda value: str(value)[:40])
def test_task_templates(compose: JsonObject, field: str, value: JsonValue) -> None:
    assert template_of(compose)[field] == value


@pytest.mark.parametrize(
    ("mount", "is_bound"),
    [
        ({"type": "volume", "source": "data", "target": "/d"}, True),
        ({"type": "bind", "source": "/srv", "target": "/d"}, True),
        ({"type": "volume", "target": "/d"}, False),
        ({"type": "tmpfs", "target": "/d"}, False),
    ],
)
def test_what_mounts_something_of_one_node_runs_there(mount: JsonObject, is_bound: bool) -> None:
    placement = as_object(template_of({"volumes": [mount]})["Placement"])
    assert placement.get("Constraints") == ([f"node.id=={HOME}"] if is_bound else None)


@pytest.mark.parametrize(
    ("port", "published"),
    [
        ({"target": 80, "published": "8080", "protocol": "tcp", "host_ip": "0.0.0.0"}, 8080),
        ({"target": 53, "protocol": "udp"}, 0),
    ],
)
def test_ports_are_the_nodes(port: JsonObject, published: int) -> None:
    expected = {
        "Protocol": port["protocol"],
        "TargetPort": port["target"],
        "PublishedPort": published,
        "PublishMode": "host",
    }
    assert as_object(body_of({"ports": [port]})["EndpointSpec"])["Ports"] == [expected]


def test_files_are_attached_with_mode_and_owner() -> None:
    container = as_object(as_object(body_of({}, NEW, FILE)["TaskTemplate"])["ContainerSpec"])
    assert "Configs" not in container
    assert container["Secrets"] == [
        {
            "SecretID": "s1",
            "SecretName": "previewer-1",
            "File": {"Name": "/run/secrets/s", "UID": "7", "GID": "8", "Mode": 0o440},
        }
    ]


REFUSED: list[tuple[JsonObject, str]] = [
    ({"privileged": True}, "privileged: "),
    ({"pid": "host"}, "pid: "),
    ({"userns_mode": "host"}, "userns_mode: "),
    ({"mac_address": "02:42:ac:11:00:02"}, "mac_address: "),
    ({"links": ["db"]}, "links: "),
    ({"entrypoint": []}, "entrypoint: "),
    ({"tmpfs": ["/run:noexec"]}, "tmpfs: noexec: "),
    ({"security_opt": ["label:x"]}, "security_opt: label: "),
    ({"network_mode": "none", "networks": None}, "network_mode: none: "),
    ({"networks": {"default": {"ipv4_address": "192.0.2.7"}}}, "networks.ipv4_address: "),
    ({"deploy": {"mode": "global"}}, "deploy.mode: "),
    ({"deploy": {"placement": {"max_replicas_per_node": 1}}}, "deploy.placement.max_replicas_per_node: "),
    ({"ports": [{"target": 80, "published": "80-90", "protocol": "tcp"}]}, "ports: 80-90: "),
    ({"ports": [{"target": 80, "protocol": "tcp", "host_ip": "127.0.0.1"}]}, "ports: .* not at 127.0.0.1 alone"),
]


@pytest.mark.parametrize(("compose", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_a_swarm_does_not_have_is_refused_by_its_key(compose: JsonObject, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        body_of(compose)


def test_an_engine_that_is_too_old_for_a_privilege_says_what_does_without() -> None:
    with pytest.raises(EngineError, match="security_opt") as caught:
        body_of({"security_opt": ["no-new-privileges:true"]}, OLD)
    assert caught.value.hint is not None
    assert "no-new-privileges:false" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("shop-main-g1-web-1", "shop-main-g1-web-1"),
        ("shop_default", "shop_default"),
        ("a.b", None),
        ("a" * 80, None),
    ],
)
def test_names_that_are_no_dns_labels_become_ones(name: str, there: str | None) -> None:
    found = swarm_name(name)
    assert found == there if there else (found != name and len(found) <= 63 and "." not in found)
