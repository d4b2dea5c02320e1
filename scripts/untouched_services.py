"""Run servers of Debian's packages untouched: `previewer drift` must accuse none of them.

``python -m scripts.untouched_services`` makes one image of all packages where the engine has none yet (root on
Debian, mmdebstrap), runs all servers in one environment, waits, and prints a line for each: what was found, and
how much `drift` explains. It ends with 1 where one is accused or has ended. ``--image`` names an image,
``--only`` some servers, ``--seconds`` how long they run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IMAGE = "previewer-test/untouched:1"
SUITE = "bookworm"
SECONDS = 60.0
ENDED = "it ended"


@dataclass(frozen=True, slots=True)
class Server:
    """One server as its package leaves it."""

    packages: str
    """Debian's, with blanks between them."""
    command: str
    """For a shell; what is not in the package's own configuration stands here."""


APPS = {
    "/srv/app/wsgi.py": "def app(environ, start):\n    start('200 OK', [])\n    return [b'here']\n",
    "/srv/app/config.ru": "run ->(env) { [200, {}, ['here']] }\n",
    "/srv/app/index.php": "<?php session_start(); echo 'here';\n",
    "/srv/app/haproxy.cfg": "defaults\n  mode http\n  timeout client 9s\n  timeout connect 9s\n"
    "  timeout server 9s\n"
    "frontend web\n  bind :8080\n  http-request return status 200\n",
    "/srv/app/pages.py": "from flask import Flask\napp = Flask(__name__)\n",
    "/srv/app/stunnel.conf": "foreground = yes\npid =\n"
    "[web]\nclient = yes\naccept = 8443\nconnect = 127.0.0.1:80\n",
    "/srv/app/rsyncd.conf": "[data]\npath = /srv\n",
}
"""Files of the commit that servers are given."""
SERVERS = {
    "apache": Server("apache2", ". /etc/apache2/envvars; mkdir -p $APACHE_RUN_DIR; exec apache2 -DFOREGROUND"),
    "beanstalkd": Server("beanstalkd", "exec beanstalkd -b /var/lib/beanstalkd"),
    "bind": Server("bind9", "mkdir -p /run/named; chown bind /run/named; exec named -f -u bind"),
    "dnsmasq": Server("dnsmasq", "exec dnsmasq -k --user=root"),
    "dovecot": Server("dovecot-imapd", "exec dovecot -F"),
    "etcd": Server("etcd-server", "exec etcd --data-dir /var/lib/etcd/default"),
    "exim": Server("exim4-daemon-light", "exec exim4 -bdf -q30m"),
    "flask": Server("python3-flask", "cd /srv/app; exec flask --app pages run"),
    "gunicorn": Server("gunicorn", "cd /srv/app; exec gunicorn -b 0.0.0.0:8000 wsgi:app"),
    "haproxy": Server("haproxy", "exec haproxy -W -db -f /srv/app/haproxy.cfg"),
    "influxdb": Server("influxdb", "exec influxd"),
    "lighttpd": Server(
        "lighttpd",
        "mkdir -p /run/lighttpd; chown www-data /run/lighttpd; exec lighttpd -D -f /etc/lighttpd/lighttpd.conf",
    ),
    "mariadb": Server(
        "mariadb-server", "mkdir -p /run/mysqld; chown mysql /run/mysqld; exec mariadbd --user=mysql"
    ),
    "memcached": Server("memcached", "exec memcached -u memcache"),
    "mosquitto": Server(
        "mosquitto",
        "mkdir -p /run/mosquitto; chown mosquitto /run/mosquitto; exec mosquitto -c /etc/mosquitto/mosquitto.conf",
    ),
    "nats": Server("nats-server", "exec nats-server -js -sd /var/lib/nats"),
    "nginx": Server("nginx-light", "exec nginx -g 'daemon off;'"),
    "ngircd": Server("ngircd", "mkdir -p /run/ngircd; chown irc /run/ngircd; exec ngircd -n"),
    "node": Server(
        "nodejs", "exec node -e \"require('http').createServer((q, s) => s.end('here')).listen(3000)\""
    ),
    "openldap": Server(
        "slapd", "mkdir -p /run/slapd; chown openldap /run/slapd; exec slapd -d 0 -u openldap -F /etc/ldap/slapd.d"
    ),
    "openssh": Server("openssh-server", "mkdir -p /run/sshd; exec /usr/sbin/sshd -D"),
    "php": Server("php-cli", "exec php -S 0.0.0.0:8000 -t /srv/app"),
    "php-fpm": Server("php-fpm", "mkdir -p /run/php; exec php-fpm8.2 -F"),
    "postgresql": Server(
        "postgresql",
        "mkdir -p /run/postgresql; chown postgres /run/postgresql; exec su postgres -s /bin/sh -c "
        "'exec /usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main "
        "-c config_file=/etc/postgresql/15/main/postgresql.conf'",
    ),
    "proftpd": Server("proftpd-core", "exec proftpd -n"),
    "puma": Server("puma", "cd /srv/app; exec puma -b tcp://0.0.0.0:9292 config.ru"),
    "python": Server("python3", "exec python3 -m http.server 8000"),
    "rabbitmq": Server("rabbitmq-server", "exec rabbitmq-server"),
    "redis": Server("redis-server", "exec redis-server --dir /var/lib/redis --appendonly yes"),
    "rsync": Server("rsync", "exec rsync --daemon --no-detach --config /srv/app/rsyncd.conf"),
    "squid": Server("squid", "exec squid -N"),
    "stunnel": Server("stunnel4", "exec stunnel4 /srv/app/stunnel.conf"),
    "tinyproxy": Server("tinyproxy", "mkdir -p /run/tinyproxy; chown tinyproxy /run/tinyproxy; exec tinyproxy -d"),
    "tor": Server("tor", "exec tor"),
    "uwsgi": Server(
        "uwsgi uwsgi-plugin-python3",
        "exec uwsgi --plugin python3 --http-socket :8000 --wsgi-file /srv/app/wsgi.py",
    ),
    "varnish": Server("varnish", "exec varnishd -F -a :6081 -b 127.0.0.1:80 -s malloc,16m"),
    "webrick": Server("ruby-webrick", "exec ruby -run -e httpd /srv/app -p 8080"),
}


def definition(names: Sequence[str], image: str) -> dict[str, Any]:
    """A Compose model of the servers. What ends would end `up`: it sleeps then, and says so."""
    configs = {Path(path).name: {"content": text.replace("$", "$$")} for path, text in APPS.items()}
    mounted = [{"source": Path(path).name, "target": path} for path in APPS]
    return {
        "x-previewer": {"settle": "1s"},
        "services": {
            name: {
                "image": image,
                "command": [
                    "sh",
                    "-c",
                    f"({SERVERS[name].command}); echo {ENDED}; exec sleep 9999".replace("$", "$$"),
                ],
                "configs": mounted,
            }
            for name in names
        },
        "configs": configs,
    }


def has_image(image: str) -> bool:
    """Whether the engine has it already."""
    found = subprocess.run(("docker", "image", "inspect", image), check=False, capture_output=True)
    return found.returncode == 0


def make_image(folder: Path, image: str) -> None:
    """One image with the packages of all servers, made without a registry."""
    archive = folder / "packages.tar"
    packages = " ".join(server.packages for server in SERVERS.values()).split()
    included = ",".join(dict.fromkeys(("ca-certificates", "adduser", *packages)))
    kept_small = (f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "doc", "locale"))
    small = ("--variant=minbase", '--aptopt=APT::Install-Recommends "false"', *kept_small)
    subprocess.run(("mmdebstrap", "--mode=root", *small, f"--include={included}", SUITE, archive), check=True)
    subprocess.run(("docker", "import", archive, image), check=True)


def main() -> int:
    """Make, run, look; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.untouched_services", description=__doc__)
    parser.add_argument("--image", default=IMAGE, help="made where the engine has none of this name")
    parser.add_argument("--only", nargs="*", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="untouched-") as folder:
        if not has_image(options.image):
            make_image(Path(folder), options.image)
        return look(Path(folder, "untouched"), options.only, options.image, options.seconds)


def look(folder: Path, names: Sequence[str], image: str, seconds: float) -> int:
    """Run them, and print what is found; 1 where anything is."""
    folder.mkdir()
    (folder / "compose.yaml").write_text(json.dumps(definition(names, image)), encoding="utf-8")
    for command in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "servers")):
        subprocess.run(("git", "-C", folder, *command), check=True)
    environment = {**os.environ, "PREVIEWER_ROUTER": "off", "PREVIEWER_LIST_PACKAGES": "false"}

    def previewer(*arguments: str) -> str:
        command = [sys.executable, "-m", "previewer", "--repo", str(folder), *arguments]
        ended = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE)
        return ended.stdout.decode(errors="replace")

    try:
        previewer("up", "main", "--timeout", "600")
        time.sleep(seconds)
        (drift,) = json.loads(previewer("drift", "main", "-o", "json"))
        ended = [name for name in names if ENDED in previewer("logs", "main", name, "--tail", "50")]
    finally:
        previewer("down", "main")
    return 1 if print_lines(names, drift, ended) or ended else 0


def print_lines(names: Sequence[str], drift: dict[str, Any], ended: Sequence[str]) -> int:
    """A line for each server; how many are accused."""
    found = {name: [f for f in drift["findings"] if f.get("service") == name] for name in names}
    explained = Counter(finding.get("service") for finding in drift["expected"])
    for name in names:
        what = (
            ENDED if name in ended else "; ".join(f"{f['severity']} {f['what']} {f['where']}" for f in found[name])
        )
        print(f"{name:12} {what or 'nothing'} ({explained[name]} explained)")
    return sum(map(bool, found.values()))


if __name__ == "__main__":
    sys.exit(main())
