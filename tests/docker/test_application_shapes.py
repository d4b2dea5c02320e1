"""Shapes of everyday applications, in small: what matters is how they are wired, busybox stands in for programs.

Node with ``node_modules``, PHP with a writable folder, a database with init scripts and a monorepo are in
``test_bound_folders.py``; the others run here in one environment, each as the folder of a repository.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.docker.test_files import container, run
from tests.worlds.docker import EngineFixture, fetch

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

SERVER = "exec busybox httpd -f -p $$PORT -h /site"
PREVIEW = """
x-previewer:
  env_example: true
  omit: [proxy]
  await_ports: {vite: [5173]}
include:
  - ../django/compose.yaml
  - ../rails/compose.yaml
  - ../worker/compose.yaml
  - ../vite/compose.yaml
  - ../go/compose.yaml
  - ../spring/compose.yaml
  - ../wordpress/compose.yaml
"""
DJANGO = f"""
services:
  django:
    build: .
    env_file: .env
    environment: {{PORT: "8000", ALLOWED_HOSTS: "${{PREVIEWER_URL_DJANGO}}"}}
    command: [busybox, sh, -c, 'mkdir /site; echo "$$SECRET_KEY $$ALLOWED_HOSTS" > /site/index.html; {SERVER}']
    ports: ["8000:8000"]
    volumes: [".:/code"]
"""
RAILS = f"""
services:
  rails:
    image: previewer-test/base:1
    environment: {{PORT: "3000", RAILS_MASTER_KEY: "${{RAILS_MASTER_KEY:?the key of credentials.yml.enc}}"}}
    command:
      - busybox
      - sh
      - -c
      - 'rm -f /rails/tmp/pids/server.pid; mkdir /site; echo "$$RAILS_MASTER_KEY" > /site/index.html; {SERVER}'
    ports: ["3000:3000"]
    volumes: [".:/rails", "/rails/tmp"]
"""
WORKER = """
services:
  broker:
    image: previewer-test/base:1
    command: [busybox, nc, -ll, -p, "6379", -e, busybox, cat]
    healthcheck: {test: [CMD, busybox, sh, -c, "echo | busybox nc -w 1 127.0.0.1 6379"], interval: 1s, retries: 20}
  worker:
    image: previewer-test/base:1
    command: [busybox, sh, -c, "echo job | busybox nc -w 2 broker 6379 > /tmp/done; exec busybox sleep 1000"]
    depends_on: {broker: {condition: service_healthy}}
"""
VITE = """
services:
  vite:
    image: previewer-test/base:1
    working_dir: /app
    command:
      - busybox
      - sh
      - -c
      - 'echo cache > /app/node_modules/.vite; busybox sleep 1; exec busybox httpd -f -p 5173 -h /app/src'
    ports: ["5173:5173", "24678:24678"]
    volumes: [".:/app", "/app/node_modules"]
  proxy:
    image: traefik:3
    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
"""
GO = f"""
services:
  go:
    build: {{context: ., target: run}}
    environment: {{PORT: "8080"}}
    command: [busybox, sh, -c, "{SERVER}"]
    ports: ["8080:8080"]
"""
GO_DOCKERFILE = """FROM previewer-test/base:1 AS build
WORKDIR /site
COPY main.go index.html

FROM build AS lint
RUN <<END
go vet ./...
END

FROM previewer-test/base:1 AS run
COPY --from=build /site /site
"""
SPRING = f"""
services:
  spring:
    image: previewer-test/base:1
    environment: {{PORT: "8080"}}
    command: [busybox, sh, -c, 'busybox sleep 3; mkdir /site; echo started > /site/index.html; {SERVER}']
    ports: ["8080:8080"]
    configs: [{{source: application, target: /config/application.yaml}}]
configs: {{application: {{file: ./application.yaml}}}}
"""
WORDPRESS = f"""
services:
  wordpress:
    image: previewer-test/base:1
    environment: {{PORT: "80"}}
    command:
      - busybox
      - sh
      - -c
      - 'cp -r /content /site; until echo | busybox nc -w 1 mysql 3306 > /site/tables; do busybox sleep 1; done;
        {SERVER}'
    ports: ["8088:80"]
    volumes: ["./wp-content:/content", "uploads:/content/uploads"]
    depends_on: [mysql]
  mysql:
    image: previewer-test/base:1
    command:
      - busybox
      - sh
      - -c
      - 'for script in /docker-entrypoint-initdb.d/*; do . $$script; done;
        exec busybox nc -ll -p 3306 -e busybox cat /var/lib/mysql/tables'
    volumes: ["./initdb:/docker-entrypoint-initdb.d:ro", "data:/var/lib/mysql"]
volumes: {{uploads: , data: }}
"""
FILES = {
    "envs/preview.yaml": PREVIEW,
    ".gitignore": ".env\n",
    "django/compose.yaml": DJANGO,
    "django/Dockerfile": "FROM previewer-test/base:1\nCOPY manage.py /code/\n",
    "django/manage.py": "import django\n",
    "django/.env.example": "SECRET_KEY=not-secret\n",
    "rails/compose.yaml": RAILS,
    "rails/Gemfile": "gem 'rails'\n",
    "worker/compose.yaml": WORKER,
    "vite/compose.yaml": VITE,
    "vite/src/index.html": "vite\n",
    "go/compose.yaml": GO,
    "go/Dockerfile": GO_DOCKERFILE,
    "go/main.go": "package main\n",
    "spring/compose.yaml": SPRING,
    "spring/application.yaml": "server: {port: 8080}\n",
    "wordpress/compose.yaml": WORDPRESS,
    "wordpress/wp-content/index.html": "blog\n",
    "wordpress/initdb/1-tables.sh": "echo posts > /var/lib/mysql/tables\n",
}


def test_seven_applications_answer_as_soon_as_up_ends(engine_fixture: EngineFixture, tmp_path: Path) -> None:
    engine_fixture.repository.git("rm", "-q", "-r", ".")
    engine_fixture.repository.commit(FILES)
    process = engine_fixture.start("up", "main")
    _printed, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the key of credentials.yml.enc" in told
    assert "--env-file" in told
    secrets = tmp_path / "secrets.env"
    secrets.write_text("RAILS_MASTER_KEY=0123abcd\n")
    up = engine_fixture.up("main", "--env-file", str(secrets))
    urls = {row["service"]: row["url"] for row in up["ports"] if row["port"] != 24678}
    pages = {name: fetch(urls[name]) for name in ("django", "rails", "vite", "spring", "wordpress")}
    assert pages == {
        "django": f"not-secret {urls['django']}\n",
        "rails": "0123abcd\n",
        "vite": "vite\n",
        "spring": "started\n",
        "wordpress": "blog\n",
    }
    assert fetch(f"{urls['go']}/index.html") == "package main\n"
    assert fetch(f"{urls['wordpress']}/tables") == "posts\n"
    worker, rails = container(engine_fixture, "worker"), container(engine_fixture, "rails")
    assert run(engine_fixture, worker, "cat /tmp/done") == "job\n"
    assert run(engine_fixture, rails, "echo x > /rails/log; ls /rails") == "Gemfile\ncompose.yaml\nlog\ntmp\n"
    assert "0123abcd" not in engine_fixture.run("inspect", "main", "-o", "json")
    for given, is_told in (((), True), (("--env-file", str(secrets)), False)):
        process = engine_fixture.start("debug", "main", "rails", *given, "--", "busybox", "true")
        _printed, told = process.communicate(timeout=60)
        assert (process.returncode, "RAILS_MASTER_KEY: not set here" in told) == (0, is_told)
    engine_fixture.run("down", "main")
    assert engine_fixture.remains() == []


DEAD = """
services:
  web:
    image: previewer-test/base:1
    command: {command}
    ports: ["8080"]
    {more}
"""


@pytest.mark.parametrize(
    ("command", "more", "words"),
    [
        ("[nosuch]", "", "its command is not in the image: nosuch"),
        ("[busybox, 'true']", "volumes: ['./etc:/bin/busybox']", "folder on a file: /bin/busybox"),
    ],
    ids=["no-program", "folder-on-file"],
)
def test_what_does_not_start_says_why_in_our_words(
    engine_fixture: EngineFixture, command: str, more: str, words: str
) -> None:
    engine_fixture.repository.commit({"compose.yaml": DEAD.format(command=command, more=more)})
    process = engine_fixture.start("up", "main")
    _printed, told = process.communicate(timeout=60)
    assert process.returncode not in (0, 2)
    assert words in told
    assert not any(word in told for word in ("OCI runtime", "runc", "shim task"))
    assert engine_fixture.remains() == []
    assert json.loads(engine_fixture.run("ls", "-o", "json")) == []
