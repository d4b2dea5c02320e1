"""The verdict on one environment: every finding of every layer, the worst first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from previewer.domain.drift.fields import ENVIRONMENT, below
from previewer.domain.drift.finding import Finding, Layer, Severity, by_weight
from previewer.domain.drift.frozen import FrozenContainer, FrozenEnvironment
from previewer.domain.drift.judge_container import ContainerPair, judge_specification, judge_state
from previewer.domain.drift.judge_files import judge_files
from previewer.domain.drift.judge_resources import (
    is_of,
    judge_networks,
    judge_references,
    judge_strangers,
    judge_volumes,
)
from previewer.domain.drift.judge_touches import COPIED_OUT, EXPORTED, TouchedThings, find_touches
from previewer.domain.engine.examination import EngineHappening, Examination, ExaminedContainer, FileChange
from previewer.domain.json_value import as_text
from previewer.domain.secrecy import Secrecy, is_secret_name

Changes = Mapping[str, Sequence[FileChange]]
"""File changes by container id."""
Explained = Mapping[str, Collection[str]]
"""Paths by container id."""


def judge_environment(
    frozen: FrozenEnvironment,
    seen: Examination,
    *,
    changes: Changes,
    explained: Explained | None = None,
    happenings: Iterable[EngineHappening],
    secrecy: Secrecy,
) -> tuple[Finding, ...]:
    """Every finding. ``changes`` may leave containers out: nothing is said of their files then.

    ``explained`` are the changed paths that are as every fresh generation of the release has them.
    """
    pairs = pair_containers(frozen, seen)
    told = secrecy.knowing(_secret_values(pairs))
    found: list[Finding] = []
    if frozen.unjudged:
        found.append(_unjudged(frozen))
    if frozen.notes.tainted:
        found.append(_tainted(frozen))
    for wanted, live in pairs:
        found.extend(_judge_pair(frozen, wanted, live, changes, explained or {}, told))
    found.extend(_extras(frozen, seen, pairs))
    if not frozen.unjudged:
        found.extend(judge_networks(frozen, seen, told))
        found.extend(judge_volumes(frozen, seen, told))
    found.extend(judge_strangers(frozen, seen))
    found.extend(judge_references(frozen, seen.tags))
    touches = find_touches(_touched(frozen, seen, pairs), happenings)
    found.extend(_perhaps_read_by_us(finding, frozen) for finding in touches)
    shown = (
        replace(f, live=told.masked(f.live), frozen=told.masked(f.frozen), what=told.masked(f.what)) for f in found
    )
    return tuple(sorted(shown, key=by_weight))


def _perhaps_read_by_us(finding: Finding, frozen: FrozenEnvironment) -> Finding:
    """Contents are read to be compared, and the engine does not say who reads."""
    if finding.kind == EXPORTED:
        what = "its file system was exported, by previewer to compare contents or by hand"
    elif finding.kind == COPIED_OUT and frozen.start_writes.services:
        what = "files were copied out of it, by previewer to compare them or by hand"
    else:
        return finding
    return replace(finding, what=what, is_expected=True)


def pair_containers(
    frozen: FrozenEnvironment, seen: Examination
) -> list[tuple[FrozenContainer, ExaminedContainer | None]]:
    """Each container that was asked for with the one that is there: by its name, else by its labels."""
    own = [c for c in seen.containers if not c.is_one_off and is_of(c.ownership, frozen)]
    by_name = {container.name: container for container in own}
    taken = {container.name for container in frozen.containers} & by_name.keys()
    pairs: list[tuple[FrozenContainer, ExaminedContainer | None]] = []
    for wanted in frozen.containers:
        found = by_name.get(wanted.name)
        if found is None:
            same = (
                c for c in own if (c.service, c.number) == (wanted.service, wanted.number) and c.name not in taken
            )
            if (found := next(same, None)) is not None:
                taken.add(found.name)
        pairs.append((wanted, found))
    return pairs


def _judge_pair(
    frozen: FrozenEnvironment,
    wanted: FrozenContainer,
    live: ExaminedContainer | None,
    changes: Changes,
    explained: Explained,
    secrecy: Secrecy,
) -> Iterator[Finding]:
    if live is None:
        yield _container(
            frozen,
            wanted.name,
            wanted.service,
            "container-missing",
            "the container is gone",
            "what needs it fails",
        )
        return
    pair = ContainerPair(frozen, wanted, live, secrecy)
    if wanted.fields is None and not frozen.unjudged:
        what = "the image that it was made of is gone from the engine"
        why = "its contents can't be checked, and it can't be recreated"
        remedy = "previewer replace {environment}"
        yield pair.finding("image-missing", Severity.MEDIUM, what, why, remedy=remedy, taints=False)
    yield from judge_specification(pair)
    yield from judge_state(pair)
    if frozen.looks_at_files and live.id in changes:
        yield from judge_files(frozen, wanted, live, changes[live.id], explained=explained.get(live.id, ()))


def _extras(
    frozen: FrozenEnvironment, seen: Examination, pairs: Sequence[tuple[FrozenContainer, ExaminedContainer | None]]
) -> Iterator[Finding]:
    if frozen.unjudged:
        return
    known = {live.id for _wanted, live in pairs if live is not None}
    for container in seen.containers:
        if container.ownership.environment != frozen.name or container.id in known:
            continue
        if container.is_one_off:
            what, why = "a debug copy hangs on the environment's networks", "it goes when its shell ends"
            found = _container(frozen, container.name, container.service, "debug-copy", what, why)
            yield replace(found, severity=Severity.LOW, taints=False, remedy="exit its shell")
        elif is_of(container.ownership, frozen):
            what, why = (
                "the container has the environment's labels but is not declared",
                "it answers for a service",
            )
            yield _container(frozen, container.name, container.service, "container-added", what, why)
        elif container.ownership.generation not in frozen.notes.kept:
            what, why = "a container of another generation is still there", "a command was interrupted"
            found = _container(frozen, container.name, container.service, "generation-left", what, why)
            yield replace(found, severity=Severity.MEDIUM, taints=False)


def _container(frozen: FrozenEnvironment, name: str, service: str, kind: str, what: str, why: str) -> Finding:
    return Finding(
        kind=kind,
        layer=Layer.SPECIFICATION,
        severity=Severity.HIGH,
        environment=frozen.name,
        service=service,
        where=name,
        what=what,
        why=why,
    )


def _tainted(frozen: FrozenEnvironment) -> Finding:
    """What was noted stays true when the engine has forgotten it."""
    return Finding(
        kind="tainted",
        layer=Layer.TOUCH,
        severity=Severity.HIGH,
        environment=frozen.name,
        service="",
        where=frozen.name,
        what="the ledger says that it was changed by hand",
        why="it is unknown what else was done",
        live=frozen.notes.tainted,
        taints=False,
    )


def _unjudged(frozen: FrozenEnvironment) -> Finding:
    return Finding(
        kind="release-unknown",
        layer=Layer.SPECIFICATION,
        severity=Severity.MEDIUM,
        environment=frozen.name,
        service="",
        where=frozen.name,
        what=f"what was frozen is not known here: {frozen.unjudged}",
        why="only files and touches are judged",
        remedy="run drift in the clone that froze it, or fetch its references of previewer from there",
        taints=False,
    )


def _touched(
    frozen: FrozenEnvironment, seen: Examination, pairs: Sequence[tuple[FrozenContainer, ExaminedContainer | None]]
) -> TouchedThings:
    return TouchedThings(
        environment=frozen,
        wanted={live.id: wanted for wanted, live in pairs if live is not None},
        live={container.id: container for container in seen.containers if is_of(container.ownership, frozen)},
        network_names=frozenset(frozen.networks)
        | {network.name for network in seen.networks if is_of(network.ownership, frozen)},
    )


def _secret_values(pairs: Sequence[tuple[FrozenContainer, ExaminedContainer | None]]) -> set[str]:
    """The values of variables that look like secrets, as frozen and as they are."""
    fields = [f for wanted, live in pairs for f in (wanted.fields, live.fields if live else None) if f]
    return {
        as_text(value)[1:]
        for one in fields
        for name, value in below(one, ENVIRONMENT).items()
        if is_secret_name(name)
    }
