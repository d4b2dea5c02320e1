"""Rules whose requests are taken out of the definition, and the rule about reaching other machines."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.log_bound import asks_for_more
from previewer.domain.compose.service import PortMapping, Service
from previewer.domain.json_value import as_object
from previewer.domain.policy.rule import Effect, Request, Rule, in_services, service_path
from previewer.domain.policy.trust import Trust

HOST_PORT = "host-port"
RESTART = "restart"
LOG_SIZE = "log-size"
ENDLESS_RESTARTS = ("always", "unless-stopped")


def port_subjects(mapping: PortMapping) -> tuple[str, ...]:
    """The names of a published port in grants: ``ADDRESS:PORT``, and ``PORT`` alone on the loopback address."""
    port, address = mapping.published, mapping.host_ip
    if address == "127.0.0.1":
        return (port, f"{address}:{port}")
    return (f"{address or '0.0.0.0'}:{port}",)  # noqa: S104 - no address means all of them to Compose


def _ports(service: Service) -> Iterator[Request]:
    for index, port in enumerate(service.ports):
        if port.published:
            subjects = port_subjects(port)
            path = service_path(service, "ports", str(index))
            yield Request(path, f"takes the host port {subjects[0]}", subjects)


def endless_restarts(service: Service) -> Iterator[tuple[tuple[str, ...], str]]:
    """The keys under which a service asks to be restarted for ever, and the word that it uses.

    A ``deploy.restart_policy`` without a condition means ``any`` (Compose Deploy Specification).
    """
    if service.restart in ENDLESS_RESTARTS:
        yield ("restart",), service.restart
    policy = service.deploy.restart_policy
    condition = policy.condition or "any" if policy is not None else ""
    if condition in (*ENDLESS_RESTARTS, "any"):
        yield ("deploy", "restart_policy", "condition"), condition


def _restarts(definition: Definition, trust: Trust) -> Iterator[Request]:
    if trust.role is not Role.PREVIEW:
        return
    for service in definition.services.values():
        for keys, restart in endless_restarts(service):
            yield Request(service_path(service, *keys), f"restarts for ever ({restart})", (restart,))


def _log_sizes(service: Service) -> Iterator[Request]:
    if asks_for_more(as_object(service.spec.get("logging"))):
        path = service_path(service, "logging", "options")
        yield Request(path, "keeps more of its log than 3 files of 10 MB", (service.name,))


REWRITE_RULES = (
    Rule(
        id=HOST_PORT,
        forbids="fixed host ports, and ports on other addresses than the loopback one",
        why="two environments cannot have the same port, and a preview is not for the whole network",
        instead='publish only the container\'s port (`- "8080"`); a free one is chosen, and again if it can be',
        subject="`PORT` on 127.0.0.1, or `ADDRESS:PORT`",
        find=in_services(_ports),
        effect=Effect.REWRITTEN,
    ),
    Rule(
        id=RESTART,
        forbids="`restart: always` and `unless-stopped` in previews",
        why="a preview that has crashed should show as crashed, and none should come back after a reboot",
        instead="write restart: on-failure",
        subject="`always`, `unless-stopped` or `any`",
        find=_restarts,
        effect=Effect.REWRITTEN,
    ),
    Rule(
        id=LOG_SIZE,
        forbids="logs of more than 3 files of 10 MB, and larger buffers for them in the engine's memory than 4 MB",
        why="a log without an end fills the disk of every environment",
        instead="leave max-size, max-file and max-buffer-size out",
        subject="the service's name",
        find=in_services(_log_sizes),
        effect=Effect.REWRITTEN,
    ),
)


EGRESS = "egress"


def egress_subjects(definition: Definition) -> tuple[str, ...]:
    """The name of the request in grants."""
    return (definition.name,)


def _egress(definition: Definition, trust: Trust) -> Iterator[Request]:
    if not trust.limits.egress and definition.extension.egress:
        yield Request(("services",), "may reach other machines", egress_subjects(definition))


EGRESS_RULES = (
    Rule(
        id=EGRESS,
        forbids="reaching other machines, where `limits.ROLE.egress` is `false`",
        why="unreviewed code could send out the data that it sees",
        instead="set x-previewer.egress to false, and have everything it needs in images",
        subject="the definition's name",
        find=_egress,
        effect=Effect.REWRITTEN,
    ),
)
