"""Programs that write files of their own, each an environment: nothing is found once that is declared."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from previewer.deployment.drift import check_drift
from previewer.docker_api.connection import DockerConnection
from previewer.domain.cancellation import Cancellation
from previewer.domain.deploy.request import DeployRequest
from previewer.operations.up import up
from previewer.session.open_session import open_session
from previewer.session.run import Run
from tests.docker.base_image import BASE_REFERENCE, BaseImage
from tests.worlds.docker import EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.slow]
LOCAL = ("sqlite3", "perl")
"""Programs of this machine, put into an image with their libraries where they are there."""
LOCAL_IMAGE = "previewer-test/programs"
PARALLEL = 8


@dataclass(frozen=True, slots=True)
class Program:
    """What runs, what it may write to, and a file that it is known by to have written."""

    script: str
    wrote: str
    writable: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    image: str = BASE_REFERENCE


def loop(writing: str) -> str:
    """A server that goes on writing."""
    return f"while :; do {writing}; sleep 1; done"


PROGRAMS = {
    "web-server": Program(
        "mkdir -p /srv/www /var/log; echo $$ > /srv/pid; echo hi > /srv/www/index.html;"
        " exec httpd -f -vv -p 8080 -h /srv/www 2>/var/log/access",
        "/var/log/access",
        ("/srv", "/var"),
    ),
    "syslog": Program("mkdir -p /var/log; exec syslogd -n -O /var/log/messages", "/var/log/messages", ("/var",)),
    "cron": Program(
        "mkdir -p /var/spool/cron; echo '* * * * * true' > /var/spool/cron/root;"
        " exec crond -f -c /var/spool/cron -L /var/spool/crond",
        "/var/spool/crond",
        ("/var",),
    ),
    "daemon": Program(
        "start-stop-daemon -S -b -m -p /daemon.pid -x /bin/busybox -- sleep 999; exec sleep 999",
        "/daemon.pid",
        ("/daemon.pid",),
    ),
    "telnet": Program(
        "mkdir -p /var/run; echo $$ > /var/run/telnetd.pid; exec telnetd -F -l sh",
        "/var/run/telnetd.pid",
        ("/var",),
    ),
    "database-files": Program(
        "mkdir -p /data/base; " + loop("date > /data/base/1; date >> /data/wal; mv /data/wal /data/wal.old"),
        "/data/base/1",
        volumes=("/data",),
    ),
    "database-in-the-layer": Program(
        "mkdir -p /var/lib/db; dd if=/dev/zero of=/var/lib/db/pages bs=64k count=4 2>/dev/null; "
        + loop("date > /var/lib/db/wal; sync"),
        "/var/lib/db/wal",
        ("/var/lib/db",),
    ),
    "queue": Program(
        "mkdir -p /var/spool/q; " + loop("date > /var/spool/q/$$; rm -f /var/spool/q/*; date > /var/spool/q/job"),
        "/var/spool/q/job",
        ("/var/spool",),
    ),
    "cache": Program(
        "mkdir -p /cache; " + loop("mkdir -p /cache/a/b; date > /cache/a/b/c"), "/cache/a/b/c", tmpfs=("/cache",)
    ),
    "sessions": Program(
        "mkdir -p /tmp/s; " + loop("mktemp /tmp/s/XXXXXX; date > /tmp/s/last"), "/tmp/s/last", ("/tmp",)
    ),
    "pid-and-lock": Program(
        "mkdir -p /run/app; touch /run/app/lock; echo $$ > /run/app/pid; exec sleep 999", "/run/app/pid", ("/run",)
    ),
    "socket": Program("mkfifo /app.sock; exec sleep 999", "/app.sock", ("/app.sock",)),
    "rotated-logs": Program(
        "mkdir -p /logs; "
        + loop("mv /logs/now /logs/old 2>/dev/null; gzip -f /logs/old 2>/dev/null; date > /logs/now"),
        "/logs/now",
        ("/logs",),
    ),
    "uploads": Program(
        "mkdir -p /uploads/a; head -c 9999 /dev/urandom > /uploads/a/x; exec sleep 999",
        "/uploads/a/x",
        volumes=("/uploads",),
    ),
    "own-settings": Program(
        "sed 's/root/admin/' /etc/passwd > /etc/made; exec sleep 999", "/etc/made", ("/etc/made",)
    ),
    "changed-settings": Program(
        "echo extra:x:9: >> /etc/group; touch /etc/touched; exec sleep 999", "/etc/touched", ("/etc",)
    ),
    "unpacking": Program(
        "mkdir -p /opt/app; tar -c /etc | tar -x -C /opt/app; exec sleep 999", "/opt/app/etc/passwd", ("/opt/app",)
    ),
    "removing": Program("rm -f /etc/passwd; mkdir /done; exec sleep 999", "/done", ("/etc/passwd", "/done")),
    "home": Program(
        "mkdir -p /root/.cache/tool; date > /root/.cache/tool/x; exec sleep 999", "/root/.cache/tool/x", ("/root",)
    ),
    "scheduler-state": Program(
        loop("date > /state.new; mv /state.new /state"), "/state", ("/state", "/state.new")
    ),
    "sqlite3": Program(
        "mkdir -p /db; "
        + loop("sqlite3 /db/shop 'pragma journal_mode=wal; create table if not exists t(a)' >/db/out"),
        "/db/out",
        ("/db",),
        image=LOCAL_IMAGE,
    ),
    "perl": Program(
        """exec perl -e 'mkdir "/p"; while (1) { open(F, ">>", "/p/log"); print F "x"; close F; sleep 1 }'""",
        "/p/log",
        ("/p",),
        image=LOCAL_IMAGE,
    ),
}


def definition(program: Program) -> str:
    """The Compose file of one program."""
    service = {
        "image": program.image,
        "command": ["busybox", "sh", "-c", program.script.replace("$", "$$")],
        "init": True,
        "stop_grace_period": "0s",
        "volumes": [f"v{number}:{path}" for number, path in enumerate(program.volumes)],
        "tmpfs": list(program.tmpfs),
        "healthcheck": {
            "test": ["CMD", "busybox", "test", "-e", program.wrote],
            "interval": "1s",
            "retries": 99,
        },
    }
    return json.dumps(
        {
            "x-previewer": {"role": "preview", "writable": {"app": list(program.writable)}},
            "services": {"app": service},
            "volumes": {f"v{number}": {} for number in range(len(program.volumes))},
        }
    )


@pytest.fixture
def programs(docker_connection: DockerConnection, base_image: BaseImage) -> Iterator[dict[str, Program]]:
    """Those that can run here."""
    del base_image
    present = [name for name in LOCAL if shutil.which(name)]
    if present:
        docker_connection.api.import_image_from_data(archive(present), repository=LOCAL_IMAGE)
    yield {name: one for name, one in PROGRAMS.items() if name not in LOCAL or name in present}
    if present:
        docker_connection.api.remove_image(LOCAL_IMAGE, force=True)


def archive(names: list[str]) -> bytes:
    """A file system of the programs, busybox and the libraries that they need."""
    paths = {f"/bin/{name}": Path(shutil.which(name) or "") for name in names} | {
        "/bin/busybox": Path("/bin/busybox")
    }
    for program in list(paths.values()):
        listed = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False).stdout
        paths |= {word: Path(word) for word in listed.split() if word.startswith("/")}
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for place, path in paths.items():
            tar.add(path.resolve(), place.lstrip("/"))
        link = tarfile.TarInfo("bin/sh")
        link.type, link.linkname = tarfile.SYMTYPE, "busybox"
        tar.addfile(link)
    return buffer.getvalue()


@pytest.mark.timeout(300)
def test_nothing_is_found_where_programs_write_what_is_declared(
    tmp_path: Path, docker_connection: DockerConnection, programs: dict[str, Program]
) -> None:
    engine_fixture, cancellation = EngineFixture(tmp_path / "repository", docker_connection), Cancellation()
    try:
        files = {f"envs/{name}.yaml": definition(program) for name, program in programs.items()}
        engine_fixture.repository.commit(files, subject="programs")
        with open_session(
            str(engine_fixture.repository.path),
            docker_host=docker_connection.host,
            environment={"PREVIEWER_ROUTER": "off"},
        ) as session:

            def bring_up(name: str) -> None:
                wanted = DeployRequest(definition=name, name=name, ttl="1h")
                up(Run(session, cancellation=cancellation), "main", wanted)

            first, *others = programs
            bring_up(first)  # it freezes, for all
            with ThreadPoolExecutor(PARALLEL) as pool:
                list(pool.map(bring_up, others))
            drifts = check_drift(session)
            found = {d.environment.name: [(f.kind, f.where) for f in d.findings] for d in drifts}
        assert found == {name: [] for name in sorted(programs)}
        assert len(found) >= 20
    finally:
        cancellation.request()
        engine_fixture.clean_up()
