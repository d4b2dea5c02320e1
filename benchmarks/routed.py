"""What names cost: requests while generations change, requests through the router, and one more environment."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median, quantiles

from benchmarks.many import AT_ONCE, ScaleError, subject
from benchmarks.measure import run_once
from benchmarks.results import Figure
from benchmarks.workplace import Workplace
from previewer.deployment.routing import lead_names
from previewer.domain.cancellation import Cancellation
from previewer.domain.routing.host_names import place_of
from previewer.operations.router import router_status
from previewer.records.environments import find_environment
from previewer.session.open_session import open_session
from previewer.session.run import Run
from previewer.session.session import Session
from tests.docker.base_image import BASE_REFERENCE
from tests.docker.traffic import Connection, Traffic
from tests.worlds.docker import EngineFixture
from tests.worlds.routed import NamedSite, loaded_web_image

REQUESTS = 20_000
ROUNDS = 5
ASKED = 1_000
"""Requests of one round on one connection."""
LASTING = 3.0
"""Seconds of one round with many connections."""
LARGE = 256
"""MiB of a large download."""
ADDED = 20
SMALL = "/etc/passwd"
"""What the small service answers with a length."""
SERVICE = f"""
services:
  web:
    image: {BASE_REFERENCE}
    command: [busybox, httpd, -f, -p, "8080", -h, /]
    ports: ["8080"]
"""


@contextmanager
def _named_site(place: Workplace) -> Iterator[NamedSite]:
    """A repository and a router, whose settings hold for all commands meanwhile."""
    fixture = EngineFixture(place.folder / f"routed-{os.urandom(4).hex()}", place.connection)
    site, before = NamedSite(fixture), dict(os.environ)
    os.environ.update(site.settings)
    try:
        yield site
    finally:
        fixture.clean_up()
        site.remove()
        os.environ.clear()
        os.environ.update(before)


def replace_under_load(place: Workplace) -> Sequence[Figure]:
    """New generations of new commits and of the same one, until enough requests were answered."""
    with _named_site(place) as site, loaded_web_image(place.connection) as image:
        site.serve(image, web="0")
        site.site.up("main")
        generations = 1
        with Traffic(site.address, site.host("main")) as traffic:
            while traffic.requests < REQUESTS or generations < 3:
                site.serve(image, web=str(generations))
                site.site.up("main")
                site.site.run("replace", "main")
                generations += 2
    return (
        Figure("generations", str(generations)),
        Figure("requests of 4 kept connections", f"{len(traffic.seconds):,}"),
        Figure("messages of WebSockets", f"{traffic.counts['message']:,}"),
        Figure("downloads of 5 seconds", str(traffic.counts["download"])),
        Figure("failed", str(len(traffic.failures))),
        Figure("a request, median", _milliseconds(median(traffic.seconds))),
        Figure("a request, the slowest of a thousand", _milliseconds(quantiles(traffic.seconds, n=1000)[-1])),
    )


def cost_of_the_router(place: Workplace) -> Sequence[Figure]:
    """The same requests of the same client to a service that costs next to nothing, by turns."""
    with _named_site(place) as site, loaded_web_image(place.connection) as image:
        site.serve(image, web="0")
        site.site.up("main")
        (port,) = json.loads(site.site.run("url", "main", "-o", "json"))["ports"]
        host, ways = site.host("main"), {"direct": place_of(port["address"]), "by name": site.address}
        measures: dict[str, Callable[[tuple[str, int]], float]] = {
            "a request, median": lambda address: _latency(address, host),
            "requests a second on 4 connections": lambda address: _throughput(address, host),
            "MiB a second of a large download": lambda address: _download(address, host),
        }
        found: dict[tuple[str, str], list[float]] = {}
        for number in range(ROUNDS):
            for name, measure in measures.items():
                for way in sorted(ways, reverse=bool(number % 2)):
                    found.setdefault((name, way), []).append(measure(ways[way]))
        memory = _memory(site)
    figures = []
    for (name, way), values in sorted(found.items()):
        value = median(values)
        figures.append(Figure(f"{name}, {way}", _milliseconds(value) if "median" in name else f"{value:,.0f}"))
    return (*figures, Figure("the router's memory afterwards", memory))


def many_names(place: Workplace, *, count: int) -> Sequence[Figure]:
    """So many environments with names; then one more is told to the router, beside requests to another."""
    with _named_site(place) as site:
        site.site.repository.commit({"compose.yaml": SERVICE}, subject="small")
        site.site.run("freeze", "main")
        names = [f"routed-{number:03}" for number in range(count)]
        ups = [subject(place, site.site.repository.path, "up", "main", "--name", name) for name in names]
        run_once(ups[0])
        memory_of_one = _memory(site)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(run_once, ups[1:]))
        hosts = _hosts(site)
        if (good := sum(site.ask(host, SMALL)[0] == 200 for host in hosts)) != count:
            raise ScaleError(f"{good} of {count} answered")
        with Traffic(site.address, hosts[0], path=SMALL, clients=1, is_mixed=False) as quiet:
            time.sleep(LASTING)
        with Traffic(site.address, hosts[0], path=SMALL, clients=1, is_mixed=False) as busy:
            seconds, least = _lead_again(site, names[-ADDED:])
        memory = _memory(site)
        run_once(subject(place, site.site.repository.path, "down", "--all", "--yes"))
        if site.site.remains() or site.is_there():
            raise ScaleError("left after down")
    return (
        Figure("environments that answer by name", str(count)),
        Figure("telling the router of one more, median", _milliseconds(median(seconds))),
        Figure("telling the router of one more, longest", _milliseconds(max(seconds))),
        Figure("the engine writes one empty file, median", _milliseconds(median(least))),
        Figure("failed requests to another meanwhile", str(len(busy.failures))),
        Figure("a request to another meanwhile, median", _milliseconds(median(busy.seconds))),
        Figure("a request to another before, median", _milliseconds(median(quiet.seconds))),
        Figure("the router's memory with one", memory_of_one),
        Figure("the router's memory with all", memory),
    )


def _lead_again(site: NamedSite, names: Sequence[str]) -> tuple[list[float], list[float]]:
    """What `up` does at its end so that a name leads there, for each; and what the engine takes at least."""
    seconds, least = list[float](), list[float]()
    with _session(site) as session:
        run = Run(session, lambda _event: None, Cancellation())
        for name in names:
            found = find_environment(session, name)
            begun = time.perf_counter()
            lead_names(run, found)
            seconds.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            session.router.write(site.name, {".empty": b""})
            least.append(time.perf_counter() - begun)
    return seconds, least


def _session(site: NamedSite) -> Session:
    path, engine = str(site.site.repository.path), site.site.connection.host
    return open_session(path, docker_host=engine, environment=os.environ)


def _hosts(site: NamedSite) -> list[str]:
    return [entry["url"].partition("://")[2].partition(":")[0] for entry in site.site.environments()]


def _latency(address: tuple[str, int], host: str) -> float:
    connection = Connection(address, host)
    seconds = []
    for _ in range(ASKED):
        begun = time.perf_counter()
        connection.get("/fast")
        seconds.append(time.perf_counter() - begun)
    connection.close()
    return median(seconds)


def _throughput(address: tuple[str, int], host: str) -> float:
    counts = [0] * 4
    over = threading.Event()

    def ask(number: int) -> None:
        connection = Connection(address, host)
        while not over.is_set():
            connection.get("/fast")
            counts[number] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(counts))]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    over.wait(LASTING)
    over.set()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begun)


def _download(address: tuple[str, int], host: str) -> float:
    connection = Connection(address, host)
    begun = time.perf_counter()
    _, size = connection.skip(f"/large?{LARGE}")
    connection.close()
    return size / (1 << 20) / (time.perf_counter() - begun)


def _memory(site: NamedSite) -> str:
    with _session(site) as session:
        used = router_status(session).memory or 0
    return f"{used / (1 << 20):.0f} MiB"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"
