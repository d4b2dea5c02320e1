"""What makes an engine start containers by itself, and what keeps it from that.

An engine that is itself restarted starts stopped containers too, on purpose stopped or not, if their policy is
``always`` or ``on-failure``. What is stopped to be kept therefore has no policy until it is started again.
"""

from __future__ import annotations

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.examine import inspect_raw
from previewer.docker_api.paths import container_path
from previewer.docker_api.podman import can_change_restarts
from previewer.docker_api.read_container import read_labels
from previewer.docker_api.request import post_json
from previewer.domain.json_value import as_object
from previewer.domain.labels import RESTART
from previewer.domain.restart_policy import NEVER, restart_policy, restart_text


def suspend_restarts(connection: DockerConnection, name: str) -> None:
    """Let a container that was stopped stay so whatever happens to the engine.

    One whose labels do not say its policy (an older previewer made it) keeps it: nobody could give it back.
    """
    made_with, now = _policies(connection, name)
    if made_with != NEVER and now != NEVER:
        _set(connection, name, NEVER)


def resume_restarts(connection: DockerConnection, name: str) -> None:
    """Give a container the policy again that :func:`suspend_restarts` took."""
    made_with, now = _policies(connection, name)
    if made_with != now:
        _set(connection, name, made_with)


def _policies(connection: DockerConnection, name: str) -> tuple[str, str]:
    """The policy that it was made with, and the one it has; none where an engine could not change it."""
    found = inspect_raw(connection, name) if can_change_restarts(connection) else None
    if found is None:
        return NEVER, NEVER
    said = read_labels(as_object(found.get("Config")).get("Labels"))
    now = restart_text(as_object(found.get("HostConfig")).get("RestartPolicy"))
    return said.get(RESTART) or now, now


def _set(connection: DockerConnection, name: str, policy: str) -> None:
    with translate_errors("change its restart policy", subject=f"container {name}"):
        path = container_path(name, "/update")
        post_json(connection, path, {"RestartPolicy": restart_policy(policy)})
