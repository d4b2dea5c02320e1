"""Engines fill in unrequested fields, each version differently: none of it may look like a difference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert

from previewer.docker_api.answers import Network, Volume
from previewer.domain.json_value import JsonObject
from previewer.engine.create_body import complete_body, network_form, subnets_of, volume_form
from previewer.engine.normal_form import normal_form

ID = "b26483bcb9bb742cd334f0bccfe81c2d0b2dd2de4dcb82bd04157a9a39ae4a47"
ZERO_20_10 = """Binds PortBindings VolumesFrom CapAdd CapDrop Dns DnsOptions DnsSearch ExtraHosts GroupAdd Links
SecurityOpt BlkioWeightDevice Devices DeviceRequests MemorySwappiness PidsLimit Ulimits"""
DEFAULTS_20_10: dict[str, Any] = {
    **dict.fromkeys(ZERO_20_10.split()),
    **dict.fromkeys(
        ("ContainerIDFile", "VolumeDriver", "Cgroup", "PidMode", "UTSMode", "UsernsMode", "Isolation"), ""
    ),
    **dict.fromkeys(
        ("OomScoreAdj", "CpuShares", "Memory", "NanoCpus", "BlkioWeight", "KernelMemory", "MemorySwap"), 0
    ),
    **dict.fromkeys(("AutoRemove", "Privileged", "PublishAllPorts", "ReadonlyRootfs", "OomKillDisable"), False),
    "LogConfig": {"Type": "json-file", "Config": {}},
    "NetworkMode": "default",
    "RestartPolicy": {"Name": "", "MaximumRetryCount": 0},
    "CgroupnsMode": "host",
    "IpcMode": "private",
    "ShmSize": 67108864,
    "Runtime": "runc",
    "ConsoleSize": [0, 0],
    "MaskedPaths": ["/proc/asound"],
    "ReadonlyPaths": ["/proc/bus"],
}
DEFAULTS_28: dict[str, Any] = {
    **{key: [] if value is None else value for key, value in DEFAULTS_20_10.items() if key != "KernelMemory"},
    **dict.fromkeys(("OomKillDisable", "Annotations", "Init", "PidsLimit", "PortBindings", "MemorySwappiness")),
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "CgroupnsMode": "private",
    "ConsoleSize": [24, 80],
}
DEFAULTS_PODMAN: dict[str, Any] = {
    **{key: [] if value is None else value for key, value in DEFAULTS_20_10.items()},
    "LogConfig": {"Type": "json-file", "Config": None},
    "NetworkMode": "bridge",
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "Annotations": {
        "io.container.manager": "libpod",
        "io.podman.annotations.init": "TRUE",
        "org.opencontainers.image.stopSignal": "15",
        "org.systemd.property.TimeoutStopUSec": "uint64 10000000",
    },
    "CgroupnsMode": "",
    "IpcMode": "shareable",
    "PidMode": "private",
    "UTSMode": "private",
    "ShmSize": 65536000,
    "Runtime": "oci",
    "MaskedPaths": None,
    "ReadonlyPaths": None,
}


def inspection(host: dict[str, Any], **config: Any) -> dict[str, Any]:
    """As an engine answers for a container of nothing but an image."""
    return {
        "Image": "sha256:1",
        "Hostname": ID[:12],
        "Tty": False,
        "Env": [],
        "Labels": {},
        "Cmd": None,
        **config,
        "HostConfig": host,
    }


@pytest.mark.parametrize("host", [DEFAULTS_20_10, DEFAULTS_28, DEFAULTS_PODMAN], ids=["20.10", "28", "Podman"])
def test_what_an_engine_fills_in_is_no_field(host: dict[str, Any]) -> None:
    assert normal_form(inspection(host), container=ID) == {"image": "sha256:1"}


@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("Memory", 1024, "mem_limit", 1024),
        ("SecurityOpt", ["no-new-privileges:true"], "security_opt", ["no-new-privileges"]),
        ("CapAdd", ["CAP_NET_ADMIN", "chown"], "cap_add", ["CHOWN", "NET_ADMIN"]),
        ("RestartPolicy", {"Name": "on-failure", "MaximumRetryCount": 3}, "restart", "on-failure:3"),
        ("ReadonlyRootfs", True, "read_only", True),
        ("PidMode", f"container:{ID}", "pid", "container:db"),
        ("IpcMode", f"container:{ID}", "ipc", "container:db"),
        ("IpcMode", "host", "ipc", "host"),
        ("ShmSize", 1, "shm_size", 1),
        ("MaskedPaths", [], "unmasked_paths", True),
        ("Binds", ["data:/data:ro"], "mounts./data", {"type": "volume", "source": "data", "read_only": True}),
        (
            "Mounts",
            [{"Type": "volume", "Source": "data", "Target": "/data", "ReadOnly": True}],
            "mounts./data",
            {"type": "volume", "source": "data", "read_only": True},
        ),
        ("PortBindings", {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}, "ports.80/tcp", [":8080"]),
        ("SomethingNew", "on", "SomethingNew", "on"),
    ],
)
def test_what_was_asked_for_is_a_field(key: str, value: Any, field: str, expected: Any) -> None:
    fields = normal_form(inspection({**DEFAULTS_20_10, key: value}), container=ID[::-1], names={ID: "db"})
    assert fields[field] == expected


@pytest.mark.parametrize(
    ("said", "silent"),
    [
        (
            {"Healthcheck": {"Test": ["CMD", "ok"], "Timeout": 30_000_000_000, "Retries": 3}},
            {"Healthcheck": {"Test": ["CMD", "ok"]}},
        ),
        ({"WorkingDir": "/", "StopSignal": "SIGTERM", "StopTimeout": 10}, {}),
    ],
)
def test_a_default_that_is_spelt_out_is_no_field(said: dict[str, Any], silent: dict[str, Any]) -> None:
    assert normal_form(inspection(DEFAULTS_28, **said)) == normal_form(inspection(DEFAULTS_28, **silent))


def test_the_mode_of_a_network_that_is_joined_is_no_field() -> None:
    def joined(mode: str) -> dict[str, Any]:
        ends: dict[str, Any] = {"EndpointsConfig": {"shop_default": {}}}
        return {**inspection({**DEFAULTS_28, "NetworkMode": mode}), "NetworkingConfig": ends}

    assert normal_form(joined("shop_default")) == normal_form(joined("bridge"))
    assert normal_form(joined("none"))["network_mode"] == "none"


@pytest.mark.parametrize("swap", [0, 2048, -1])
def test_the_swap_that_a_limit_implies_is_no_field(swap: int) -> None:
    fields = normal_form(inspection({**DEFAULTS_20_10, "Memory": 1024, "MemorySwap": swap}), container=ID)
    assert "memswap_limit" not in fields


def test_an_alias_that_the_engine_adds_is_no_field() -> None:
    ends = {"default": {"Aliases": ["web", ID[:12]]}}
    body = {**inspection(DEFAULTS_20_10), "NetworkingConfig": {"EndpointsConfig": ends}}
    assert normal_form(body, container=ID)["networks.default"]["aliases"] == ["web"]  # type: ignore[index, call-overload]


def test_a_container_inherits_from_its_image_as_the_engine_merges_them() -> None:
    image: JsonObject = {
        "Env": ["PATH=/bin", "A=1", "B=2"],
        "Cmd": ["serve"],
        "Entrypoint": ["/entry"],
        "User": "app",
        "Labels": {"x": "1", "y": "1"},
        "Healthcheck": {"Test": ["CMD", "ok"], "Interval": 5},
    }
    body: JsonObject = {
        "Env": ["A=3", "B"],
        "Labels": {"y": "2"},
        "Healthcheck": {"Interval": 7},
        "HostConfig": {},
    }
    fields = normal_form(complete_body(body, image))
    assert fields == {
        "environment.PATH": "=/bin",
        "environment.A": "=3",
        "command": ["serve"],
        "entrypoint": ["/entry"],
        "user": "app",
        "labels.x": "=1",
        "labels.y": "=2",
        "healthcheck": {"Test": ["CMD", "ok"], "Interval": 7},
    }


def test_a_bare_name_of_a_variable_that_is_not_set_is_no_field() -> None:
    """Engines show it of the container as it was asked for, also where the image has no such variable."""
    fields = normal_form(inspection(DEFAULTS_20_10, Env=["COLOUR", "EMPTY=", "PATH=/bin"]), container=ID)
    assert {name: value for name, value in fields.items() if name.startswith("environment.")} == {
        "environment.EMPTY": "=",
        "environment.PATH": "=/bin",
    }


def test_an_entrypoint_of_its_own_leaves_the_images_command_out() -> None:
    completed = complete_body({"Entrypoint": ["/mine"]}, {"Cmd": ["serve"], "Entrypoint": ["/entry"]})
    assert (completed["Entrypoint"], completed.get("Cmd")) == (["/mine"], None)
    cleared = complete_body({"Entrypoint": []}, {"Cmd": ["serve"], "Entrypoint": ["/entry"]})
    assert (cleared["Entrypoint"], cleared["Cmd"]) == ([], ["serve"])


@given(st.dictionaries(st.text(min_size=1, alphabet="ABC"), st.text(max_size=3)), st.permutations(range(4)))
def test_the_order_of_variables_means_nothing(variables: dict[str, str], order: list[int]) -> None:
    entries = [f"{key}={value}" for key, value in variables.items()]
    shuffled = [entry for index in order for entry in entries[index::4]]
    assert normal_form({"Env": entries}) == normal_form({"Env": shuffled})


def test_networks_and_volumes_say_only_what_was_asked_for() -> None:
    said: JsonObject = {
        "Driver": "bridge",
        "Internal": False,
        "Labels": {"a": "1"},
        "Options": {
            "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1",
            "com.docker.network.enable_ipv4": "true",
        },
        "IPAM": {"Config": [{"Subnet": "10.1.0.0/28"}]},
    }
    listed = convert(said, Network)
    assert network_form(listed) == network_form(Network(labels={"a": "1"}))
    assert subnets_of(listed) == ("10.1.0.0/28",)
    assert volume_form(convert({"Driver": "local", "Options": None, "Labels": None}, Volume)) == {}
