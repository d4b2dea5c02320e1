"""An environment that a test works with, and its services as testcontainers' wait strategies see them."""

from __future__ import annotations

from collections.abc import Mapping

from testcontainers.core.waiting_utils import WaitStrategy

from previewer.domain.engine.observation import PublishedPort
from previewer.domain.environment.environment import Environment, ServiceStatus
from previewer.domain.json_value import JsonValue
from previewer.engine.protocol import LogOptions
from previewer.errors import NotFoundError
from previewer.operations.logs import open_logs
from previewer.records.environments import find_environment
from previewer.session.session import Session


class PreviewService:
    """One service. It is what a wait strategy of testcontainers asks of a container."""

    def __init__(self, session: Session, environment: str, status: ServiceStatus) -> None:
        self._session = session
        self._environment = environment
        self._status = status

    @property
    def url(self) -> str:
        """Where it answers. Raises :class:`NotFoundError` for a service that publishes no port."""
        if not self._status.ports:
            raise NotFoundError("the service publishes no port", where=self._status.name)
        return self._status.ports[0].reached

    @property
    def status(self) -> str:
        """What its first container does, in the engine's word: ``running``, ``exited``."""
        return self._status.containers[0].state.value

    def wait_until(self, strategy: WaitStrategy) -> None:
        """Wait as ``strategy`` says. Raises what it raises: :class:`TimeoutError` as a rule."""
        strategy.wait_until_ready(self)

    def reload(self) -> None:
        """Look at it again."""
        self._status = _service(find_environment(self._session, self._environment), self._status.name)

    def get_logs(self) -> tuple[bytes, bytes]:
        """What it has written to standard output and to standard error."""
        output: list[str] = []
        errors: list[str] = []
        stream = open_logs(self._session, self._environment, services=[self._status.name], options=LogOptions())
        try:
            for batch in stream:
                for line in batch:
                    (errors if line.is_error else output).append(line.text)
        finally:
            stream.close()
        return "\n".join(output).encode(), "\n".join(errors).encode()

    def get_container_host_ip(self) -> str:
        """The address that its ports are published on."""
        return self._ports()[0].host_ip

    def get_exposed_port(self, port: int) -> int:
        """The host port of a container port. Raises :class:`NotFoundError` for one that is not published."""
        for published in self._ports():
            if published.target == port:
                return published.host_port
        raise NotFoundError(f"port {port} is not published", where=self._status.name)

    def get_wrapped_container(self) -> PreviewService:
        """Strategies ask this for ``status``, ``attrs`` and ``reload``; the container itself is not handed out."""
        return self

    @property
    def attrs(self) -> Mapping[str, Mapping[str, JsonValue]]:
        """State and health, in the shape of the engine's inspection."""
        container = self._status.containers[0]
        return {"State": {"Status": container.state.value, "Health": {"Status": container.health.value}}}

    def _ports(self) -> tuple[PublishedPort, ...]:
        ports = self._status.containers[0].ports
        if not ports:
            raise NotFoundError("the service publishes no port", where=self._status.name)
        return ports


class RunningPreview:
    """An environment that is up."""

    def __init__(self, session: Session, environment: Environment) -> None:
        self._session = session
        self.environment = environment

    @property
    def name(self) -> str:
        """The environment's name."""
        return self.environment.name

    @property
    def url(self) -> str:
        """The front end's. Raises :class:`NotFoundError` where no service publishes a port."""
        if not self.environment.ports:
            raise NotFoundError("no service publishes a port", where=self.name)
        return self.environment.ports[0].reached

    @property
    def services(self) -> Mapping[str, PreviewService]:
        """The services by name."""
        return {
            status.name: PreviewService(self._session, self.name, status) for status in self.environment.services
        }


def _service(environment: Environment, name: str) -> ServiceStatus:
    for status in environment.services:
        if status.name == name:
            return status
    raise NotFoundError("the service is gone", where=f"{environment.name}/{name}")
