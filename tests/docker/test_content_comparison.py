"""Contents are compared only where a layer holds more than the engine lists, and an image is read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.container_files import ContentComparison, list_changes
from previewer.domain.engine.examination import ChangeKind, FileChange
from tests.conftest import TEST_LABEL
from tests.docker.base_image import BaseImage
from tests.docker.counted_requests import counted_requests

pytestmark = [pytest.mark.docker, pytest.mark.slow]

DISGUISE = "cd /etc; touch -r group /t; sed s/root/toor/ group > /n; cat /n > group; touch -r /t group; rm /t /n"
"""Another content of the same size and time."""
DISGUISED = (FileChange("/etc/group", ChangeKind.REWRITTEN),)
Run = Callable[[str], str]


@pytest.fixture
def written(docker_connection: DockerConnection, base_image: BaseImage, test_session: str) -> Iterator[Run]:
    """Makes containers that ran a shell script, by id."""
    api, made = docker_connection.api, list[str]()

    def run(script: str) -> str:
        host = api.create_host_config(network_mode="none")
        command, labels = ["busybox", "sh", "-c", script], {TEST_LABEL: test_session}
        made.append(api.create_container(base_image.id, command, labels=labels, host_config=host)["Id"])
        api.start(made[-1])
        assert api.wait(made[-1])["StatusCode"] == 0, api.logs(made[-1])
        return made[-1]

    yield run
    for container in made:
        api.remove_container(container, force=True, v=True)


def exports_of(docker_connection: DockerConnection, look: Callable[[ContentComparison], None]) -> Counter[str]:
    """What a comparison asked for, by the last word of each path."""
    with counted_requests(docker_connection) as requests:
        look(ContentComparison(docker_connection))
    return Counter(request.path.rpartition("/")[2] for request in requests)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("echo data > /a; mkdir /d; echo more > /d/b; touch -r /a /d/b", id="alike"),
        pytest.param("echo data > /a; ln /a /b", id="two names of a file"),
        pytest.param("ln -s /etc/group /a; : > /b; rm /etc/group", id="a link, an empty file, a deleted one"),
    ],
)
def test_what_the_engine_lists_is_not_read(docker_connection: DockerConnection, written: Run, script: str) -> None:
    container = written(script)

    def look(comparison: ContentComparison) -> None:
        assert comparison.rewritten(container, list_changes(docker_connection, container)) == ()

    assert exports_of(docker_connection, look)["export"] == 0


def test_what_was_written_after_the_list_is_listed_again(
    docker_connection: DockerConnection, written: Run
) -> None:
    container = written("echo data > /a")

    def look(comparison: ContentComparison) -> None:
        assert comparison.rewritten(container, ()) == ()

    asked = exports_of(docker_connection, look)
    assert (asked["export"], asked["changes"]) == (0, 1)


def test_containers_that_hide_something_are_read_once_each_and_their_image_once(
    docker_connection: DockerConnection, written: Run
) -> None:
    hiding = [written(script) for script in (DISGUISE, f"{DISGUISE}; echo data > /a; cp -p /a /b")]
    honest = written("echo data > /a")

    def look(comparison: ContentComparison) -> None:
        for container in hiding:
            assert comparison.rewritten(container, list_changes(docker_connection, container)) == DISGUISED
        assert comparison.rewritten(honest, list_changes(docker_connection, honest)) == ()

    asked = exports_of(docker_connection, look)
    assert (asked["export"], asked["create"]) == (2, 1)  # the image's is the SDK's, through a container of its own
