"""Real database servers out of Debian's packages on this machine, in one image that is made without a registry.

Their programs, and what these load, are the image's files; how each is run, filled, written to, read and checked
is said here as shell commands in its container.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.base_image import ARCHITECTURES
from demo.host_python import add_busybox, shared_libraries
from demo.image_archive import Layer, write_image
from previewer.docker_api.connection import DockerConnection

REFERENCE = f"previewer-test/databases:{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
"""Each worker of the tests has a name of its own to remove."""
LABEL = "dev.previewer.test-databases"
SEEDED = 5000
"""Rows that a seed leaves."""
POSTGRES = Path("/usr/lib/postgresql")
"""Where Debian keeps each version's programs; the newest is taken."""


@dataclass(frozen=True)
class DatabaseServer:
    """One server with its data in ``/data``. Commands run in its container, with ``$1`` as the row."""

    name: str
    programs: tuple[str, ...]
    serve: str
    ready: str
    seed: str
    """Fills an empty database while it is served."""
    write: str
    """Ends with 0 once the server has acknowledged the row."""
    read: str
    """Prints the rows that were written since the seed, one a line."""
    count: str
    """Prints how many rows the seed left."""
    check: str
    """The server's own tool; what is wrong makes it fail."""
    stop_signal: str = "SIGTERM"
    folders: tuple[str, ...] = ()
    """Further folders of the machine that are the image's too."""

    def compose(self) -> str:
        """The service as the middle of a Compose file; dollars are doubled against interpolation."""
        command = _quoted(f"httpd -p 8080 -h /site; {self.serve}")
        return (
            f"  db:\n    image: {REFERENCE}\n    command: [sh, -c, {command}]\n"
            "    ports: ['8080']\n"
            f"    stop_signal: {self.stop_signal}\n    stop_grace_period: 60s\n    volumes: ['db-data:/data']\n"
            f"    healthcheck: {{test: [CMD, sh, -c, {_quoted(self.ready)}], interval: 100ms, timeout: 20s, "
            "retries: 600}\n"
        )

    def seed_command(self) -> str:
        """A job that serves, fills, and stops cleanly, as a Compose command."""
        signal = self.stop_signal.removeprefix("SIG")
        script = (
            f"httpd -p 8080 -h /site; ({self.serve}) & server=$!; until {self.ready}; do sleep 0.1; done; set -e\n"
            f"{self.seed}\nkill -{signal} $server; wait $server || true"
        )
        return f"[sh, -c, {_quoted(script)}]"


def _quoted(script: str) -> str:
    """A single-quoted scalar of YAML, on one line."""
    return "'" + script.replace("\n", "; ").replace("'", "''").replace("$", "$$") + "'"


_PSQL = "psql -X -q -A -t -v ON_ERROR_STOP=1 -h /tmp -U postgres"
_MARIADB = "mariadb -N -B -S /tmp/db.sock -u root"
_AOF = "f=/data/appendonlydir/appendonly.aof.manifest; [ -e $f ] || f=/data/appendonly.aof; "
_PAGES = {
    "query": """exec sqlite3 -bail -cmd '.timeout 20000' /data/app.db "$(cat)" 2>&1""",
    "run": 'sh -c "$(cat)" sh "$QUERY_STRING" 2>&1 && echo done || echo failed',
}
"""CGI programs: the web application, which answers a statement with rows, and what runs a test's commands. That is
no `exec` of the engine's: those are touches from outside, after which a release is not known to be good."""
_ASK = 'ask() { wget -q -O - --post-data "$1" http://127.0.0.1:8080/cgi-bin/query; }; '

SERVERS = (
    DatabaseServer(
        "postgresql",
        ("postgres", "initdb", "psql", "pg_isready", "pg_amcheck"),
        serve=(
            "chown postgres /data && chmod 700 /data && exec su -s /bin/sh postgres -c '"
            "[ -s /data/PG_VERSION ] || "
            "initdb --no-sync --auth=trust --locale=C --encoding=UTF8 --wal-segsize=1 -D /data; "
            "exec postgres -D /data -c listen_addresses= -k /tmp'"
        ),
        ready="pg_isready -q -h /tmp -U postgres",
        seed=(
            f"{_PSQL} -c 'create extension amcheck' -c 'create table rows (name text primary key)' "
            f"""-c "insert into rows select 'seed-' || n from generate_series(1, {SEEDED}) n" """
            "-c 'vacuum (freeze, analyze)'"
        ),
        write=f"""{_PSQL} -c "insert into rows values ('$1')" """,
        read=f"""{_PSQL} -c "select name from rows where name not like 'seed-%'" """,
        count=f"""{_PSQL} -c "select count(*) from rows where name like 'seed-%'" """,
        check="pg_amcheck -h /tmp -U postgres --heapallindexed postgres",
        stop_signal="SIGINT",  # as the public image has it: a client that stays does not hold it up
        folders=("share/postgresql",),
    ),
    DatabaseServer(
        "mariadb",
        ("mariadbd", "mariadb", "mariadb-install-db", "mariadb-check", "my_print_defaults", "resolveip"),
        serve=(
            "chown postgres /data && exec su -s /bin/sh postgres -c '[ -d /data/mysql ] || mariadb-install-db "
            "--no-defaults --datadir=/data --auth-root-authentication-method=normal --skip-test-db >/dev/null; "
            "exec mariadbd --no-defaults --datadir=/data --socket=/tmp/db.sock --skip-networking "
            "--innodb-log-file-size=8M --innodb-buffer-pool-size=32M'"
        ),
        ready=f"{_MARIADB} -e 'select 1' >/dev/null 2>&1",
        seed=(
            f'{_MARIADB} -e "create database app; use app; create table rows_ (name varchar(40) primary key); '
            f"insert into rows_ select concat('seed-', seq) from seq_1_to_{SEEDED}\""
        ),
        write=f"""{_MARIADB} app -e "insert into rows_ values ('$1')" """,
        read=f"""{_MARIADB} app -e "select name from rows_ where name not like 'seed-%'" """,
        count=f"""{_MARIADB} app -e "select count(*) from rows_ where name like 'seed-%'" """,
        check=(
            "mariadb-check --no-defaults -S /tmp/db.sock -u root --all-databases --check --extended "
            ">/tmp/said 2>&1 && ! grep -iE 'error|warning|corrupt' /tmp/said || { cat /tmp/said; false; }"
        ),
        folders=("share/mysql",),
    ),
    DatabaseServer(
        "redis",
        ("redis-check-rdb", "redis-check-aof", "redis-cli"),
        serve="cd /data && exec redis-server --appendonly yes --appendfsync always --save '' --dir /data",
        ready='[ "$(redis-cli ping 2>/dev/null)" = PONG ]',
        seed=f"seq {SEEDED} | sed s,^,seed-, | xargs redis-cli sadd seed >/dev/null",
        write='[ "$(redis-cli sadd rows "$1")" = 1 ]',
        read="redis-cli smembers rows",
        count="redis-cli scard seed",
        check=_AOF + "redis-check-aof $f",
    ),
    DatabaseServer(
        "sqlite",
        ("sqlite3",),
        serve="trap 'exit 0' TERM; while true; do sleep 0.1; done",
        ready=_ASK + "ask 'select 1' >/dev/null 2>&1",
        seed=(
            _ASK + 'ask "pragma journal_mode = wal; create table rows (name text primary key); '
            f"with recursive n(v) as (select 1 union all select v + 1 from n where v < {SEEDED}) "
            "insert into rows select 'seed-' || v from n\""
        ),
        write=_ASK + """said=$(ask "insert into rows values ('$1'); select 'kept'"); [ "$said" = kept ]""",
        read=_ASK + """ask "select name from rows where name not like 'seed-%'" """,
        count=_ASK + """ask "select count(*) from rows where name like 'seed-%'" """,
        check="[ \"$(sqlite3 /data/app.db 'pragma integrity_check')\" = ok ]",
    ),
)


def missing_programs() -> list[str]:
    """Programs of the servers that this machine has not."""
    return [name for server in SERVERS for name in server.programs if _find(name) is None]


def _find(program: str) -> Path | None:
    places = [str(found) for found in sorted(POSTGRES.glob("*/bin"), key=_version)[-1:]]
    path = ":".join((*places, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"))
    found = shutil.which(program, path=path)
    return Path(found) if found else None


def _version(folder: Path) -> int:
    return int(folder.parent.name)


def load_databases(connection: DockerConnection, folder: Path) -> None:
    """Load the image :data:`REFERENCE`, made in ``folder``. Every program of :func:`missing_programs` is there."""
    layer = Layer(open_folders=("/tmp", "/data"))
    for server in SERVERS:
        for name in server.programs:
            program = _find(name)
            assert program is not None, name
            layer.files[str(program.resolve())] = program.resolve()
            if program.resolve() != Path("/usr/bin") / name:
                layer.links[f"/usr/bin/{name}"] = str(program.resolve())
        for place in server.folders:
            layer.files |= {str(path): path.resolve() for path in _files_below(Path("/usr", place))}
    layer.links["/usr/bin/redis-server"] = "redis-check-rdb"  # one program, which does as it is called
    libraries = {
        *_postgres_modules(),
        *(path for path in layer.files.values() if path.read_bytes()[:4] == b"\x7fELF"),
    }
    layer.files |= {str(path): path for path in _postgres_modules()}
    layer.files |= {str(library): library.resolve() for library in shared_libraries(sorted(libraries))}
    add_busybox(layer)
    for zone in ("UTC", "GMT", "Etc/UTC"):
        layer.files[f"/usr/share/zoneinfo/{zone}"] = Path("/usr/share/zoneinfo", zone).resolve()
    layer.texts["/etc/passwd"] = "root:x:0:0:root:/root:/bin/sh\npostgres:x:70:70:postgres:/tmp:/bin/sh\n"
    layer.texts["/etc/group"] = "root:x:0:\npostgres:x:70:\n"
    for name, page in _PAGES.items():
        script = folder / name
        script.write_text(f"#!/bin/sh\nprintf 'Content-type: text/plain\\r\\n\\r\\n'\n{page}\n", encoding="utf-8")
        script.chmod(0o755)
        layer.files[f"/site/cgi-bin/{name}"] = script
    config = {"Env": ["PATH=/bin:/usr/bin", "TZ=UTC"], "Cmd": ["sh"], "Labels": {LABEL: "1"}}
    archive = folder / "databases.tar"
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    write_image(archive, layer, reference=REFERENCE, architecture=architecture, config=config)
    with archive.open("rb") as file:
        list(connection.api.load_image(file))  # type: ignore[no-untyped-call]


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not {"man", "locale"} & {*path.parts})


def _postgres_modules() -> list[Path]:
    """What a plain database and its checks load, without the compiler that other builds bring."""
    folder = max(POSTGRES.glob("*/lib"), key=_version)
    return [folder / f"{name}.so" for name in ("plpgsql", "dict_snowball", "amcheck")]
