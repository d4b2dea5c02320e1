"""Folders and files that services bind: copies to write to, mount points, owners, what is not committed."""

from __future__ import annotations

import pytest

from tests.docker.test_files import container, run
from tests.worlds.docker import Site, fetch

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


def test_mounts_below_mounts_have_their_mount_points(site: Site) -> None:
    site.repository.commit({"compose.yaml": NODE, "src/run": "1\n", "package.json": "{}\n"})
    site.up("main")
    web, reader = container(site, "web"), container(site, "reader")
    assert run(site, web, "echo x > /app/node_modules/x && echo y > /app/src/run && ls /app/node_modules") == "x\n"
    assert run(site, reader, "cat /app/src/run /app/deep/run") == "1\n1\n"
    for folder in ("node_modules", "deep/modules", "var/cache"):
        assert run(site, reader, f"echo z > /app/{folder}/z && ls /app/{folder}") == "z\n"
    assert "Read-only" in run(site, reader, "echo z > /app/z")
    assert "Read-only" in run(site, reader, "echo z > /app/deep/run")
    site.run("down", "main")
    assert site.remains() == []


def test_who_may_write_has_a_copy_of_its_own(site: Site) -> None:
    site.repository.commit(
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
    site.up("main")
    site.run("drift", "main", "--exit-code")
    php, twin, nginx = container(site, "php"), container(site, "twin"), container(site, "nginx")
    assert run(site, php, "echo f > /site/public/deep/f; echo f > /site/uploads/f; cat /site/uploads/f") == "f\n"
    assert run(site, php, "cat /site/public/index.php /site/public/deep/f /etc/php.ini") == "new\nf\na = 1\nb\n"
    owned = "/site/public /site/public/deep/x /etc/php.ini /site/uploads"
    assert run(site, php, f"stat -c '%u %g' {owned}") == "82 1005\n" * 4
    written = "echo t > /site/public/t; echo t > /data/t; cat /site/public/index.php; stat -c %u:%g /data"
    assert run(site, twin, written) == "page\n1000:0\n"
    assert run(site, nginx, "ls /site/public; cat /site/public/index.php") == "deep\nindex.php\npage\n"
    assert "Read-only" in run(site, nginx, "echo z > /site/public/z")
    site.run("down", "main")
    assert site.remains() == []


def test_a_file_that_is_not_committed_is_left_out_and_said(site: Site) -> None:
    site.repository.commit({"compose.yaml": DATABASE, "schema.sql": "create\n"})
    process = site.start("up", "main")
    _printed, told = process.communicate(timeout=90)
    assert process.returncode == 0, told
    assert "compose.yaml:8" in told
    assert "missing.sql looks like a file, is not committed" in told
    db = container(site, "db")
    assert (
        run(site, db, "ls /docker-entrypoint-initdb.d; touch /var/lib/data/x && ls /var/lib/data")
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


def test_a_monorepo_s_folder_runs_with_what_init_writes_and_a_service_omitted(site: Site) -> None:
    site.repository.git("rm", "-q", "-r", ".")
    shop = "services/shop/compose.yaml"
    dockerfile = "FROM previewer-test/base:1\nCOPY libs/name /site/name\n"
    files = {shop: MONOREPO, "services/shop/Dockerfile": dockerfile, "libs/name": "shared\n"}
    site.repository.commit(files)
    process = site.start("init", "--check")
    printed, _told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "omit: [proxy]" in printed
    site.run("init")
    preview = site.repository.path / "envs" / "preview.yaml"
    written = preview.read_text().replace("x-previewer:\n", "x-previewer:\n  omit: [proxy]\n")
    site.repository.commit({"envs/preview.yaml": written})
    site.run("init", "--check")
    url = site.up("main")["url"]
    assert (fetch(f"{url}/name"), fetch(f"{url}/libs/name")) == ("shared\n", "shared\n")
    assert site.inspect("idle")["State"]["Running"]
    site.run("down", "main")
    assert site.remains() == []
