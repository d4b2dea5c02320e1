"""For every rule: definitions that break it, marked on the line that does, and a grant that allows that.

The loader remembers the lines of what is not too deep; what is deeper is found at the nearest place above.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent

MARK = "# here"


@dataclass(frozen=True, slots=True)
class Case:
    """One definition that breaks one rule."""

    rule: str
    text: str
    grant: str | None
    """``None`` where nothing allows it."""


def in_service(rule: str, lines: str, grant: str | None, *, top: str = "") -> Case:
    """A definition whose service ``web`` has these lines, and these at the top."""
    text = f"services:\n  web:\n    image: i\n{indent(lines, '    ')}\n  db:\n    image: j\n{top}\n"
    return Case(rule, text, grant)


def in_build(rule: str, lines: str, grant: str | None, *, top: str = "") -> Case:
    """A definition whose service ``web`` is built with these settings."""
    return in_service(rule, "build:\n" + indent(f"context: .\n{lines}", "  "), grant, top=top)


def in_network(rule: str, lines: str, grant: str | None) -> Case:
    """A definition with a network ``lan`` that has these lines."""
    return in_service(rule, "networks: [lan]", grant, top=f"networks:\n  lan:\n{indent(lines, '    ')}")


def in_volume(rule: str, lines: str, grant: str | None) -> Case:
    """A definition with a volume ``data`` that has these lines."""
    return in_service(rule, "volumes: ['data:/d']", grant, top=f"volumes:\n  data:\n{indent(lines, '    ')}")


CASES = (
    in_service("privileged", "privileged: true  # here", "privileged"),
    in_service("privileged", "privileged: true  # here", "privileged:web"),
    in_service("capability", "cap_add:\n- CHOWN\n- NET_ADMIN  # here", "capability:NET_ADMIN"),
    in_service("capability", "cap_add:\n- cap_sys_admin  # here", "capability:SYS_*"),
    in_service("capability", "cap_add:\n- ALL  # here", "capability:ALL"),
    in_service(
        "security-option", "security_opt:\n- seccomp:unconfined  # here", "security-option:seccomp=unconfined"
    ),
    in_service("security-option", "security_opt:\n- apparmor=unconfined  # here", "security-option:apparmor=*"),
    in_service("security-option", "security_opt:\n- label:disable  # here", "security-option"),
    in_service("security-option", "security_opt:\n- label:type:spc_t  # here", "security-option"),
    in_service("security-option", "security_opt:\n- systempaths=unconfined  # here", "security-option"),
    in_service("security-option", "security_opt:\n- no-new-privileges:false  # here", "security-option"),
    in_service("device", "devices:\n- /dev/sda  # here", "device:/dev/sd?"),
    in_service("device", "devices:\n- vendor.com/device=gpu  # here", "device"),
    in_service("gpu", "gpus: all  # here", "gpu:any"),
    in_service(
        "gpu",
        "deploy:\n  resources:\n    reservations:  # here\n      devices:\n"
        "      - capabilities: [gpu]\n        driver: nvidia",
        "gpu:nvidia",
    ),
    in_service("device-cgroup-rule", "device_cgroup_rules:\n- c 1:3 mr  # here", "device-cgroup-rule:c 1:3 mr"),
    in_service("hook-privilege", "post_start:\n- command: x  # here\n  privileged: true", "hook-privilege:web"),
    in_service("hook-privilege", "pre_stop:\n- command: x  # here\n  privileged: true", "hook-privilege"),
    in_service("sysctl", "sysctls:\n  net.core.somaxconn: 1\n  kernel.shmmax: 1  # here", "sysctl:kernel.*"),
    in_service("cgroup-parent", "cgroup_parent: m  # here", "cgroup-parent:m"),
    in_service("runtime", "runtime: nvidia  # here", "runtime:nvidia"),
    in_service("annotation", "annotations:\n  run.oci.handler: krun  # here", "annotation:run.oci.*"),
    in_service("oom-kill-disable", "oom_kill_disable: true  # here", "oom-kill-disable"),
    in_service("oom-score", "oom_score_adj: -500  # here", "oom-score:web"),
    in_service("oom-score", "oom_score_adj: -1e3  # here", "oom-score:web"),
    in_service("realtime-cpu", "cpu_rt_runtime: 400000  # here", "realtime-cpu"),
    in_service("credential-spec", "credential_spec:  # here\n  file: x.json", None),
    in_service("isolation", "isolation: process  # here", None),
    in_build("isolation", "isolation: hyperv  # here", None),
    in_service("host-namespace", "network_mode: host  # here", "host-namespace:network"),
    in_service("host-namespace", "pid: host  # here", "host-namespace:pid"),
    in_service("host-namespace", "ipc: host  # here", "host-namespace:ipc"),
    in_service("host-namespace", "uts: host  # here", "host-namespace:uts"),
    in_service("host-namespace", "userns_mode: host  # here", "host-namespace:userns"),
    in_service("host-namespace", "cgroup: host  # here", "host-namespace:cgroup"),
    in_service("foreign-namespace", "network_mode: container:vpn  # here", "foreign-namespace:vpn"),
    in_service("foreign-namespace", "pid: container:abc  # here", "foreign-namespace:abc"),
    in_service("foreign-namespace", "ipc: container:abc  # here", "foreign-namespace"),
    in_service("foreign-volumes", "volumes_from:\n- container:store:ro  # here", "foreign-volumes:store"),
    in_service("external-link", "external_links:\n- redis:cache  # here", "external-link:redis:cache"),
    in_service("external-network", "network_mode: bridge  # here", "external-network:bridge"),
    in_service(
        "external-network",
        "networks: [lan]",
        "external-network:shared",
        top="networks:\n  lan:  # here\n    external: true\n    name: shared",
    ),
    in_service(
        "external-volume",
        "volumes: ['data:/d']",
        "external-volume:backups",
        top="volumes:\n  data:  # here\n    external: true\n    name: backups",
    ),
    in_service(
        "external-secret",
        "secrets: [key]",
        "external-secret:key",
        top="secrets:\n  key:  # here\n    external: true",
    ),
    in_service(
        "external-config",
        "configs: [conf]",
        "external-config",
        top="configs:\n  conf:  # here\n    external: true",
    ),
    in_network("network-driver", "driver: macvlan  # here", "network-driver:macvlan"),
    in_network("network-driver", "ipam:\n  driver: dhcp  # here", "network-driver:dhcp"),
    in_network(
        "network-option",
        "driver_opts:\n  com.docker.network.bridge.name: docker0  # here",
        "network-option:com.docker.network.bridge.*",
    ),
    in_service(
        "network-option", "networks:\n  default:\n    driver_opts:  # here\n      parent: eth0", "network-option"
    ),
    in_service("logging-driver", "logging:\n  driver: fluentd  # here", "logging-driver:fluentd"),
    in_service("api-socket", "use_api_socket: true  # here", None),
    Case("provider", "services:\n  web:\n    provider:  # here\n      type: aws\n", None),
    in_service("model-runner", "models:  # here\n- m", None, top="models:\n  m:\n    model: ai/x"),
    in_service(
        "engine-socket",
        "volumes:\n- /var/run/docker.sock:/s  # here",
        "engine-socket:/var/run/docker.sock",
    ),
    in_service("engine-socket", "volumes:\n- /run:/host/run:ro  # here", "engine-socket:/run"),
    in_service("engine-socket", "volumes:\n- /:/host:ro  # here", "engine-socket:/"),
    in_service("engine-socket", "volumes:\n- /var/lib/docker:/d  # here", "engine-socket:/var/lib/docker"),
    in_service("bind", "volumes:\n- /etc/localtime:/etc/localtime:ro  # here", "bind:/etc/localtime:ro"),
    in_service("bind", "volumes:\n- /etc/localtime:/etc/localtime:ro  # here", "bind:/etc/*"),
    in_service("bind", "volumes:\n- /srv/data:/data  # here", "bind:/srv/**"),
    in_service(
        "bind", "volumes:\n- type: bind  # here\n  source: /srv/data\n  target: /data", "bind:/srv/data:rw"
    ),
    Case("image", "services:\n  web:\n    image: previewer/shop/web:1  # here\n", "image:previewer/shop/*"),
    Case("image", f"services:\n  web:\n    image: sha256:{'a' * 64}  # here\n", f"image:sha256:{'a' * 64}"),
    Case(
        "image", "services:\n  web:\n    image: docker.io/previewer/x/y@sha256:" + "a" * 64 + "  # here\n", "image"
    ),
    Case("image", "services:\n  web:\n    image: index.docker.io/library/previewer-base:1  # here\n", "image"),
    Case("image", "services:\n  web:\n    image: localhost/previewer-image:1  # here\n", "image"),
    Case("image", "services:\n  web:\n    image: previewer-rebuilt/x:1  # here\n", "image:previewer-rebuilt/x"),
    Case("image", "services:\n  web:\n    image: previewer-building:1  # here\n", "image:previewer-building:1"),
    in_build(
        "image",
        "additional_contexts:\n  x: docker-image://previewer/a/b:1  # here",
        "image:previewer/a/b:1",
    ),
    in_service("mount-type", "volumes:\n- type: image  # here\n  source: i\n  target: /d", "mount-type:image"),
    in_service(
        "mount-type",
        "volumes:\n- type: bind  # here\n  source: ./x\n  target: /d\n  bind:\n    propagation: rshared",
        "mount-type:rshared",
    ),
    in_volume("volume-driver", "driver: flocker  # here", "volume-driver:flocker"),
    in_volume(
        "volume-option",
        "driver_opts:  # here\n  type: none\n  o: bind\n  device: /srv/data",
        "volume-option:/srv/*",
    ),
    in_volume(
        "volume-option",
        "driver_opts:  # here\n  type: nfs\n  device: ':/export'\n  o: addr=10.0.0.1",
        "volume-option",
    ),
    in_volume(
        "volume-option",
        "driver_opts:  # here\n  type: tmpfs\n  device: tmpfs\n  o: 'size=1m,bind'",
        "volume-option",
    ),
    in_service("outside-file", "secrets: [key]", None, top="secrets:\n  key:\n    file: /etc/shadow  # here"),
    in_service(
        "secret-driver",
        "secrets: [key]",
        "secret-driver:vault",
        top="secrets:\n  key:\n    file: ./key\n    driver: vault  # here",
    ),
    Case(
        "build-context",
        "services:\n  web:\n    build:\n      context: https://example.org/x.git  # here\n",
        "build-context:https://example.org/**",
    ),
    Case(
        "build-context", "services:\n  web:\n    build:\n      context: /srv/x  # here\n", "build-context:/srv/x"
    ),
    in_build("build-context", "dockerfile: /etc/Dockerfile  # here", "build-context:/etc/Dockerfile"),
    in_build(
        "build-context",
        "additional_contexts:\n  base: https://example.org/x.git  # here",
        "build-context:https://example.org/*",
    ),
    in_build("build-privilege", "privileged: true  # here", "build-privilege:privileged"),
    in_build("build-privilege", "entitlements:\n- network.host  # here", "build-privilege:network.host"),
    in_build("build-network", "network: host  # here", "build-network:host"),
    in_build("build-ssh", "ssh:\n- default  # here", "build-ssh:default"),
    in_build("build-ssh", "ssh:\n- default=/home/ada/.ssh/id  # here", "build-ssh:default=/home/ada/.ssh/id"),
    in_build(
        "build-secret",
        "secrets:\n- token  # here",
        "build-secret:token",
        top="secrets:\n  token:\n    file: ./token",
    ),
    in_build("build-cache", "cache_to:\n- type=local,dest=/tmp/x  # here", "build-cache"),
    in_build("build-cache", "cache_from:\n- type=local,src=/tmp/x  # here", "build-cache:type=local,**"),
    in_build("build-proxy", "args:\n  HTTP_PROXY: http://10.0.0.1  # here", "build-proxy:HTTP_PROXY"),
    Case("role", "x-previewer:\n  role: production  # here\nservices:\n  web:\n    image: i\n", "role:production"),
    in_service("reserved-label", "labels:\n  dev.previewer.environment: other  # here", None),
    in_service("reserved-label", "labels:\n  com.docker.swarm.service.name: other  # here", None),
    in_volume("reserved-label", "labels:\n  dev.previewer.managed-by: x  # here", None),
    in_service(
        "reserved-label",
        "volumes:\n- type: volume  # here\n  target: /d\n  volume:\n    labels: {dev.previewer.environment: x}",
        None,
    ),
    Case("reserved-name", "services:\n  previewer-x:  # here\n    image: i\n", None),
    Case(
        "container-limit",
        "services:  # here\n" + "".join(f"  s{n}: {{image: i, scale: 9}}\n" for n in range(23)),
        None,
    ),
    in_service("port-limit", "ports:  # here\n- 1-101", None),
    in_service("volume-limit", "volumes:  # here\n" + "".join(f"- /v{n}\n" for n in range(101)), None),
    Case(
        "network-limit",
        "services:\n  web:\n    image: i\n    networks: ["
        + ", ".join(f"n{n}" for n in range(21))
        + "]\nnetworks:  # here\n"
        + "".join(f"  n{n}: {{}}\n" for n in range(21)),
        None,
    ),
    in_service("health-interval", "healthcheck:\n  test: x\n  interval: 500ms  # here", None),
    in_service("shm-limit", "shm_size: 2g  # here", None),
    in_service("tmpfs-limit", "tmpfs:\n- /t:size=2g  # here", None),
    in_service("cpu-share-limit", "cpu_shares: 4096  # here", None),
    in_service("stop-grace-limit", "stop_grace_period: 1h  # here", None),
    in_service("ulimit", "ulimits:\n  rtprio: 99  # here", "ulimit:rtprio"),
    in_service("log-size", "logging:\n  options:  # here\n    max-size: 1g", "log-size:web"),
    Case(
        "service-limit",
        "services:  # here\n" + "".join(f"  s{number}:\n    image: i\n" for number in range(101)),
        None,
    ),
    in_service("replica-limit", "scale: 11  # here", None),
    in_service("replica-limit", "scale: 1.1e1  # here", None),
    in_service("replica-limit", "deploy:  # here\n  replicas: 11", None),
    in_service("memory-limit", "mem_limit: 2g  # here", None),
    in_service("memory-limit", "deploy:\n  resources:\n    limits:  # here\n      memory: 2g", None),
    Case(
        "memory-limit", "x-previewer:\n  limits:\n    memory: 2g  # here\nservices:\n  web:\n    image: i\n", None
    ),
    in_service("cpus-limit", "cpus: 2.5  # here", None),
    in_service("cpus-limit", "cpu_quota: 500000  # here", None),
    in_service("cpus-limit", "cpu_quota: 5e5  # here", None),
    in_service("cpus-limit", "cpu_quota: -1  # here", None),
    in_service("cpus-limit", "cpu_period: 1000\ncpu_quota: 30000  # here", None),
    in_service("cpus-limit", "deploy:\n  resources:\n    limits:  # here\n      cpus: '3'", None),
    in_service("pids-limit", "pids_limit: 5000  # here", None),
    in_service("pids-limit", "pids_limit: 5e3  # here", None),
    in_service("pids-limit", "pids_limit: '5000'  # here", None),
    in_service("pids-limit", "pids_limit: -1  # here", None),
    Case("ttl-limit", "x-previewer:\n  ttl: 31d  # here\nservices:\n  web:\n    image: i\n", None),
    Case("ttl-limit", "x-previewer:\n  ttl: never  # here\nservices:\n  web:\n    image: i\n", None),
    in_service("host-port", "ports:\n- 8080:80  # here", "host-port:0.0.0.0:8080"),
    in_service("host-port", "ports:\n- 127.0.0.1:8080:80  # here", "host-port:8080"),
    in_service("restart", "restart: unless-stopped  # here", "restart:unless-stopped"),
    in_service(
        "restart", "deploy:\n  restart_policy:\n    condition: any  # here\n    max_attempts: 3", "restart:any"
    ),
)

HARMLESS = (
    "cap_add: [NET_BIND_SERVICE, CAP_CHOWN]",
    "cap_drop: [ALL]",
    "security_opt: ['no-new-privileges:true']",
    "sysctls: {net.core.somaxconn: 1024}",
    "network_mode: none",
    "network_mode: service:db",
    "ipc: shareable",
    "pid: service:db",
    "cgroup: private",
    "runtime: runc",
    "volumes_from: [db]",
    "logging: {driver: local}",
    "logging: {options: {max-size: 1m}}",
    "volumes: ['./data:/data', '/anonymous', 'named:/x']",
    "volumes: [{type: tmpfs, target: /t}]",
    "build: {context: ., dockerfile: docker/Dockerfile, network: none, cache_from: [i]}",
    "build: {context: ., additional_contexts: {assets: ./assets, base: 'service:db'}}",
    "build: {context: sub, dockerfile: ../Dockerfile}",
    "ports: ['80', '9000/udp']",
    "restart: on-failure",
    "restart: 'no'",
    "deploy: {replicas: 10, resources: {limits: {memory: 1g, pids: 4096}}}",
    "oom_score_adj: 100",
    "use_api_socket: false",
    "privileged: false",
    "labels: {traefik.enable: 'true'}",
    "tmpfs: [/run]",
    "extra_hosts: ['host.docker.internal:host-gateway']",
    "ulimits: {nofile: 1024}",
    "post_start: [{command: x}]",
)
"""What a service may have without any trust."""
