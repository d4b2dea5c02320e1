"""Folders and files that services bind: copies to write to, mount points, owners, what is not committed."""

from __future__ import annotations

import json

import pytest

from tests.docker.test_files import container, run
from tests.worlds.docker import EngineFixture, fetch

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

BASE = "image: previewer-test/base:1\n    command: [busybox, sleep, '1000']"
NODE = f"""
services:
  web:
    {BASE}
    volumes: [".:/app", "/app/node_modules"]
  reader:
    {BASE}
    tmpfs: ["/app/var/cache"]
    volumes: [".:/app:ro", "/app/node_modules", "modules:/app/deep/modules", "./src/run:/app/deep/run:ro"]
volumes: {{modules: }}
"""
PHP = f"""
services:
  php:
    build: php
    volumes: ["./public:/site/public", "./php.ini:/etc/php.ini", "./uploads:/site/uploads"]
  twin:
    {BASE}
    user: "1000"
    volumes: ["./public:/site/public", "./data:/data"]
  nginx:
    {BASE}
    volumes: ["./public:/site/public:ro"]
"""
PHP_IMAGE = """FROM previewer-test/base:1
COPY passwd group /etc/
USER www:media
CMD ["busybox", "sh", "-c", "echo new > /site/public/index.php; echo b >> /etc/php.ini; exec busybox sleep 1000"]
"""
DATABASE = f"""
services:
  db:
    {BASE}
    volumes:
      - ./schema.sql:/docker-entrypoint-initdb.d/schema.sql
      - ./missing.sql:/docker-entrypoint-initdb.d/missing.sql
      - ./data:/var/lib/data
"""


def test_mounts_below_mounts_have_their_mount_points(engine_fixture: EngineFixture) -> None:
    engine_fixture.repository.commit({"compose.yaml": NODE, "src/run": "1\n", "package.json": "{}\n"})
    engine_fixture.up("main")
    web, reader = container(engine_fixture, "web"), container(engine_fixture, "reader")
    assert (
        run(engine_fixture, web, "echo x > /app/node_modules/x && echo y > /app/src/run && ls /app/node_modules")
        == "x\n"
    )
    assert run(engine_fixture, reader, "cat /app/src/run /app/deep/run") == "1\n1\n"
    for folder in ("node_modules", "deep/modules", "var/cache"):
        assert run(engine_fixture, reader, f"echo z > /app/{folder}/z && ls /app/{folder}") == "z\n"
    assert "Read-only" in run(engine_fixture, reader, "echo z > /app/z")
    assert "Read-only" in run(engine_fixture, reader, "echo z > /app/deep/run")
    engine_fixture.run("down", "main")
    assert engine_fixture.remains() == []


def test_who_may_write_has_a_copy_of_its_own(engine_fixture: EngineFixture) -> None:
    engine_fixture.repository.commit(
        {
            "compose.yaml": PHP,
            "php/Dockerfile": PHP_IMAGE,
            "php/passwd": "root:x:0:0::/:/bin/sh\nwww:x:82:83::/:/bin/sh\n",
            "php/group": "root:x:0:\nmedia:x:1005:www\n",
            "public/index.php": "page\n",
            "public/deep/x": "deep\n",
            "php.ini": "a = 1\n",
        }
    )
    engine_fixture.up("main")
    engine_fixture.run("drift", "main", "--exit-code")
    php, twin, nginx = (
        container(engine_fixture, "php"),
        container(engine_fixture, "twin"),
        container(engine_fixture, "nginx"),
    )
    assert (
        run(engine_fixture, php, "echo f > /site/public/deep/f; echo f > /site/uploads/f; cat /site/uploads/f")
        == "f\n"
    )
    assert (
        run(engine_fixture, php, "cat /site/public/index.php /site/public/deep/f /etc/php.ini")
        == "new\nf\na = 1\nb\n"
    )
    owned = "/site/public /site/public/deep/x /etc/php.ini /site/uploads"
    assert run(engine_fixture, php, f"stat -c '%u %g' {owned}") == "82 1005\n" * 4
    written = "echo t > /site/public/t; echo t > /data/t; cat /site/public/index.php; stat -c %u:%g /data"
    assert run(engine_fixture, twin, written) == "page\n1000:0\n"
    assert run(engine_fixture, nginx, "ls /site/public; cat /site/public/index.php") == "deep\nindex.php\npage\n"
    assert "Read-only" in run(engine_fixture, nginx, "echo z > /site/public/z")
    engine_fixture.run("down", "main")
    assert engine_fixture.remains() == []


def test_a_file_that_is_not_committed_is_left_out_and_said(engine_fixture: EngineFixture) -> None:
    engine_fixture.repository.commit({"compose.yaml": DATABASE, "schema.sql": "create\n"})
    process = engine_fixture.start("up", "main")
    _printed, events = process.communicate(timeout=90)
    assert process.returncode == 0, events
    assert "compose.yaml:8" in events
    assert "missing.sql looks like a file, is not committed" in events
    db = container(engine_fixture, "db")
    assert (
        run(engine_fixture, db, "ls /docker-entrypoint-initdb.d; touch /var/lib/data/x && ls /var/lib/data")
        == "schema.sql\nx\n"
    )


MONOREPO = f"""
services:
  proxy:
    image: traefik:3
    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
  web:
    build: {{context: ../.., dockerfile: services/shop/Dockerfile}}
    command: [busybox, httpd, -f, -p, "8080", -h, /site]
    ports: ["8080"]
    depends_on: [proxy]
    volumes: ["../../libs:/site/libs:ro"]
  idle:
    {BASE}
"""


def test_a_monorepo_s_folder_runs_with_what_init_writes_and_a_service_omitted(
    engine_fixture: EngineFixture,
) -> None:
    engine_fixture.repository.git("rm", "-q", "-r", ".")
    shop = "services/shop/compose.yaml"
    dockerfile = "FROM previewer-test/base:1\nCOPY libs/name /site/name\n"
    files = {shop: MONOREPO, "services/shop/Dockerfile": dockerfile, "libs/name": "shared\n"}
    engine_fixture.repository.commit(files)
    assert "omit: [proxy]" in engine_fixture.run("init", "--check")
    images = engine_fixture.images()
    tried = json.loads(engine_fixture.run("init", "--try", "-o", "json"))
    assert [(check["check"], check["verdict"]) for check in tried] == [
        ("proposal", "warning"),
        ("up", "ok"),
        ("answer", "ok"),
        ("down", "ok"),
    ]
    assert (engine_fixture.remains(), engine_fixture.images()) == ([], images)
    assert not engine_fixture.connection.api.images(name=f"previewer/{engine_fixture.project}-try/web")
    assert not list((engine_fixture.repository.path / ".git").glob("*try*"))
    assert engine_fixture.repository.git("log", "--all", "--oneline").count("\n") == 1
    written = (engine_fixture.repository.path / "envs" / "preview.yaml").read_text()
    assert "omit: [proxy]   # services/shop/compose.yaml:5:15: " in written
    engine_fixture.repository.commit({"envs/preview.yaml": written})
    url = engine_fixture.up("main")["url"]
    assert (fetch(f"{url}/name"), fetch(f"{url}/libs/name")) == ("shared\n", "shared\n")
    assert engine_fixture.inspect("idle")["State"]["Running"]
    engine_fixture.run("down", "main")
    assert engine_fixture.remains() == []
