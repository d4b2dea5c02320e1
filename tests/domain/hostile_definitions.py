"""Definitions as a hostile branch would write them, by the rule that refuses (or rewrites) each.

Most rows are lines of one service; others are whole files. To add one, write it under the rule that it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from textwrap import indent

TOP = "volumes: {data: {}, other: {}}\nnetworks: {lan: {}}\nsecrets: {key: {file: ./key}}\n"
"""What the services of one line may name."""


def service(lines: str, *, top: str = TOP) -> str:
    """A definition of two services, of which ``web`` has these lines."""
    return f"services:\n  web:\n    image: i\n{indent(lines, '    ')}\n  db:\n    image: j\n{top}"


def _with_volume(lines: str) -> str:
    return service("volumes: ['vol:/d']", top=f"volumes:\n  vol: {lines}\n")


def _with_network(lines: str) -> str:
    return service("networks: [net]", top=f"networks:\n  net: {lines}\n")


def _with_file(section: str, lines: str) -> str:
    return service(f"{section}: [file]", top=f"{section}:\n  file: {lines}\n")


def _many(count: int, line: str) -> str:
    return "services:\n" + "".join(f"  s{number}: {{image: i, {line}}}\n" for number in range(count))


RESERVED = (
    "dev.previewer.debug-until",
    "dev.previewer.environment",
    "dev.previewer.managed-by",
    "com.docker.compose.project",
    "com.docker.swarm.service.name",
)
LABELLED: Mapping[str, str] = {
    "service": "labels: {{{0}: x}}",
    "service list": "labels: ['{0}=x']",
    "deploy": "deploy: {{labels: {{{0}: x}}}}",
    "build": "build: {{context: ., labels: {{{0}: x}}}}",
    "build list": "build: {{context: ., labels: ['{0}=x']}}",
    "anonymous volume": "volumes: [{{type: volume, target: /d, volume: {{labels: {{{0}: x}}}}}}]",
    "named volume's mount": "volumes: [{{type: volume, source: data, target: /d, volume: {{labels: ['{0}=x']}}}}]",
}
TOP_LABELLED = {
    "volumes": _with_volume,
    "networks": _with_network,
    "configs": lambda lines: _with_file("configs", lines),
    "secrets": lambda lines: _with_file("secrets", lines),
}


def _reserved_labels() -> Iterator[str]:
    for name, place in product(RESERVED, LABELLED.values()):
        yield service(place.format(name))
    for name, (section, make) in product(RESERVED, TOP_LABELLED.items()):
        file = "file: ./f, " if section in ("configs", "secrets") else ""
        yield make(f"{{{file}labels: {{{name}: x}}}}")


LINES: Mapping[str, tuple[str, ...]] = {
    "privileged": ("privileged: true", "privileged: 'true'"),
    "capability": tuple(
        f"cap_add: [{name}]"
        for name in (
            "ALL",
            "SYS_ADMIN",
            "cap_sys_admin",
            "NET_ADMIN",
            "SYS_PTRACE",
            "BPF",
            "Sys_Module",
            "DAC_READ_SEARCH",
        )
    ),
    "security-option": tuple(
        f"security_opt: ['{option}']"
        for option in (
            "seccomp:unconfined",
            "seccomp=unconfined",
            "apparmor:unconfined",
            "label:disable",
            "label=type:spc_t",
            "systempaths=unconfined",
            "no-new-privileges:false",
            "writable-cgroups=true",
        )
    ),
    "device": ("devices: [/dev/sda]", "devices: ['/dev/mem:/dev/null']", "devices: ['vendor.com/device=gpu']"),
    "gpu": ("gpus: all", "deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}"),
    "device-cgroup-rule": ("device_cgroup_rules: ['a *:* rwm']", "device_cgroup_rules: ['b 8:* rwm']"),
    "hook-privilege": (
        "post_start: [{command: x, privileged: true}]",
        "pre_stop: [{command: x, privileged: true}]",
    ),
    "sysctl": ("sysctls: {kernel.shmmax: 1}", "sysctls: ['kernel.msgmax=1']", "sysctls: {fs.mqueue.msg_max: 1}"),
    "cgroup-parent": ("cgroup_parent: /", "cgroup_parent: system.slice"),
    "runtime": ("runtime: nvidia", "runtime: sysbox-runc"),
    "annotation": (
        "annotations: {run.oci.handler: krun}",
        "annotations: ['io.kubernetes.cri-o.Devices=/dev/sda']",
    ),
    "oom-kill-disable": ("oom_kill_disable: true",),
    "oom-score": ("oom_score_adj: -1000", "oom_score_adj: -1"),
    "realtime-cpu": ("cpu_rt_runtime: 95000", "cpu_rt_period: 1000000"),
    "host-namespace": (
        "network_mode: host",
        "pid: host",
        "ipc: host",
        "uts: host",
        "userns_mode: host",
        "cgroup: host",
    ),
    "foreign-namespace": ("network_mode: container:vpn", "pid: container:abc", "ipc: container:abc"),
    "foreign-volumes": ("volumes_from: [container:store]", "volumes_from: ['container:store:ro']"),
    "external-link": ("external_links: [redis]", "external_links: ['redis:cache']"),
    "external-network": ("network_mode: bridge", "network_mode: other-project_default"),
    "network-option": (
        "networks: {lan: {driver_opts: {com.docker.network.endpoint.sysctls: net.ipv4.conf.IFNAME.forwarding=1}}}",
    ),
    "logging-driver": tuple(
        f"logging: {{driver: {driver}}}"
        for driver in ("syslog", "fluentd", "gelf", "journald", "awslogs", "splunk", "x/y")
    ),
    "log-size": (
        "logging: {options: {max-size: 100m}}",
        "logging: {options: {max-size: '-1'}}",
        "logging: {options: {max-size: 10m, max-file: '100'}}",
        "logging: {options: {max-size: 1g, tag: x}}",
        "logging: {driver: json-file, options: {max-size: 31m}}",
        "logging: {driver: json-file, options: {max-file: '1000'}}",
        "logging: {driver: local, options: {max-size: 20m}}",
        "logging: {driver: local, options: {max-file: '9'}}",
        "logging: {options: {max-size: unlimited}}",
        "logging: {options: {mode: non-blocking, max-buffer-size: 10g}}",
        "logging: {driver: none, options: {cache-max-size: 10g}}",
    ),
    "api-socket": ("use_api_socket: true",),
    "engine-socket": tuple(
        f"volumes: ['{source}:/t']"
        for source in (
            "/var/run/docker.sock",
            "/run/docker.sock",
            "//var/run/docker.sock",
            "/var/run/../run/docker.sock",
            "/VAR/RUN/DOCKER.SOCK",
            "/var/run",
            "/run",
            "/",
            "/proc/1/root",
            "/run/user/1000/podman/podman.sock",
            "/run/containerd/containerd.sock",
            "/var/lib/docker/volumes",
            "/var/lib/containers/storage",
            "~/.docker",
            "/root",
            "/home/ada",
        )
    ),
    "bind": (
        "volumes: ['/etc:/t:ro']",
        "volumes: ['/etc/shadow:/t']",
        "volumes: ['../../etc/shadow:/t']",
        "volumes: ['./../x:/t']",
        "volumes: [{type: bind, source: /srv, target: /t}]",
        "volumes: [{type: bind, source: /srv, target: /t, read_only: true, bind: {create_host_path: true}}]",
        "volumes: ['/dev/shm:/t']",
        "volumes: ['/sys/fs/cgroup:/t']",
    ),
    "mount-type": (
        "volumes: [{type: image, source: i, target: /t}]",
        "volumes: [{type: cluster, source: c, target: /t}]",
        "volumes: [{type: npipe, source: 'p', target: /t}]",
        "volumes: [{type: bind, source: ./x, target: /t, bind: {propagation: rshared}}]",
        "volumes: [{type: bind, source: ./x, target: /t, bind: {propagation: shared}}]",
    ),
    "build-context": tuple(
        f"build: {lines}"
        for lines in (
            "https://example.org/x.git",
            "git@example.org:x.git",
            "ssh://example.org/x",
            "github.com/example/x",
            "/srv/x",
            "../x",
            "~/x",
            "{context: ., dockerfile: ../Dockerfile}",
            "{context: ., dockerfile: /etc/Dockerfile}",
            "{context: ., additional_contexts: {x: /etc}}",
            "{context: ., additional_contexts: {x: ../..}}",
            "{context: ., additional_contexts: ['x=https://example.org/x.tar']}",
        )
    ),
    "build-privilege": (
        "build: {context: ., privileged: true}",
        "build: {context: ., entitlements: [security.insecure]}",
        "build: {context: ., entitlements: [network.host]}",
    ),
    "build-network": ("build: {context: ., network: host}", "build: {context: ., network: 'container:x'}"),
    "build-ssh": ("build: {context: ., ssh: [default]}", "build: {context: ., ssh: {k: /root/.ssh/id}}"),
    "build-secret": ("build: {context: ., secrets: [key]}",),
    "build-cache": (
        "build: {context: ., cache_to: ['type=local,dest=/tmp/x']}",
        "build: {context: ., cache_from: ['type=local,src=/tmp/x']}",
        "build: {context: ., cache_to: ['type=registry,ref=example.org/x']}",
    ),
    "build-proxy": tuple(
        f"build: {{context: ., args: {{{name}: 'http://10.0.0.1:3128'}}}}"
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "no_proxy")
    ),
    "port-limit": (
        "ports: ['1-2000']",
        "ports: ['1-60/udp', '1-60']",
        "ports: ['3000-3100:3000-3100']",
        "expose: ['1-65535']",
        "expose: ['1-50', '60-120/udp']",
        "ports: ['1-60']\nscale: 2",
        "ports: ['1-20']\ndeploy: {replicas: 6}",
    ),
    "volume-limit": (
        "volumes: [" + ", ".join(f"'/v{number}'" for number in range(101)) + "]",
        "volumes: [" + ", ".join(f"'/v{number}'" for number in range(30)) + "]\nscale: 4",
        "tmpfs: [" + ", ".join(f"/t{number}" for number in range(101)) + "]",
    ),
    "health-interval": tuple(
        f"healthcheck: {{test: [CMD, x], {key}: {interval}}}"
        for key, interval in product(("interval", "start_interval"), ("1ms", "500ms", "999ms", "0.5s", "1us"))
    ),
    "shm-limit": ("shm_size: 2g", "shm_size: 1025m", "shm_size: 5368709120", "build: {context: ., shm_size: 4g}"),
    "tmpfs-limit": (
        "tmpfs: ['/t:size=2g']",
        "tmpfs: ['/t:size=50%']",
        "tmpfs: ['/t:size=0']",
        "tmpfs: ['/t:mode=1777,size=1100m']",
        "tmpfs: ['/a:size=600m', '/b:size=600m']",
        "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 2g}}]",
        "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 600m}}]\ntmpfs: ['/u:size=600m']",
    ),
    "cpu-share-limit": ("cpu_shares: 262144", "cpu_shares: 1025"),
    "stop-grace-limit": ("stop_grace_period: 1h", "stop_grace_period: 301s", "stop_grace_period: 10000h"),
    "ulimit": (
        "ulimits: {rtprio: 99}",
        "ulimits: {rtprio: {soft: 0, hard: 1}}",
        "ulimits: {rtprio: -1}",
        "ulimits: {nice: 40}",
        "ulimits: {nofile: -1}",
        "ulimits: {nofile: {soft: 1024, hard: 10000000}}",
        "ulimits: {msgqueue: -1}",
        "ulimits: {sigpending: -1}",
        "build: {context: ., ulimits: {rtprio: 99}}",
    ),
    "replica-limit": ("scale: 11", "deploy: {replicas: 1000}"),
    "pids-limit": ("pids_limit: -1", "pids_limit: 100000", "deploy: {resources: {limits: {pids: 5000}}}"),
    "host-port": ("ports: ['80:80']", "ports: ['0.0.0.0:22:22']", "ports: [{target: 80, published: '443'}]"),
    "restart": ("restart: always", "restart: unless-stopped", "deploy: {restart_policy: {condition: any}}"),
}
"""Lines of a service."""

FILES: Mapping[str, tuple[str, ...]] = {
    "reserved-label": tuple(_reserved_labels()),
    "reserved-name": (
        "services:\n  web: {image: i, volumes: ['previewer-files:/d']}\nvolumes: {previewer-files: {}}\n",
        "services:\n  web: {image: i, volumes: ['previewer-data-x:/d']}\nvolumes: {previewer-data-x: {}}\n",
        "services:\n  web: {image: i, volumes: ['Previewer-Files:/d']}\nvolumes: {Previewer-Files: {}}\n",
        "services:\n  web: {image: i, networks: [previewer-edge]}\nnetworks: {previewer-edge: {}}\n",
        "services:\n  previewer-web: {image: i}\n",
        "services:\n  web: {image: i, configs: [previewer-c]}\nconfigs: {previewer-c: {content: x}}\n",
        "services:\n  web: {image: i, secrets: [previewer-s]}\nsecrets: {previewer-s: {file: ./s}}\n",
    ),
    "external-volume": (_with_volume("{external: true}"), _with_volume("{external: true, name: other_data}")),
    "external-network": (
        _with_network("{external: true}"),
        _with_network("{external: true, name: other_default}"),
    ),
    "host-namespace": (_with_network("{external: true, name: host}"),),
    "external-secret": (_with_file("secrets", "{external: true}"),),
    "external-config": (_with_file("configs", "{external: true, name: x}"),),
    "outside-file": (
        _with_file("secrets", "{file: /etc/shadow}"),
        _with_file("configs", "{file: ../../x}"),
        _with_file("configs", "{file: ~/.ssh/id_rsa}"),
    ),
    "secret-driver": (
        _with_file("secrets", "{file: ./f, driver: x}"),
        _with_file("configs", "{file: ./f, template_driver: golang}"),
    ),
    "volume-driver": (_with_volume("{driver: nfs}"), _with_volume("{driver: rexray/ebs}")),
    "volume-option": tuple(
        _with_volume(f"{{driver_opts: {options}}}")
        for options in (
            "{type: none, o: bind, device: /srv}",
            "{type: none, o: rbind, device: /etc}",
            "{type: tmpfs, o: bind, device: /srv}",
            "{type: tmpfs, device: tmpfs, o: 'size=1m,bind'}",
            "{type: tmpfs, device: tmpfs, O: bind, Device: /etc}",
            "{type: nfs, o: 'addr=10.0.0.1', device: ':/x'}",
            "{type: cifs, device: //10.0.0.1/x}",
            "{type: ext4, device: /dev/sda1}",
            "{type: overlay, device: overlay, o: 'lowerdir=/etc,upperdir=/a,workdir=/b'}",
            "{mountpoint: /etc}",
        )
    ),
    "tmpfs-limit": (
        _with_volume("{driver_opts: {type: tmpfs, device: tmpfs, o: size=10g}}"),
        _with_volume("{driver_opts: {type: tmpfs, device: tmpfs, o: 'mode=0777,size=80%'}}"),
    ),
    "network-driver": tuple(
        _with_network(f"{{{lines}}}")
        for lines in ("driver: macvlan", "driver: ipvlan", "driver: host", "driver: weave", "ipam: {driver: dhcp}")
    ),
    "network-option": (
        _with_network("{driver_opts: {com.docker.network.bridge.name: docker0}}"),
        _with_network("{driver_opts: {com.docker.network.bridge.host_binding_ipv4: 0.0.0.0}}"),
        _with_network("{driver_opts: {parent: eth0}}"),
        _with_network("{driver_opts: {com.docker.network.bridge.gateway_mode_ipv4: routed}}"),
        _with_network("{ipam: {options: {x: y}}}"),
    ),
    "service-limit": (_many(101, "command: x"),),
    "container-limit": (_many(21, "scale: 10"), _many(40, "deploy: {replicas: 6}")),
    "port-limit": (_many(60, "ports: ['80', '81']"), _many(11, "ports: ['1-10']")),
    "network-limit": (
        "services: {web: {image: i, networks: ["
        + ", ".join(f"n{number}" for number in range(21))
        + "]}}\nnetworks: {"
        + ", ".join(f"n{number}: {{}}" for number in range(21))
        + "}\n",
    ),
    "role": ("x-previewer: {role: production}\nservices: {web: {image: i}}\n",),
    "ttl-limit": (
        "x-previewer: {ttl: never}\nservices: {web: {image: i}}\n",
        "x-previewer: {ttl: 31d}\nservices: {web: {image: i}}\n",
    ),
    "pids-limit": ("x-previewer: {limits: {pids: 100000}}\nservices: {web: {image: i}}\n",),
    "model-runner": (service("models: [m]", top="models: {m: {model: ai/x}}\n"),),
    "provider": ("services: {web: {provider: {type: awesomecloud}}}\n",),
    "engine-socket": (
        _with_volume("{external: true, name: /var/run/docker.sock}"),
        _with_volume("{driver_opts: {type: none, o: bind, device: /var/run}}"),
    ),
}
"""Whole files."""

HOSTILE: tuple[tuple[str, str], ...] = (
    *((rule, service(line)) for rule, lines in LINES.items() for line in lines),
    *((rule, text) for rule, texts in FILES.items() for text in texts),
)
"""The rule that finds it, and the definition."""
