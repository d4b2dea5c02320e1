"""One environment: its header, its services and their containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.commit.revision import Branch, short_id
from previewer.domain.engine.examination import ExaminedContainer
from previewer.domain.engine.observation import ContainerState, Health, ObservedContainer
from previewer.domain.engine.usage import Usage
from previewer.domain.environment.environment import Environment, ServiceStatus, State
from previewer.domain.environment.urls import reason_for_no_url
from previewer.domain.json_value import as_text
from previewer.domain.record.notes import FailedAttempt
from previewer.domain.units import counted
from previewer.present.tables import Column, share_out
from previewer.present.values import Span, Tone, age, ago
from previewer.tui.job_kinds import known_good_others
from previewer.tui.present.ailments import ailment_line, ending_words
from previewer.tui.present.states import TAINT_SIGN, attempt_line, lifetime, sign_words, state_line
from previewer.tui.present.text import Line, cut_line, join, line, quiet, width_of
from previewer.tui.present.usage import cpu_line, limit_line, network_line

TABS = ("overview", "services", "logs", "drift", "history", "release", "plan", "data", "events")
"""In the order of their keys."""
_SEPARATOR = Span("  ·  ", Tone.QUIET)


def header_lines(
    environment: Environment,
    branch: Branch | None,
    *,
    now: datetime,
    width: int,
    drift: EnvironmentDrift | None = None,
    last_words: str = "",
) -> tuple[Line, ...]:
    """Four lines, each cut to ``width``; one more for a tainted environment.

    ``last_words`` is the last line that a failed service wrote: mostly it says why.
    """
    ownership = environment.ownership
    title = line(
        Span(environment.role.value, Tone.ACCENT), f" of {ownership.branch or short_id(ownership.commit)}"
    )
    is_behind = branch is not None and branch.commit != ownership.commit
    ailment = ailment_line(environment)
    said = line(Span(f": {last_words}", Tone.BAD)) if ailment and last_words else ()
    state = (*state_line(environment.state), *((Span(": ", Tone.QUIET), *ailment, *said) if ailment else ()))
    newer = line(Span("↑ the branch has a newer commit", Tone.ACCENT)) if is_behind else ()
    lines = (
        join((state, title, sign_words(environment, drift), newer), _SEPARATOR),
        join(
            (
                _fact("commit", short_id(ownership.commit)),
                _fact("release", short_id(ownership.release)),
                _fact("generation", str(ownership.generation)),
                _fact("by", ownership.owner),
            ),
            Span("   "),
        ),
        join(
            (
                _fact("made", ago(environment.created_at, now)),
                (*_fact("TTL left", ""), *lifetime(environment, now)),
                _asleep(environment, now),
                _good(environment),
            ),
            Span("   "),
        ),
        _urls(environment),
        *_taint(environment, drift, now),
    )
    return tuple(cut_line(spans, width) for spans in lines)


def _asleep(environment: Environment, now: datetime) -> Line:
    since = environment.notes.asleep_since
    return _fact("asleep for", age(since, now)) if since and environment.state is State.ASLEEP else ()


def _good(environment: Environment) -> Line:
    """The releases that it can go back to."""
    good = known_good_others(environment)
    return _fact("known-good", ", ".join(short_id(one.release) for one in good[:2])) if good else ()


def _taint(environment: Environment, drift: EnvironmentDrift | None, now: datetime) -> tuple[Line, ...]:
    """What was done by hand, the worst of it; what the ledger says where the engine tells no more of it."""
    if not environment.is_tainted:
        return ()
    touches = drift.touches if drift is not None else ()
    if not touches:
        return (line(Span(f"{TAINT_SIGN} {environment.notes.tainted}", Tone.BAD)),)
    first, more = touches[0], len(touches) - 1
    when = f" {ago(first.at, now)}" if first.at else ""
    rest = f"  and {counted(more, 'more finding')}" if more else ""
    return (line(Span(f"{TAINT_SIGN} {first.statement}", Tone.BAD), Span(f"{when}{rest}", Tone.QUIET)),)


def _fact(label: str, value: str) -> Line:
    return line(Span(f"{label} ", Tone.QUIET), value)


def _urls(environment: Environment) -> Line:
    if environment.url is None:
        return line(Span(f"no URL: {reason_for_no_url(environment)}", Tone.QUIET))
    others = [url for url in environment.urls if url != environment.url]
    rest = line(Span("   " + "  ".join(others), Tone.QUIET)) if others else ()
    return (*line(Span(environment.url, Tone.ACCENT)), *rest)


def gone_lines(name: str, attempt: FailedAttempt | None, now: datetime) -> tuple[Line, ...]:
    """In place of the first line, where the environment is no more, or did not come up."""
    if attempt is not None:
        why = line("  ", Span(attempt.reason, Tone.BAD), Span("  what it wrote last:", Tone.QUIET))
        return ((*attempt_line(attempt, now), *why),)
    return (line(Span(f"○ {name} is gone", Tone.WARN), Span("  esc goes back", Tone.QUIET)),)


def tab_lines(
    current: str, counts: Mapping[str, int] | None = None, *, width: int
) -> tuple[tuple[str, Line], ...]:
    """The tabs with their keys, the current one loud; ``counts`` of what a tab has that wants to be looked at.

    They are put closer together where ``width`` cells are not enough.
    """
    found: list[tuple[str, Line]] = []
    for number, name in enumerate(TABS, 1):
        is_current, count = name == current, (counts or {}).get(name, 0)
        key = Span(f"{number} ", Tone.ACCENT if is_current else Tone.QUIET)
        title = Span(name.capitalize(), Tone.STRONG if is_current else Tone.QUIET)
        found.append((name, (key, title, Span(f" {count}  " if count else "  ", Tone.WARN))))
    if sum(width_of(spans) for _name, spans in found) <= width:
        return tuple(found)
    return tuple(
        (name, (Span(key.text.strip(), Tone.ACCENT), title, Span(after.text[:-1], after.tone)))
        for name, (key, title, after) in found
    )


ALL_SERVICES = ""
"""The key of the first row, which stands for all services."""

_SERVICE_COLUMNS = (
    (0, Column("service", "Service", 12, share=2, most=32)),
    (0, Column("state", "State", 15, share=1, most=26)),
    (86, Column("cpu", "CPU", 15)),
    (100, Column("memory", "Memory / limit", 19)),
    (124, Column("network", "Network a second", 17)),
    (0, Column("ports", "URL", 22, share=3, most=64)),
    (140, Column("image", "Image", 12)),
    (170, Column("detail", "Container", 18, share=1, most=30)),
)
_FIGURES = frozenset({"cpu", "memory", "network"})
"""Left out while nothing is known of any service."""


def fit_service_columns(width: int, *, has_figures: bool) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells."""
    chosen = [c for least, c in _SERVICE_COLUMNS if width >= least and (has_figures or c.key not in _FIGURES)]
    return share_out(chosen, width)


def all_services_lines(count: int, usage: Usage | None = None) -> Mapping[str, Line]:
    """The first row, with what all use together."""
    return {
        "service": line(Span("all services", Tone.STRONG)),
        "state": line(Span(f"{count} of them" if count != 1 else "1", Tone.QUIET)),
        **_figures(usage),
    }


def _figures(usage: Usage | None) -> Mapping[str, Line]:
    return {"cpu": cpu_line(usage, width=8), "memory": limit_line(usage), "network": network_line(usage)}


def service_lines(
    service: ServiceStatus, *, is_stale: bool = False, usage: Usage | None = None
) -> Mapping[str, Line]:
    """A service's row; ``is_stale`` where the engine does not answer any more."""
    ended = next((words for c in service.containers if (words := _ending(c))), "")
    state = (*state_line(service.state), *line(Span(f" {ended}" if ended else "", Tone.BAD)))
    return {
        "service": line(service.name),
        "state": quiet(state) if is_stale else state,
        **_figures(usage),
        "detail": _detail(service),
        "image": line(Span(short_id(service.image), Tone.QUIET)),
        "ports": line("  ".join((*_service_urls(service), *_other_ports(service)))),
    }


def _service_urls(service: ServiceStatus) -> Iterator[str]:
    """Each with its port in the container in front."""
    return (f"{port.port} → {port.url}" for port in service.ports)


def _detail(service: ServiceStatus) -> Line:
    if not service.containers:
        return line(Span("no container", Tone.QUIET))
    if len(service.containers) > 1:
        up = sum(container.state is ContainerState.RUNNING for container in service.containers)
        return line(f"{up} of {len(service.containers)} running")
    return line(_words(service.containers[0]))


def _ending(container: ObservedContainer) -> str:
    """``exit 3``; nothing for a container that runs, or that ended well."""
    has_ended = container.exit_code and container.state is not ContainerState.RUNNING
    return f"exit {container.exit_code}" if has_ended else ""


def _words(container: ObservedContainer) -> str:
    if container.exit_code is not None and container.state is not ContainerState.RUNNING:
        return ending_words(container)
    if container.health is Health.NONE:
        return container.state.value
    return f"{container.state.value}, {container.health.value}"


def _other_ports(service: ServiceStatus) -> tuple[str, ...]:
    """The published ports that have no URL."""
    return tuple(
        f"{port.host_ip}:{port.host_port}→{port.target}/{port.protocol}"
        for container in service.containers
        for port in container.ports
        if port.protocol != "tcp"
    )


_CONTAINER_COLUMNS = (
    Column("service", "Service", 12, share=1, most=26),
    Column("state", "State", 15, share=2, most=30),
    Column("restarts", "Restarts", 8, align_right=True),
    Column("up", "Up", 6, align_right=True),
    Column("image", "Image", 12),
    Column("container", "Container", 14, share=3, most=60),
)
_COMMAND = Column("command", "Command", 16, share=3)
_WIDE_FROM = 120
MANY_RESTARTS = 3
"""From here on they are a warning."""


def fit_container_columns(width: int) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells."""
    return share_out((*_CONTAINER_COLUMNS, _COMMAND) if width >= _WIDE_FROM else _CONTAINER_COLUMNS, width)


def container_lines(
    container: ExaminedContainer, environment: Environment, *, now: datetime
) -> Mapping[str, Line]:
    """A container's row."""
    state = next((s.state for s in environment.services if s.name == container.service), None)
    is_up = container.state is ContainerState.RUNNING
    number = f" {container.number}" if container.number > 1 else ""
    name = Span("debug copy of ", Tone.WARN) if container.is_one_off else ""
    return {
        "service": line(name, f"{container.service}{number}"),
        "state": _state(container, state),
        "restarts": _restarts(container),
        "up": line(age(container.started_at, now) if is_up and container.started_at else ""),
        "image": line(Span(short_id(as_text(container.fields.get("image"))), Tone.QUIET)),
        "container": line(container.name),
        "command": line(Span(_command(container), Tone.QUIET)),
    }


def _restarts(container: ExaminedContainer) -> Line:
    if not container.restarts:
        return line(Span("0", Tone.QUIET))
    return line(Span(str(container.restarts), Tone.WARN if container.restarts >= MANY_RESTARTS else Tone.PLAIN))


def _state(container: ExaminedContainer, state: State | None) -> Line:
    """``✖ exited with 3``: how it ended stands where nothing cuts it off."""
    shown = state_line(state) if state and not container.is_one_off else line(container.state.value)
    if container.exit_code is None or state is State.ASLEEP:
        return shown
    sign = shown[0]
    ending = f"exited with {container.exit_code}{', out of memory' if container.out_of_memory else ''}"
    return line(Span(f"{sign.text.split()[0]} {ending}" if state else ending, sign.tone))


def _command(container: ExaminedContainer) -> str:
    words = container.fields.get("command")
    return " ".join(as_text(word) for word in words) if isinstance(words, list | tuple) else as_text(words)
