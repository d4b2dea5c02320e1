"""Rules about what a container may do to the machine that it runs on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from previewer.domain.compose.service import Service
from previewer.domain.json_value import value_at
from previewer.domain.policy.rule import (
    Allowance,
    Request,
    Rule,
    each_of,
    in_services,
    is_on,
    other_than,
    service_path,
    switched_on,
)

DEFAULT_CAPABILITIES = frozenset(
    (
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    )
)
"""What Docker gives to every container (docs.docker.com/engine/containers/run, "Linux capabilities")."""
_HARMLESS_SECURITY = frozenset(
    ("no-new-privileges", "no-new-privileges=true", "seccomp=builtin", "apparmor=docker-default")
)


def _capabilities(service: Service) -> Iterator[Request]:
    for index, value in enumerate(service.cap_add):
        name = value.upper().removeprefix("CAP_")
        if name not in DEFAULT_CAPABILITIES:
            yield Request(service_path(service, "cap_add", str(index)), f"adds the capability {name!r}", (name,))


def _security_options(service: Service) -> Iterator[Request]:
    for index, value in enumerate(service.security_opt):
        option = re.sub("[:=]", "=", value.strip(), count=1)
        if option not in _HARMLESS_SECURITY:
            path = service_path(service, "security_opt", str(index))
            yield Request(path, f"sets the security option {option!r}", (option,))


def _devices(service: Service) -> Iterator[Request]:
    for index, device in enumerate(service.devices):
        path = service_path(service, "devices", str(index))
        yield Request(path, f"uses the device {device.source!r}", (device.source,))


def _reserved_devices(service: Service) -> Iterator[Request]:
    reserved = service.deploy.resources.reservations.devices
    for keys, requests in (
        (("gpus",), service.gpus),
        (("deploy", "resources", "reservations", "devices"), reserved),
    ):
        for index, request in enumerate(requests):
            driver = request.driver or "any"
            path = service_path(service, *keys, str(index))
            yield Request(path, f"reserves devices of the driver {driver!r}", (driver,))


def _privileged_hooks(service: Service) -> Iterator[Request]:
    for key, hooks in (("post_start", service.post_start), ("pre_stop", service.pre_stop)):
        for index, hook in enumerate(hooks):
            if hook.privileged:
                path = service_path(service, key, str(index), "privileged")
                yield Request(path, f"runs a {key} hook with all privileges", (service.name,))


def _sysctls(service: Service) -> Iterator[Request]:
    for name in service.sysctls:
        if not name.startswith("net."):
            yield Request(service_path(service, "sysctls", name), f"sets the kernel parameter {name!r}", (name,))


def _oom_score(service: Service) -> Iterator[Request]:
    score = service.oom_score_adj
    if score < 0:
        yield Request(service_path(service, "oom_score_adj"), f"sets oom_score_adj to {score}", (service.name,))


def _annotations(service: Service) -> Iterator[Request]:
    for name in service.annotations:
        path = service_path(service, "annotations", name)
        yield Request(path, f"gives the runtime the annotation {name!r}", (name,))


def _realtime(service: Service) -> Iterator[Request]:
    for key in ("cpu_rt_runtime", "cpu_rt_period"):
        if is_on(service.spec.get(key)):
            yield Request(service_path(service, key), f"sets {key}", (service.name,))


def _isolation(service: Service) -> Iterator[Request]:
    for keys in (("isolation",), ("build", "isolation")):
        value = value_at(service.spec, *keys)
        if is_on(value) and value != "default":
            yield Request(service_path(service, *keys), f"sets the isolation {value!r}", (str(value),))


PRIVILEGE_RULES = (
    Rule(
        id="privileged",
        forbids="`privileged: true`",
        why="such a container has the whole machine: its devices, its kernel and everybody's containers",
        instead="name the one capability or device that is needed",
        subject="the service",
        find=switched_on("privileged", message="runs with all privileges"),
    ),
    Rule(
        id="capability",
        forbids="`cap_add` of what Docker does not give to every container",
        why="most other capabilities allow a container to break out",
        instead="drop it from cap_add, or let the program do without",
        subject="the capability, without `CAP_`",
        find=in_services(_capabilities),
    ),
    Rule(
        id="security-option",
        forbids="`security_opt` other than `no-new-privileges` and the engine's own profiles",
        why="seccomp, AppArmor and SELinux are the walls that a container has",
        instead="leave the engine's default profiles in place",
        subject="the option as `key=value`",
        find=in_services(_security_options),
    ),
    Rule(
        id="device",
        forbids="`devices` of the host",
        why="a disk or an input device is readable, and often writable, past every permission",
        instead="leave the device out of this role's definition",
        subject="the device's path or CDI name",
        find=in_services(_devices),
    ),
    Rule(
        id="gpu",
        forbids="`gpus` and `deploy.resources.reservations.devices`",
        why="devices are shared with everything else on the machine, and drivers see the host",
        instead="leave the reservation out of this role's definition",
        subject="the driver, `any` where none is named",
        find=in_services(_reserved_devices),
    ),
    Rule(
        id="device-cgroup-rule",
        forbids="`device_cgroup_rules`",
        why="they allow devices that a container could then create for itself",
        instead="leave the rule out",
        subject="the rule as written",
        find=each_of("device_cgroup_rules", message="opens the devices {}"),
    ),
    Rule(
        id="hook-privilege",
        forbids="lifecycle hooks with `privileged: true`",
        why="a privileged hook is a privileged container for as long as it runs",
        instead="run the hook without privileges",
        subject="the service",
        find=in_services(_privileged_hooks),
    ),
    Rule(
        id="sysctl",
        forbids="`sysctls` other than `net.*`",
        why="only those of the network belong to the container alone",
        instead="leave it out, or use a net.* parameter",
        subject="the parameter",
        find=in_services(_sysctls),
    ),
    Rule(
        id="cgroup-parent",
        forbids="`cgroup_parent`",
        why="it moves the container out from under the limits that the engine sets",
        instead="leave it out",
        subject="the parent",
        find=other_than("cgroup_parent", (), "moves itself under the control group {}"),
    ),
    Rule(
        id="runtime",
        forbids="`runtime` other than `runc`",
        why="another runtime may isolate less, or reach devices",
        instead="leave it out",
        subject="the runtime",
        find=other_than("runtime", ("runc", "io.containerd.runc.v2"), "asks for the runtime {}"),
    ),
    Rule(
        id="annotation",
        forbids="`annotations`",
        why="runtimes read instructions from them that the engine does not check",
        instead="use labels",
        subject="the annotation's name",
        find=in_services(_annotations),
    ),
    Rule(
        id="oom-kill-disable",
        forbids="`oom_kill_disable`",
        why="a container that may not be killed takes the machine's memory from everybody else",
        instead="set a memory limit that fits",
        subject="the service",
        find=switched_on("oom_kill_disable", message="may not be killed when memory runs out"),
    ),
    Rule(
        id="oom-score",
        forbids="a negative `oom_score_adj`",
        why="the kernel would then kill other people's programs first",
        instead="leave it out",
        subject="the service",
        find=in_services(_oom_score),
    ),
    Rule(
        id="realtime-cpu",
        forbids="`cpu_rt_runtime` and `cpu_rt_period`",
        why="a real-time task can keep a processor from everything else",
        instead="use cpus or cpu_shares",
        subject="the service",
        find=in_services(_realtime),
    ),
    Rule(
        id="credential-spec",
        forbids="`credential_spec`",
        why="it hands a Windows service account to the container",
        instead="leave it out",
        subject="",
        find=switched_on("credential_spec", message="uses a credential specification"),
        allowance=Allowance.NEVER,
    ),
    Rule(
        id="isolation",
        forbids="`isolation` other than `default`, of services and builds",
        why="previewer runs Linux containers, which have no other",
        instead="leave it out",
        subject="",
        find=in_services(_isolation),
        allowance=Allowance.NEVER,
    ),
)
