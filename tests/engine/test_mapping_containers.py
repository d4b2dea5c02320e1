"""The mapping from Compose services to create bodies, as tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.compose.service import restart_policy, restart_text
from previewer.domain.json_value import JsonObject, JsonValue, as_object
from previewer.domain.labels import RESTART
from previewer.engine.mapping import values
from previewer.engine.mapping.part import Raw
from tests.engine.mapped import host_of, mapped

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
        {"blkio_config": {"weight": 300, "device_read_bps": [{"path": "/dev/sda", "rate": "1024"}]}},
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


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_durations_add_up(hours: int, minutes: int, seconds: int, milliseconds: int) -> None:
    text = f"{hours}h{minutes}m{seconds}s{milliseconds}ms"
    expected = ((hours * 60 + minutes) * 60 + seconds) * 10**9 + milliseconds * 10**6
    assert values.nanoseconds(text) == expected
    assert values.whole_seconds(text) == expected // 10**9
