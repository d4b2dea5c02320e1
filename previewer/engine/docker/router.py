"""The router in a container of a Docker engine: in the host's network, with as few rights as it can have."""

from __future__ import annotations

import http.client
import io
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import (
    create_container,
    find_container,
    inspect_container,
    remove_container,
    start_container,
)
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.logs import LogReader, open_logs
from previewer.docker_api.machine import Stats
from previewer.docker_api.reach import accepts
from previewer.docker_api.request import container_path, get, put_archive
from previewer.docker_api.volumes import create_volume, remove_volume
from previewer.domain.engine.observation import ContainerState
from previewer.domain.json_value import JsonObject
from previewer.domain.labels import (
    MANAGED_BY,
    MANAGED_BY_VALUE,
    PURPOSE,
    PURPOSE_ROUTER,
    ROUTER_CONFIGURATION,
    ROUTER_PORT,
)
from previewer.domain.routing.caddy import (
    AUTHORITY_FILE,
    CONFIG_FILE,
    FOLDER,
    HEALTH_HEADER,
    HEALTH_HOST,
    KEY_FILE,
)
from previewer.domain.routing.route_files import Link, RouterFiles
from previewer.engine.docker.router_image import (
    NO_PROGRAM,
    PROGRAM_PATH,
    find_program,
    find_router_image,
    obtain_router_image,
)
from previewer.engine.protocol import Stream
from previewer.engine.router import HEALTH_SECONDS, RouterSpec, RouterState, configuration_digest
from previewer.errors import ConflictError, EngineError, PortTakenError, UnsupportedError

MEMORY_LIMIT = 512 << 20
POLL_SECONDS = 0.05
DOCKER_DESKTOP = "Docker Desktop"


class DockerRouter:
    """As :class:`previewer.engine.router.Router` describes it."""

    def __init__(self, connection: DockerConnection) -> None:
        self._docker = connection

    def find(self, name: str, *, measured: bool = False) -> RouterState | None:
        """One inspection; measuring takes another call."""
        found = find_container(self._docker, name)
        if found is None:
            return None
        labels = found.config.labels or {}
        if labels.get(PURPOSE) != PURPOSE_ROUTER:
            raise ConflictError(
                "the router cannot have this name: another container has it",
                where=f"container {name}",
                hint='set network.router_name, or `router = "off"`',
            )
        port, _, tls = labels.get(ROUTER_PORT, "").partition(" ")
        return RouterState(
            name=name,
            port=int(port) if port.isdecimal() else 80,
            has_tls=tls == "tls",
            is_running=found.state.status == ContainerState.RUNNING.value,
            image=found.config.image,
            memory=self._memory(name) if measured else None,
            digest=labels.get(ROUTER_CONFIGURATION, ""),
        )

    def reason_against(self, image: str = "") -> str:
        """Why none could be started without a download."""
        info = self._docker.info
        if info.operating_system == DOCKER_DESKTOP or any(
            "rootless" in one for one in info.security_options or ()
        ):
            return "the host network of this engine is not this machine's"
        if find_router_image(self._docker, image) or (not image and find_program(self._docker.platform)):
            return ""
        if image:
            return f"the engine lacks the router's image {image}"
        return NO_PROGRAM

    def start(self, spec: RouterSpec, *, may_pull: bool) -> None:
        """Make it unless it is there, start it, and wait until it answers."""
        labels = {MANAGED_BY: MANAGED_BY_VALUE, PURPOSE: PURPOSE_ROUTER}
        known = self.find(spec.name)
        if known is None:
            image = obtain_router_image(self._docker, spec.image, may_pull=may_pull)
            volume: JsonObject = {"Name": spec.name, "Labels": {**labels}}
            create_volume(self._docker, name=spec.name, body=volume)
            port = f"{spec.port} tls" if spec.has_tls else str(spec.port)
            marked = {**labels, ROUTER_PORT: port, ROUTER_CONFIGURATION: configuration_digest(spec.configuration)}
            with suppress(ConflictError):  # another command makes it at this moment
                create_container(
                    self._docker, name=spec.name, platform="", body=_body(spec, image, marked, self._docker)
                )
            self.write(spec.name, {CONFIG_FILE: spec.configuration, **spec.files})
        start_container(self._docker, spec.name)
        try:
            self._await_answer(spec)
        except EngineError:
            if known is None:
                remove_container(self._docker, spec.name)
            raise

    def write(self, name: str, files: RouterFiles) -> None:
        """One call: the engine unpacks an archive into the volume, by the router's container."""
        archive = _archive(files)
        with translate_errors("write its routes", subject=f"container {name}"):
            put_archive(self._docker, container_path(name, "/archive"), archive, {"path": FOLDER})

    def remove(self, name: str) -> bool:
        """The container first, then its volume, also where only that is left."""
        was_there = self.find(name) is not None
        if was_there:
            remove_container(self._docker, name)
        remove_volume(self._docker, name)
        return was_there

    def authority(self, name: str) -> bytes:
        """Read from its volume."""
        with translate_errors("read its certificate", subject=f"container {name}"):
            stream, _status = self._docker.api.get_archive(name, f"{FOLDER}/{AUTHORITY_FILE}")
            packed = io.BytesIO(b"".join(stream))
        with tarfile.open(fileobj=packed) as tar:
            found = tar.extractfile(tar.getmembers()[0])
            return found.read() if found is not None else b""

    def accepts(self, host: str, port: int) -> bool:
        """Whether something accepts connections there, and does not end them at once."""
        return accepts(host, port) is True

    def logs(self, name: str, *, tail: int | None, follow: bool) -> Stream[Sequence[str]]:
        """The lines that it writes."""
        reader = open_logs(self._docker, name, has_terminal=False, tail=tail, follow=follow, since=None)
        return _Lines(reader)

    def _await_answer(self, spec: RouterSpec) -> None:
        """Wait until it answers: at its own addresses, where they are this machine's.

        Raises :class:`PortTakenError` where it could not listen, and :class:`UnsupportedError` where it runs but
        is not reached from here: the engine's host network is not this machine's.
        """
        deadline = time.monotonic() + HEALTH_SECONDS
        is_here = self._docker.is_local
        while time.monotonic() < deadline:
            state = inspect_container(self._docker, spec.name).detail.state
            if state is not ContainerState.RUNNING:
                self._refuse(spec)
            if is_here and _answers(spec):
                return
            if not is_here and time.monotonic() > deadline - HEALTH_SECONDS + 1:
                return
            time.sleep(POLL_SECONDS)
        self._refuse(spec)

    def _refuse(self, spec: RouterSpec) -> None:
        said = "\n".join(line for batch in self.logs(spec.name, tail=5, follow=False) for line in batch)
        where = f"container {spec.name}"
        if "address already in use" in said or "permission denied" in said:
            raise PortTakenError(f"the router cannot have port {spec.port}", where=where)
        raise UnsupportedError(
            "the router does not answer: "
            + (said.splitlines()[-1] if said else "the engine's host network is not this machine's"),
            where=where,
            hint='`router = "off"` keeps ports; Docker Desktop has host networking in its settings',
        )

    def _memory(self, name: str) -> int | None:
        with suppress(EngineError), translate_errors("measure it", subject=f"container {name}"):
            answer = get(self._docker, container_path(name, "/stats"), {"stream": "0", "one-shot": "1"})
            return int(answer.read(Stats).memory_stats.usage or 0) or None
        return None


class _Lines:
    """Lines of a log without their times."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader

    def __iter__(self) -> Iterator[Sequence[str]]:
        for batch in self._reader:
            yield tuple(record.text for record in batch)

    def close(self) -> None:
        self._reader.close()


def _body(spec: RouterSpec, image: str, labels: Mapping[str, str], connection: DockerConnection) -> JsonObject:
    limits: JsonObject = {"Type": "json-file", "Config": {"max-size": "5m", "max-file": "2"}}
    return {
        "Image": image,
        "Entrypoint": [PROGRAM_PATH],
        "Cmd": ["run", "--config", f"{FOLDER}/{CONFIG_FILE}"],
        "Env": ["HOME=/tmp", "XDG_DATA_HOME=/tmp", "XDG_CONFIG_HOME=/tmp"],
        "Labels": {**labels},
        "HostConfig": {
            # Published ports of environments are on the host's own addresses, and no environment reaches those of
            # its loopback interface.
            "NetworkMode": "host",
            "Mounts": [{"Type": "volume", "Source": spec.name, "Target": FOLDER}],
            "Tmpfs": {"/tmp": "size=16m"},  # noqa: S108 - of its own memory
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "CapAdd": ["NET_BIND_SERVICE"],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": MEMORY_LIMIT,
            "PidsLimit": 256,
            "RestartPolicy": {"Name": "always"},
            **({} if connection.is_podman else {"LogConfig": limits}),
        },
    }


def _archive(files: RouterFiles) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            if isinstance(content, Link):
                entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, content.target, 0o777
                tar.addfile(entry)
            else:
                entry.size, entry.mode = len(content), 0o600 if name == KEY_FILE else 0o644
                tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _answers(spec: RouterSpec) -> bool:
    host = next((host for host in spec.hosts if ":" not in host), spec.hosts[0])
    reached = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - read, not bound to
    connection = http.client.HTTPConnection(reached, spec.port, timeout=1.0)
    try:
        connection.request("GET", "/", headers={"Host": HEALTH_HOST})
        return connection.getresponse().getheader(HEALTH_HEADER) == spec.name
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
