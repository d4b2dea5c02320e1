"""The mapping from Compose services to create bodies, as tables."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.json_value import JsonObject, JsonValue, as_object
from previewer.domain.labels import RESTART
from previewer.domain.restart_policy import restart_policy, restart_text
from previewer.domain.specification import ContainerSpec, NetworkSpec, VolumeSpec
from previewer.engine.mapping import fields, values
from previewer.engine.mapping.container import ContainerBody, container_body
from previewer.engine.mapping.network import network_body
from previewer.engine.mapping.part import Raw
from previewer.engine.mapping.volume import volume_body
from previewer.errors import EngineError, UnsupportedError

OLD, NEW = (1, 41), (1, 51)


def spec_of(compose: JsonObject) -> ContainerSpec:
    return ContainerSpec(
        name="e-g1-web-1",
        service="web",
        image="sha256:1",
        platform="linux/amd64",
        labels={"own": "label"},
        compose=compose,
        networks={"default": "e-g1_default", "back": "e-g1_back"},
        volumes={"data": "e-g1_data"},
        containers={"db": "e-g1-db-1"},
        contents={"secrets/s": b"secret", "configs/c": b"config"},
    )


def mapped(compose: JsonObject, api_version: tuple[int, int] = NEW) -> ContainerBody:
    return container_body(spec_of(compose), api_version=api_version)


def host_of(compose: JsonObject, api_version: tuple[int, int] = NEW) -> JsonObject:
    """The ``HostConfig`` without the network mode that every container has."""
    host = dict(as_object(mapped(compose, api_version).body["HostConfig"]))
    if host["NetworkMode"] == "none":
        del host["NetworkMode"]
    return host


def test_every_key_of_the_specification_stands_in_one_table() -> None:
    text = (resources.files("previewer.definition") / "schema" / "compose-spec.json").read_text(encoding="utf-8")
    definitions = json.loads(text)["definitions"]
    tables = [
        [field.key for field in (*fields.CONFIG_FIELDS, *fields.HOST_FIELDS)],
        [*fields.SECTION_KEYS],
        [*fields.NEEDED_ELSEWHERE],
        [*fields.REFUSED],
    ]
    keys = [key for table in tables for key in table]
    assert len(keys) == len(set(keys))
    assert set(definitions["service"]["properties"]) <= set(keys)
    deploy = {"resources", "restart_policy", *fields.DEPLOY_NEEDED_ELSEWHERE}
    assert set(definitions["deployment"]["properties"]) == deploy


CONFIG_CASES: list[tuple[JsonObject, Raw]] = [
    ({"command": ["a", "b"]}, {"Cmd": ["a", "b"]}),
    ({"command": []}, {"Cmd": []}),
    ({"command": None, "entrypoint": None}, {}),
    ({"entrypoint": []}, {"Entrypoint": []}),
    ({"environment": {"A": "1", "B": None, "C": ""}}, {"Env": ["A=1", "B", "C="]}),
    ({"hostname": "h", "domainname": "d.example"}, {"Hostname": "h", "Domainname": "d.example"}),
    ({"stop_grace_period": "1m30.5s", "stop_signal": "SIGINT"}, {"StopTimeout": 90, "StopSignal": "SIGINT"}),
    ({"tty": True, "stdin_open": False}, {"Tty": True, "OpenStdin": False}),
    ({"user": "1000:1000", "working_dir": "/w"}, {"User": "1000:1000", "WorkingDir": "/w"}),
    ({"healthcheck": {}}, {}),
    ({"healthcheck": {"disable": True}}, {"Healthcheck": {"Test": ["NONE"]}}),
    ({"healthcheck": {"interval": "500ms"}}, {"Healthcheck": {"Interval": 500_000_000}}),
    (
        {
            "healthcheck": {
                "test": ["CMD", "x"],
                "timeout": "1m30s",
                "start_period": "0s",
                "retries": 5,
                "start_interval": "1s",
            }
        },
        {
            "Healthcheck": {
                "Test": ["CMD", "x"],
                "Timeout": 90_000_000_000,
                "StartPeriod": 0,
                "Retries": 5,
                "StartInterval": 1_000_000_000,
            }
        },
    ),
    (
        {"expose": ["80", "53/udp", "200-202"]},
        {"ExposedPorts": {"80/tcp": {}, "53/udp": {}, "200/tcp": {}, "201/tcp": {}, "202/tcp": {}}},
    ),
]


@pytest.mark.parametrize(("compose", "config"), CONFIG_CASES, ids=lambda value: ",".join(value))
def test_config(compose: JsonObject, config: Raw) -> None:
    body = dict(mapped(compose).body)
    for key in ("Image", "Labels", "HostConfig"):
        del body[key]
    assert body == config


HOST_CASES: list[tuple[JsonObject, Raw]] = [
    ({"cap_add": ["NET_ADMIN"], "cap_drop": ["ALL"]}, {"CapAdd": ["NET_ADMIN"], "CapDrop": ["ALL"]}),
    (
        {"dns": ["1.1.1.1"], "dns_opt": ["use-vc"], "dns_search": ["a.example"]},
        {"Dns": ["1.1.1.1"], "DnsOptions": ["use-vc"], "DnsSearch": ["a.example"]},
    ),
    ({"extra_hosts": ["h=host-gateway", "v6=::1"]}, {"ExtraHosts": ["h:host-gateway", "v6:::1"]}),
    (
        {"init": True, "read_only": True, "privileged": False},
        {"Init": True, "ReadonlyRootfs": True, "Privileged": False},
    ),
    ({"logging": {"options": {"max-size": "10m"}}}, {"LogConfig": {"Type": "", "Config": {"max-size": "10m"}}}),
    ({"shm_size": "67108864", "mem_limit": "-1"}, {"ShmSize": 67_108_864, "Memory": -1}),
    ({"mem_swappiness": "0"}, {"MemorySwappiness": 0}),
    ({"cpus": 0.1, "pids_limit": 3}, {"NanoCpus": 100_000_000, "PidsLimit": 3}),
    ({"restart": "on-failure:3"}, {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}),
    (
        {"restart": "always", "deploy": {"restart_policy": {"condition": "none"}}},
        {"RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}},
    ),
    (
        {"deploy": {"restart_policy": {"condition": "any", "max_attempts": 3}}},
        {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}},
    ),
    (
        {
            "mem_limit": "1",
            "cpus": 2,
            "deploy": {
                "replicas": 2,
                "resources": {
                    "limits": {"cpus": 0.5, "memory": "50", "pids": 9},
                    "reservations": {"cpus": 0.1, "memory": "20"},
                },
            },
        },
        {"Memory": 50, "NanoCpus": 500_000_000, "PidsLimit": 9, "MemoryReservation": 20},
    ),
    ({"sysctls": {"net.core.somaxconn": "1024"}}, {"Sysctls": {"net.core.somaxconn": "1024"}}),
    ({"tmpfs": ["/run", "/tmp:size=64m,mode=1777"]}, {"Tmpfs": {"/run": "", "/tmp": "size=64m,mode=1777"}}),
    (
        {"ulimits": {"core": {}, "nofile": {"soft": 1, "hard": 2}, "nproc": 7}},
        {
            "Ulimits": [
                {"Name": "core", "Soft": 0, "Hard": 0},
                {"Name": "nofile", "Soft": 1, "Hard": 2},
                {"Name": "nproc", "Soft": 7, "Hard": 7},
            ]
        },
    ),
    (
        {"group_add": ["mail"], "userns_mode": "host", "uts": "host"},
        {"GroupAdd": ["mail"], "UsernsMode": "host", "UTSMode": "host"},
    ),
    (
        {"network_mode": "service:db", "pid": "service:db", "ipc": "shareable"},
        {"NetworkMode": "container:e-g1-db-1", "PidMode": "container:e-g1-db-1", "IpcMode": "shareable"},
    ),
    (
        {"security_opt": ["no-new-privileges:true", "systempaths=unconfined"]},
        {"SecurityOpt": ["no-new-privileges:true"], "MaskedPaths": [], "ReadonlyPaths": []},
    ),
    (
        {"devices": [{"source": "/dev/a", "target": "/dev/b", "permissions": "r"}, {"source": "v.com/gpu=0"}]},
        {
            "Devices": [{"PathOnHost": "/dev/a", "PathInContainer": "/dev/b", "CgroupPermissions": "r"}],
            "DeviceRequests": [{"Driver": "cdi", "DeviceIDs": ["v.com/gpu=0"]}],
        },
    ),
    (
        {"gpus": [{"count": -1}]},
        {
            "DeviceRequests": [
                {"Driver": "", "Count": -1, "DeviceIDs": [], "Capabilities": [["gpu"]], "Options": {}}
            ]
        },
    ),
    (
        {"blkio_config": {"weight": 300, "device_read_bps": [{"Path": "/dev/sda", "Rate": "1024"}]}},
        {"BlkioWeight": 300, "BlkioDeviceReadBps": [{"Path": "/dev/sda", "Rate": 1024}]},
    ),
    ({"volumes_from": ["db:ro", "container:other"]}, {"VolumesFrom": ["e-g1-db-1:ro", "other"]}),
    ({"volumes": [{"type": "volume", "source": "data", "target": "/d"}]}, {"Binds": ["e-g1_data:/d:rw"]}),
    (
        {
            "volumes": [
                {"type": "volume", "source": "data", "target": "/d", "read_only": True, "volume": {"nocopy": True}}
            ]
        },
        {
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": "e-g1_data",
                    "Target": "/d",
                    "ReadOnly": True,
                    "VolumeOptions": {"NoCopy": True},
                }
            ]
        },
    ),
    (
        {"volumes": [{"type": "volume", "target": "/anonymous"}]},
        {"Mounts": [{"Type": "volume", "Target": "/anonymous", "ReadOnly": False}]},
    ),
    (
        {"volumes": [{"type": "tmpfs", "target": "/t", "tmpfs": {"size": "4096", "mode": 448}}]},
        {
            "Mounts": [
                {
                    "Type": "tmpfs",
                    "Target": "/t",
                    "ReadOnly": False,
                    "TmpfsOptions": {"SizeBytes": 4096, "Mode": 448},
                }
            ]
        },
    ),
    (
        {
            "volumes": [
                {
                    "type": "bind",
                    "source": "/srv",
                    "target": "/s",
                    "bind": {"create_host_path": True, "selinux": "z"},
                }
            ]
        },
        {"Binds": ["/srv:/s:rw,z"]},
    ),
    (
        {"volumes": [{"type": "bind", "source": "/srv", "target": "/s", "read_only": True}]},
        {"Mounts": [{"Type": "bind", "Source": "/srv", "Target": "/s", "ReadOnly": True}]},
    ),
    (
        {
            "build": {"context": "."},
            "depends_on": {"db": {}},
            "profiles": ["p"],
            "x-mine": 1,
            "pull_policy": "always",
        },
        {},
    ),
]


@pytest.mark.parametrize(("compose", "host"), HOST_CASES, ids=lambda value: ",".join(value))
def test_host_config(compose: JsonObject, host: Raw) -> None:
    assert host_of(compose) == host


def test_ports_are_exposed_and_bound() -> None:
    body = mapped(
        {
            "ports": [
                {"target": 80, "protocol": "tcp", "host_ip": "127.0.0.1", "mode": "ingress"},
                {"target": 80, "protocol": "tcp", "published": "8080-8082"},
                {"target": 53, "protocol": "udp", "published": 53},
            ]
        }
    ).body
    assert body["ExposedPorts"] == {"80/tcp": {}, "53/udp": {}}
    assert as_object(body["HostConfig"])["PortBindings"] == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}, {"HostIp": "", "HostPort": "8080-8082"}],
        "53/udp": [{"HostIp": "", "HostPort": "53"}],
    }


TWO_NETWORKS: JsonObject = {
    "container_name": "old-name",
    "networks": {"back": None, "default": {"priority": 5, "aliases": ["api", "web"], "ipv4_address": "10.0.0.5"}},
}
FIRST_ENDPOINT = {"Aliases": ["e-g1-web-1", "web", "old-name", "api"], "IPAMConfig": {"IPv4Address": "10.0.0.5"}}
SECOND_ENDPOINT = {"Aliases": ["e-g1-web-1", "web", "old-name"]}


def test_a_new_engine_gets_all_networks_at_creation() -> None:
    found = mapped(TWO_NETWORKS, NEW)
    assert as_object(found.body["HostConfig"])["NetworkMode"] == "e-g1_default"
    assert found.body["NetworkingConfig"] == {
        "EndpointsConfig": {"e-g1_default": FIRST_ENDPOINT, "e-g1_back": SECOND_ENDPOINT}
    }
    assert found.later_networks == ()


def test_an_old_engine_gets_one_and_the_others_later() -> None:
    found = mapped(TWO_NETWORKS, OLD)
    assert found.body["NetworkingConfig"] == {"EndpointsConfig": {"e-g1_default": FIRST_ENDPOINT}}
    assert [(joined.network, joined.endpoint) for joined in found.later_networks] == [
        ("e-g1_back", SECOND_ENDPOINT)
    ]


def test_links_name_containers() -> None:
    found = mapped({"networks": {"default": None}, "links": ["db", "db:database"], "external_links": ["x:y"]})
    endpoint = as_object(as_object(as_object(found.body["NetworkingConfig"])["EndpointsConfig"])["e-g1_default"])
    assert endpoint["Links"] == ["e-g1-db-1:db", "e-g1-db-1:database", "x:y"]


@pytest.mark.parametrize(("api_version", "place"), [(OLD, "config"), (NEW, "endpoint")])
def test_a_mac_address_goes_where_the_engine_takes_it(api_version: tuple[int, int], place: str) -> None:
    found = mapped({"networks": {"default": None}, "mac_address": "02:42:ac:11:00:01"}, api_version)
    endpoint = as_object(as_object(as_object(found.body["NetworkingConfig"])["EndpointsConfig"])["e-g1_default"])
    assert (found.body.get("MacAddress") is not None, endpoint.get("MacAddress") is not None) == (
        place == "config",
        place == "endpoint",
    )


def test_labels_of_the_definition_stand_under_ours() -> None:
    assert mapped({"labels": {"own": "theirs", "a": "b"}}).body["Labels"] == {
        "own": "label",
        "a": "b",
        RESTART: "no",
    }


@pytest.mark.parametrize(
    ("compose", "said"),
    [
        ({}, "no"),
        ({"restart": "no"}, "no"),
        ({"restart": "on-failure:3"}, "on-failure:3"),
        ({"restart": "always"}, "always"),
        ({"deploy": {"restart_policy": {"condition": "on-failure", "max_attempts": 2}}}, "on-failure:2"),
    ],
)
def test_its_label_says_the_restart_policy_that_it_is_made_with(compose: dict[str, JsonValue], said: str) -> None:
    body = mapped(compose).body
    assert as_object(body["Labels"])[RESTART] == said
    assert restart_text(as_object(body["HostConfig"]).get("RestartPolicy")) == said
    assert restart_text(restart_policy(said)) == said


def test_files_have_their_place_mode_and_owner() -> None:
    files = mapped(
        {
            "secrets": [{"source": "s", "target": "renamed"}],
            "configs": [{"source": "c", "mode": "0440", "uid": "7"}],
        }
    ).files
    assert [(f.path, f.content, f.mode, f.uid) for f in files] == [
        ("/run/secrets/renamed", b"secret", 0o444, 0),
        ("/c", b"config", 0o440, 7),
    ]
    assert "secret'" not in repr(files)


UNSUPPORTED: list[tuple[JsonObject, tuple[int, int], str]] = [
    ({"provider": {"type": "x"}}, NEW, "provider"),
    ({"use_api_socket": True}, NEW, "use_api_socket"),
    ({"post_start": [{"command": ["x"]}]}, NEW, "post_start"),
    ({"from_the_future": 1}, NEW, "from_the_future"),
    ({"deploy": {"from_the_future": 1}}, NEW, "deploy.from_the_future"),
    ({"healthcheck": {"test": ["CMD", "x"], "start_interval": "1s"}}, OLD, "healthcheck.start_interval"),
    ({"annotations": {"a": "b"}}, OLD, "annotations"),
    ({"networks": {"default": {"gw_priority": 1}}}, OLD, "gw_priority"),
    ({"networks": {"default": {"mac_address": "02:42:ac:11:00:01"}}}, OLD, "mac_address"),
    ({"networks": {"default": {"interface_name": "eth9"}}}, OLD, "interface_name"),
    ({"volumes": [{"type": "npipe", "source": "x", "target": "y"}]}, NEW, "npipe"),
    ({"volumes": [{"type": "image", "source": "x", "target": "/y"}]}, NEW, "image"),
    (
        {"volumes": [{"type": "volume", "source": "data", "target": "/y", "volume": {"subpath": "s"}}]},
        OLD,
        "subpath",
    ),
    ({"security_opt": ["seccomp:./profile.json"]}, NEW, "profile.json"),
]


@pytest.mark.parametrize(
    ("compose", "api_version", "named"), UNSUPPORTED, ids=[named for *_rest, named in UNSUPPORTED]
)
def test_what_cannot_be_honoured_is_refused_by_name(
    compose: JsonObject, api_version: tuple[int, int], named: str
) -> None:
    with pytest.raises(UnsupportedError, match=named) as caught:
        mapped(compose, api_version)
    assert caught.value.where == "service web"


MALFORMED: list[tuple[JsonObject, str]] = [
    ({"command": "sleep 1"}, "command"),
    ({"mem_limit": "512m"}, "mem_limit"),
    ({"stop_grace_period": "soon"}, "stop_grace_period"),
    ({"tty": "yes"}, "tty"),
    ({"networks": {"missing": None}}, "missing"),
    ({"network_mode": "service:missing"}, "missing"),
    ({"volumes": [{"type": "volume", "source": "missing", "target": "/x"}]}, "missing"),
    ({"volumes": [{"type": "bind", "source": "./code", "target": "/code"}]}, "./code"),
    ({"secrets": [{"source": "unknown"}]}, "unknown"),
    ({"healthcheck": {"interval": "often"}}, "often"),
    ({"deploy": {"restart_policy": {"condition": "sometimes"}}}, "sometimes"),
    ({"labels": {"dev.previewer.owner": "me"}}, "dev.previewer.owner"),
    ({"labels": {"com.docker.compose.project": "me"}}, "com.docker.compose.project"),
]


@pytest.mark.parametrize(("compose", "named"), MALFORMED, ids=[named for _compose, named in MALFORMED])
def test_what_makes_no_sense_is_an_error_that_names_it(compose: JsonObject, named: str) -> None:
    with pytest.raises(EngineError, match=named) as caught:
        mapped(compose)
    assert caught.value.where == "service web"


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_durations_add_up(hours: int, minutes: int, seconds: int, milliseconds: int) -> None:
    text = f"{hours}h{minutes}m{seconds}s{milliseconds}ms"
    expected = ((hours * 60 + minutes) * 60 + seconds) * 10**9 + milliseconds * 10**6
    assert values.nanoseconds(text) == expected
    assert values.whole_seconds(text) == expected // 10**9


@pytest.mark.parametrize("text", ["", "1", "1x", "1m 30s", "-1s", "s", "1.5.5s"])
def test_text_that_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        values.nanoseconds(text)


def _network(compose: JsonObject) -> NetworkSpec:
    return NetworkSpec("n", {"own": "label"}, compose, "10.0.0.0/16", 28)


def test_a_network_of_the_definition() -> None:
    from ipaddress import IPv4Network

    compose: JsonObject = {
        "driver": "bridge",
        "internal": True,
        "driver_opts": {"mtu": 1400},
        "name": "x",
        "labels": {"a": "b"},
    }
    assert network_body(_network(compose), IPv4Network("10.0.0.0/28"), api_version=OLD) == {
        "Name": "n",
        "Driver": "bridge",
        "Internal": True,
        "Options": {"mtu": "1400"},
        "IPAM": {"Config": [{"Subnet": "10.0.0.0/28"}]},
        "Labels": {"own": "label", "a": "b"},
        "CheckDuplicate": True,
    }
    assert "CheckDuplicate" not in network_body(_network({}), None, api_version=NEW)


def test_a_subnet_of_the_definition_is_kept() -> None:
    compose: JsonObject = {
        "ipam": {"driver": "default", "config": [{"subnet": "10.9.0.0/24", "gateway": "10.9.0.1"}]}
    }
    assert network_body(_network(compose), None, api_version=NEW)["IPAM"] == {
        "Driver": "default",
        "Config": [{"Subnet": "10.9.0.0/24", "Gateway": "10.9.0.1"}],
    }


@pytest.mark.parametrize("compose", [{"from_the_future": 1}, {"enable_ipv4": False}])
def test_a_network_key_that_cannot_be_honoured_is_refused(compose: dict[str, JsonValue]) -> None:
    with pytest.raises(UnsupportedError):
        network_body(_network(compose), None, api_version=OLD)


def test_a_volume_of_the_definition() -> None:
    spec = VolumeSpec("v", {"own": "label"}, {"driver": "local", "driver_opts": {"type": "tmpfs"}, "name": "x"})
    assert volume_body(spec) == {
        "Name": "v",
        "Driver": "local",
        "DriverOpts": {"type": "tmpfs"},
        "Labels": {"own": "label"},
    }
    with pytest.raises(UnsupportedError):
        volume_body(VolumeSpec("v", {}, {"from_the_future": 1}))
