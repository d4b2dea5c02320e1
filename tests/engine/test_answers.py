"""Answers of engines: what is null or missing means nothing, a wrong type is an error."""

from __future__ import annotations

import pytest

from previewer.docker_api.answers import Container, ListedContainer, Network, Version, Volumes
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import inspect_container, list_containers
from previewer.docker_api.reading import read_inspected, read_listed
from previewer.docker_api.wire.contexts import Endpoint
from previewer.docker_api.wire.protocol import EngineAnswer, EngineRequest, OpenAnswer, UnreadableAnswerError
from previewer.errors import EngineError
from tests.engine.clocks import SAME_CLOCK


class OneAnswer:
    """Gives the same answer to every request."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def exchange(self, request: EngineRequest, *, patience: float) -> EngineAnswer:
        del patience
        return EngineAnswer(200, self._content, asked=f"{request.method} {request.path}")

    def open(self, request: EngineRequest, *, patience: float) -> OpenAnswer:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


def connection(content: bytes) -> DockerConnection:
    return DockerConnection(Endpoint("unix:///x", "asked for"), OneAnswer(content), api_version=(1, 41))


def test_null_and_missing_mean_the_same() -> None:
    nulls = b"""{"Id":"x","State":{"Health":null},"Config":{"Labels":null,"StopTimeout":null},
        "HostConfig":{"PidsLimit":null,"PortBindings":null,"Tmpfs":null,"RestartPolicy":null},
        "NetworkSettings":{"Ports":{"80/tcp":null},"Networks":null},"Mounts":null,"ExecIDs":null}"""
    assert read_inspected(EngineAnswer(200, nulls).read(Container)) == read_inspected(Container(id="x"))
    listed = b'[{"Names":null,"Labels":null,"Ports":null,"Mounts":null,"NetworkSettings":null,"HostConfig":null}]'
    (entry,) = EngineAnswer(200, listed).read_list(ListedContainer)
    assert (entry.name, read_listed(entry, SAME_CLOCK)) == ("", None)
    assert EngineAnswer(200, b'{"IPAM":{"Config":null},"Options":null}').read(Network).pools == []


@pytest.mark.parametrize("content", [b"", b"null", b"  \n"])
def test_a_list_may_be_nothing_at_all(content: bytes) -> None:
    assert EngineAnswer(200, content).read_list(Network) == []


def test_an_object_without_content_is_empty() -> None:
    assert EngineAnswer(200, b"").read(Volumes) == Volumes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            b'[{"Id":"1"},{"Names":"web"}]',
            r"GET /v1.41/containers/json .* `array \| null`, got `str` - at `\$\[1\].Names`",
        ),
        (b"<html>", r"GET /v1.41/containers/json .* malformed"),
        (b'{"message":"no list"}', r"`array \| null`, got `object`"),
    ],
)
def test_a_wrong_type_is_one_error_that_names_request_and_field(content: bytes, reason: str) -> None:
    with pytest.raises(EngineError, match=f"^unix:///x: could not list containers: .*{reason}"):
        list_containers(connection(content), ["a=b"])


def test_an_error_about_one_object_names_it() -> None:
    with pytest.raises(EngineError, match=r"^container web: could not inspect it: .*at `\$.State.ExitCode`"):
        inspect_container(connection(b'{"State":{"ExitCode":"1"}}'), "web")


def test_what_is_nested_too_deeply_is_an_error_like_any_other() -> None:
    with pytest.raises(UnreadableAnswerError):
        EngineAnswer(200, b'{"Components":' + b"[" * 100_000).read(Version)
