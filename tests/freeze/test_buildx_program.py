"""How buildx is called and understood; nothing is built."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from previewer.docker_api.builders.buildx import buildx_command, buildx_environment, find_buildx
from previewer.docker_api.builders.image_build import ImageBuild, Redaction, build_error
from previewer.docker_api.builders.progress import BuildProgress, read_statuses
from previewer.docker_api.wire.contexts import Endpoint, TlsFiles
from previewer.domain.build import BuildRequirements, Ulimit
from previewer.errors import BuildError, UnsupportedError

ENDPOINT = Endpoint("unix:///run/docker.sock", "asked for")
STEP = "[2/2] RUN make"


def status(**vertex: object) -> str:
    return json.dumps({"vertexes": [{"digest": "sha256:1", "name": STEP, "started": "now", **vertex}]})


def log(text: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    return json.dumps({"logs": [{"vertex": "sha256:1", "stream": 1, "data": data}]})


def follow(*lines: str) -> tuple[BuildProgress, list[str]]:
    progress = BuildProgress()
    shown: list[str] = []
    for said in read_statuses(f"{line}\n" for text in lines for line in text.split("\n")):
        if isinstance(said, str):
            progress.take_complaint(said)
        else:
            shown += progress.take_status(said)
    return progress, shown


@pytest.mark.parametrize("indent", [None, 2], ids=["0.29", "0.13"])
def test_progress_on_one_line_or_over_many(indent: int | None) -> None:
    said = [
        json.dumps(json.loads(text), indent=indent)
        for text in (status(), log("one\ntw"), log("o\n"), status(error=""))
    ]
    progress, shown = follow(*said)
    assert shown == [STEP, "one", "two"]
    assert progress.error == ""


def test_a_failure_has_its_step_its_last_lines_and_its_place() -> None:
    progress, _ = follow(
        "WARNING: current commit information was not captured",
        status(),
        log("cc: no such file\n"),
        status(completed="now", error="process did not complete successfully: exit code: 2"),
        "Dockerfile:7",
        "--------------------",
        "   7 | >>> RUN make",
        'ERROR: failed to build: failed to solve: process "/bin/sh -c make" did not complete: exit code: 2',
    )
    error = build_error(progress, lambda step, message: f"web/Dockerfile:{7 if step == 'RUN make' else 0}")
    assert error.message == "RUN make: exit code: 2"
    assert error.where == "web/Dockerfile:7"
    assert error.details == ("RUN make", "cc: no such file")


def test_the_command_says_everything_and_no_secret() -> None:
    build = ImageBuild(
        reference="previewer/shop/web:1",
        dockerfile=b"FROM a",
        dockerfile_path="x",
        open_context=lambda: iter(()),
        target="app",
        args={"A": "1"},
        labels={"l": "2"},
        platform="linux/amd64",
        use_cache=False,
        requirements=BuildRequirements(
            network="none",
            extra_hosts=("a=1.2.3.4",),
            shm_bytes=64,
            ulimits=(Ulimit("nofile", 1, 2),),
            secrets={"token": b"hunter2"},
            ssh=("default",),
            contexts={"lib": lambda: iter(())},
        ),
    )
    folder = Path("/t")
    command = " ".join(buildx_command("buildx", build, folder))
    for part in (
        "buildx build --builder default", "--file /t/dockerfile", "--tag previewer/shop/web:1", "--target app",
        "--no-cache", "--build-arg A=1", "--label l=2", "--platform linux/amd64", "--network none",
        "--add-host a:1.2.3.4", "--shm-size 64", "--ulimit nofile=1:2", "--ssh default",
        "--secret id=token,env=PREVIEWER_BUILD_SECRET_0", "--build-context lib=/t/contexts/0", "-- /t/context",
    ):  # fmt: skip
        assert part in command
    assert "hunter2" not in command
    environment = buildx_environment({}, ENDPOINT, build.requirements.secrets, folder)
    assert environment["PREVIEWER_BUILD_SECRET_0"] == "hunter2"


@pytest.mark.parametrize("name", ["x,src=/etc/passwd", "x,env=HOME\n", "x=https://example.org/", 'x"', "a\x00b"])
@pytest.mark.parametrize("key", ["secrets", "contexts"])
def test_a_name_from_a_branch_is_nothing_but_a_name(name: str, key: str) -> None:
    requirements = (
        BuildRequirements(secrets={name: b"1"})
        if key == "secrets"
        else BuildRequirements(contexts={name: lambda: iter(())})
    )
    with pytest.raises(UnsupportedError, match="cannot be given to buildx"):
        buildx_command("buildx", small_build(requirements), Path("/t"))


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "."])
def test_where_a_further_context_lies_does_not_depend_on_its_name(name: str) -> None:
    command = buildx_command(
        "buildx", small_build(BuildRequirements(contexts={name: lambda: iter(())})), Path("/t")
    )
    assert f"{name}=/t/contexts/0" in command


def small_build(requirements: BuildRequirements) -> ImageBuild:
    return ImageBuild(
        "a:1",
        b"FROM a",
        "x",
        lambda: iter(()),
        None,
        {},
        {},
        "linux/amd64",
        use_cache=True,
        requirements=requirements,
    )


def test_nothing_of_the_user_s_environment_steers_a_build() -> None:
    foreign = {
        "BUILDX_BUILDER": "other", "BUILDKIT_HOST": "tcp://x", "DOCKER_CONTEXT": "other", "SOURCE_DATE_EPOCH": "1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x",
    }  # fmt: skip
    own = {"HOME": "/home/ada", "PATH": "/bin", "DOCKER_CONFIG": "/home/ada/.docker", "AWS_PROFILE": "p"}
    found = buildx_environment({**foreign, **own}, ENDPOINT, {}, Path("/t"))
    assert own.items() <= found.items()
    assert not foreign.keys() & found.keys()
    assert found["DOCKER_HOST"] == ENDPOINT.host
    assert found["BUILDX_CONFIG"] == "/t/buildx"
    files = TlsFiles(Path("/c/ca.pem"), Path("/c/cert.pem"), Path("/c/key.pem"))
    secure = buildx_environment({}, Endpoint("tcp://x:2376", "context", files), {}, Path("/t"))
    assert (secure["DOCKER_CERT_PATH"], secure["DOCKER_TLS_VERIFY"]) == ("/c", "1")


@pytest.mark.parametrize("value", [b"a\0b", b"x" * 200_000], ids=["zero byte", "too long"])
def test_a_secret_that_does_not_fit_is_refused(value: bytes) -> None:
    with pytest.raises(UnsupportedError, match="token"):
        buildx_environment({}, ENDPOINT, {"token": value}, Path("/t"))


def test_the_plugin_of_the_docker_command_is_found(tmp_path: Path) -> None:
    plugin = tmp_path / "cli-plugins" / "docker-buildx"
    plugin.parent.mkdir()
    plugin.write_text("#!/bin/sh\n")
    environ = {"DOCKER_CONFIG": str(tmp_path), "PATH": ""}
    assert find_buildx(environ) != str(plugin), "not executable"
    plugin.chmod(0o755)
    assert find_buildx(environ) == str(plugin)


def test_secrets_are_masked_in_lines_and_errors() -> None:
    redaction = Redaction([b"hunter2\n", b"ab", b"two lines\nhunter2-long"])
    assert redaction.line("x hunter2-long y hunter2 ab two lines") == "x *** y *** ab ***"
    error = redaction.error(BuildError("RUN echo hunter2", where="f:1", hint="h", details=("hunter2",)))
    assert (error.message, error.where, error.hint, error.details) == ("RUN echo ***", "f:1", "h", ("***",))
