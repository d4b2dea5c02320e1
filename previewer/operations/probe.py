"""Send the declared requests to two running environments and compare what they answer."""

from __future__ import annotations

import http.client
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from msgspec import Struct

from previewer.domain.compose.definition import Role
from previewer.domain.compose.extension import ProbeRequest
from previewer.domain.compose.routes import reachable_address
from previewer.domain.engine.observation import PublishedPort
from previewer.domain.environment.environment import Environment
from previewer.domain.environment.urls import reason_for_no_url, remedy_for_no_url
from previewer.domain.parity.difference import ParitySide
from previewer.domain.parity.probe import (
    ProbeAnswer,
    ProbeDifference,
    ProbeRules,
    compare_answers,
    read_probe_rules,
)
from previewer.errors import NotFoundError, UsageError
from previewer.records.environments import find_environment
from previewer.session.session import Session

TIMEOUT = 10.0
"""Seconds that an answer may take, from its beginning to its end."""
LARGEST_BODY = 1 << 20
"""Bytes of a body that are compared."""
TIMES = 3
"""Requests of one kind: time is the median's. Only those that change nothing are repeated."""
REPEATED = frozenset({"GET", "HEAD", "OPTIONS"})
PARALLEL = 8


class Probed(Struct, frozen=True):
    """One request with both answers."""

    request: ProbeRequest
    left: ProbeAnswer
    right: ProbeAnswer
    differences: tuple[ProbeDifference, ...]


def answers_of(probed: Sequence[Probed]) -> list[tuple[str, tuple[ProbeDifference, ...]]]:
    """What reports are made of: each request with how its answers differ."""
    return [(str(one.request), one.differences) for one in probed]


def is_silent(one: Probed) -> bool:
    """Whether neither side answered."""
    return bool(one.left.error and one.right.error)


def probe(session: Session, left: ParitySide, right: ParitySide) -> tuple[Probed, ...]:
    """Send every declared request to both sides, which have to run. Redirects are not followed.

    Raises as :func:`probe_rules` does, and :class:`NotFoundError` for a service without a URL.
    """
    rules = probe_rules(left, right)
    ends = [find_environment(session, side.name) for side in (left, right)]
    senders = [[_sender(environment, request) for environment in ends] for request in rules.requests]
    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="previewer-probe") as pool:
        waiting = [[pool.submit(send) for send in pair] for pair in senders]
        answers = [(one.result(), other.result()) for one, other in waiting]
    return tuple(
        Probed(request, ours, theirs, compare_answers(request, ours, theirs, rules))
        for request, (ours, theirs) in zip(rules.requests, answers, strict=True)
    )


def probe_rules(left: ParitySide, right: ParitySide) -> ProbeRules:
    """What :func:`probe` sends: the requests of the more guarded side's definition, else the other's.

    Raises :class:`UsageError` where nothing is declared or a side does not run.
    """
    ranked = sorted((right, left), key=lambda side: list(Role).index(side.role), reverse=True)
    found = next((rules for side in ranked if (rules := read_probe_rules(side.definition)).requests), None)
    if found is None:
        raise UsageError(
            "no requests are declared to probe with",
            where=ranked[0].name,
            hint="x-previewer: {parity: {probe: {requests: [/]}}} declares one",
        )
    for side in (left, right):
        if side.services is None:
            raise UsageError(
                "only what runs can be probed", where=side.name, hint="name an environment that is up"
            )
    return found


def _sender(environment: Environment, request: ProbeRequest) -> Callable[[], ProbeAnswer]:
    port = _port(environment, request)
    address = reachable_address(port.host_ip, environment.machine or None)
    if address is None:
        raise NotFoundError(
            reason_for_no_url(environment), where=environment.name, hint=remedy_for_no_url(environment)
        )
    return lambda: _ask(address, port.host_port, request)


def _port(environment: Environment, request: ProbeRequest) -> PublishedPort:
    """The published port that a request goes to: its service's, else that of the environment's main URL."""
    published = [
        port
        for service in environment.services
        if request.service in ("", service.name)
        for container in service.containers
        for port in container.ports
        if port.protocol == "tcp" and port.host_port and request.port in (None, port.target)
    ]
    main = next((port.address for port in environment.ports), "").rpartition(":")[2]
    fitting = [port for port in published if request.service or str(port.host_port) == main] or published
    if not fitting:
        raise NotFoundError(
            f"nothing is published that {request} could be sent to",
            where=environment.name,
            hint="`previewer status` shows the published ports",
        )
    return fitting[0]


def _ask(host: str, port: int, request: ProbeRequest) -> ProbeAnswer:
    """Ask as often as the method allows; the last answer counts, with the median of all times."""
    answers = [ask_once(host, port, request) for _ in range(TIMES if request.method in REPEATED else 1)]
    last = answers[-1]
    seconds = statistics.median(answer.seconds for answer in answers)
    return ProbeAnswer(last.status, last.headers, last.body, seconds, last.error, last.url)


def ask_once(host: str, port: int, request: ProbeRequest) -> ProbeAnswer:
    """Send one request to a published port. Whatever goes wrong is in the answer."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - read, not bound
    url = f"http://{f'[{reached}]' if ':' in reached else reached}:{port}{request.path}"
    begun = time.monotonic()
    connection = http.client.HTTPConnection(reached, port, timeout=TIMEOUT)
    try:
        connection.connect()
        with _ending(connection.sock, TIMEOUT) as was_cut_off:
            answer = _exchange(connection, request, url)
        if was_cut_off.is_set():  # an answer without a length then looks complete
            raise TimeoutError("timed out")
        return answer
    except (OSError, http.client.HTTPException, ValueError) as error:
        # ValueError is what the library says to a path or a header that is none.
        said = str(error) or type(error).__name__
        return ProbeAnswer(0, {}, b"", time.monotonic() - begun, error=said, url=url)
    finally:
        connection.close()


def _exchange(connection: http.client.HTTPConnection, request: ProbeRequest, url: str) -> ProbeAnswer:
    begun = time.monotonic()
    connection.request(request.method, request.path, request.body or None, dict(request.headers))
    answer = connection.getresponse()
    body = answer.read(LARGEST_BODY)
    seconds = time.monotonic() - begun
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return ProbeAnswer(answer.status, headers, body, seconds, url=url)


@contextmanager
def _ending(connection: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """End a connection that is not done in time; the event says that it was ended.

    The connection's own limit is each piece's: an answer could drip for ever.
    """
    was_cut_off = threading.Event()

    def end() -> None:
        was_cut_off.set()
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds, end)
    watch.daemon = True
    watch.start()
    try:
        yield was_cut_off
    finally:
        watch.cancel()
