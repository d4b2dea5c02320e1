"""Ways to touch an environment by hand, past previewer: what a test of drift does, one function each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import docker.errors

from previewer.domain import labels
from tests.docker.base_image import BASE_REFERENCE
from tests.worlds.docker import Body, Repo, endpoints


class Scene:
    """One environment that is changed by hand."""

    def __init__(self, repo: Repo, branch: str) -> None:
        self.repo = repo
        self.branch = branch
        self.environment = f"{repo.project}-{branch}"
        self.api: Any = repo.connection.api
        self.foreign = f"{self.environment}-foreign"
        self.stranger = f"{self.environment}-stranger"

    def name(self, service: str) -> str:
        """The container of a service."""
        return self.repo.name(self.branch, service)

    @property
    def network(self) -> str:
        """The environment's network."""
        return f"{self.environment}-g1_default"

    def run_stranger(self, name: str) -> None:
        """Run a container that is not ours on the environment's network."""
        self.repo.create(
            name, {"Image": BASE_REFERENCE, "Cmd": ["sleep", "99"], "HostConfig": {"NetworkMode": self.network}}
        )
        self.api.start(name)

    def clean_up(self) -> None:
        """Remove what is not previewer's."""
        made = self.api.containers(all=True, filters={"name": self.stranger})
        for container in [entry["Id"] for entry in made]:
            with suppress(docker.errors.NotFound):
                self.api.remove_container(container, force=True)
        with suppress(docker.errors.NotFound):
            self.api.disconnect_container_from_network(self.name("s08"), self.foreign)
            self.api.remove_network(self.foreign)


Act = Callable[[Scene, str], object]
Touch = tuple[str, str, Act, set[str]]
"""What is done, to which service, how, and the kinds of findings that it makes; ``-`` is the environment."""


def execute(*command: str) -> Act:
    return lambda scene, name: scene.repo.execute(name, *command)


def recreate(change: Callable[[Body], object], *, start: bool = True) -> Act:
    return lambda scene, name: scene.repo.recreate(name, change, start=start)


def call(method: str, **arguments: Any) -> Act:
    return lambda scene, name: getattr(scene.api, method)(name, **arguments)


def copy_in(scene: Scene, name: str) -> None:
    scene.repo.copy_into(name, "/opt/new", b"new")


def copy_out(scene: Scene, name: str) -> None:
    stream, _stat = scene.api.get_archive(name, "/etc/passwd")
    b"".join(stream)


def attach(scene: Scene, name: str) -> None:
    scene.api.attach_socket(name, {"stream": 1, "stdin": 1}).close()


def commit(scene: Scene, name: str) -> None:
    scene.api.remove_image(scene.api.commit(name)["Id"])


def pause_awhile(scene: Scene, name: str) -> None:
    scene.api.pause(name)
    scene.api.unpause(name)


def join_foreign(scene: Scene, name: str) -> None:
    scene.api.create_network(scene.foreign)
    scene.api.connect_container_to_network(name, scene.foreign)


def cut_off(scene: Scene, name: str) -> None:
    scene.api.disconnect_container_from_network(name, scene.network)


def join_by_another_name(scene: Scene, name: str) -> None:
    cut_off(scene, name)
    scene.api.connect_container_to_network(name, scene.network, aliases=["other"])


def add_container(scene: Scene, name: str) -> None:
    found = scene.api.inspect_container(name)
    scene.repo.create(f"{name}-copy", {**found["Config"], "HostConfig": {"NetworkMode": scene.network}})


def stranger(scene: Scene, name: str) -> None:
    del name
    scene.run_stranger(scene.stranger)


def passing_stranger(scene: Scene, name: str) -> None:
    del name
    scene.run_stranger(f"{scene.stranger}-2")
    scene.api.remove_container(f"{scene.stranger}-2", force=True)
    scene.run_stranger(f"{scene.stranger}-2")
    scene.api.disconnect_container_from_network(f"{scene.stranger}-2", scene.network)


def neighbour(number: int, host: Callable[[Scene], Body]) -> Act:
    """Run a foreign container beside the web service, with something of it."""

    def act(scene: Scene, name: str) -> None:
        del name
        made = f"{scene.stranger}-n{number}"
        body = {"Image": BASE_REFERENCE, "Cmd": ["sleep", "99"], "HostConfig": host(scene)}
        scene.repo.create(made, body)
        scene.api.start(made)

    return act


def volume_folder(scene: Scene) -> str:
    return str(scene.api.inspect_volume(f"{scene.environment}-g1_data")["Mountpoint"])


def add_volume(scene: Scene, name: str) -> None:
    said = scene.api.inspect_container(name)["Config"]["Labels"]
    scene.api.create_volume(
        f"{scene.environment}-more", labels={k: v for k, v in said.items() if k.startswith(labels.PREFIX)}
    )


def add_network(scene: Scene, name: str) -> None:
    said = scene.api.inspect_container(name)["Config"]["Labels"]
    scene.api.create_network(
        f"{scene.environment}-more", labels={k: v for k, v in said.items() if k.startswith(labels.PREFIX)}
    )


def swap_volume(scene: Scene, name: str) -> None:
    volume = f"{scene.environment}-g1_data"
    found = scene.api.inspect_container(name)
    scene.api.remove_container(name, force=True)
    scene.api.remove_volume(volume)
    kept = scene.repo.installation
    scene.api.create_volume(volume, labels={labels.INSTALLATION: kept})
    body = {
        **found["Config"],
        "Hostname": "",
        "HostConfig": found["HostConfig"],
        "NetworkingConfig": {"EndpointsConfig": endpoints(found)},
    }
    scene.repo.create(name, body)
    scene.api.start(name)


def move_tag(scene: Scene, name: str) -> None:
    image = scene.api.inspect_container(name)["Config"]["Labels"][labels.COMPOSE_IMAGE]
    (tag,) = (t for t in scene.api.inspect_image(image)["RepoTags"] if t.startswith("previewer/"))
    repository, _, version = tag.rpartition(":")
    scene.api.tag(BASE_REFERENCE, repository, tag=version)


def run_other_image(scene: Scene, name: str) -> None:
    image = scene.api.inspect_container(scene.name("web"))["Image"]
    scene.repo.recreate(name, lambda body: body.update(Image=image, Cmd=["sleep", "1000"]))


def more_labels(body: Body) -> None:
    body["Labels"]["com.example.new"] = "1"
