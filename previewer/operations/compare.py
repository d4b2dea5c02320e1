"""Bring two revisions up beside each other, ask both the same, and say how they differ."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import zip_longest

from msgspec import Struct
from msgspec.structs import replace

from previewer.deployment.data import chosen_snapshot, see_data
from previewer.domain import naming
from previewer.domain.data.beginning import EMPTY, SEEDS
from previewer.domain.deploy.request import DeployRequest
from previewer.errors import UsageError
from previewer.operations.parity import resolve_side
from previewer.operations.probe import Probed, probe
from previewer.operations.run.command import refuse_unknown, run_on_host, time_limit
from previewer.operations.run.run import CommandRequest, variables_of
from previewer.operations.run.sweeper import Sweeper
from previewer.operations.run.temporary import Temporary, new_name, temporary
from previewer.session.run import Run

OWN_VARIABLES = tuple(f"PREVIEWER_{name}" for name in ("URL", "ENVIRONMENT", "COMMIT", "RELEASE", "EXPIRES_AT"))
"""Beginnings of those whose values no two environments have in common."""


class Said(Struct, frozen=True):
    """What the command came to beside one of the two."""

    code: int
    lines: tuple[str, ...]
    """Its output, with the environment's own names and URLs replaced by the variables that say them."""


class OutputDifference(Struct, frozen=True):
    """A place where the two differ."""

    what: str
    """``exit code``, or ``line 7`` (of the first)."""
    left: str
    right: str


class Comparison(Struct, frozen=True):
    """Two revisions that were asked the same."""

    left: str
    right: str
    """The revisions, as the user calls them."""
    said: tuple[Said, Said] | None
    """``None`` where no command was run."""
    probed: tuple[Probed, ...]
    """Requests that were sent to both."""

    @property
    def differences(self) -> tuple[OutputDifference, ...]:
        """Differences of what the command came to."""
        return tuple(_differences(*self.said)) if self.said is not None else ()

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return bool(self.differences) or any(one.differences for one in self.probed)


def compare_revisions(
    run: Run, left: str, right: str, request: CommandRequest, *, sweeper: Sweeper, probes: bool
) -> Comparison:
    """Bring both up, run the command beside each in turn, and with ``probes`` send the declared requests.

    Raises what :func:`previewer.operations.up.up` and :func:`previewer.operations.probe.probe` raise.
    """
    if not (request.command or probes):
        raise UsageError(
            "say what both are asked", hint="--probe, or a command: previewer compare main HEAD -- ./check"
        )
    if request.command:
        refuse_unknown(request.command, request.variables)
    request = replace(request, deploy=_with_one_snapshot(run, request.deploy))
    with (
        time_limit(run, request.timeout, where=f"{left} and {right}") as limited,
        _both(limited, (left, right), request, sweeper) as pair,
    ):
        probed: tuple[Probed, ...] = ()
        if probes:
            sides = [resolve_side(limited.session, made.result.environment.name) for made in pair]
            probed = probe(limited.session, *sides)
        said = None
        if request.command:
            said = (_ask(limited, pair[0], request, sweeper), _ask(limited, pair[1], request, sweeper))
        limited.cancellation.check()
    return Comparison(left, right, said, probed)


def _with_one_snapshot(run: Run, request: DeployRequest) -> DeployRequest:
    """The newest of an environment may be another by the time that the second of the two comes up."""
    if request.data in ("", EMPTY, SEEDS):
        return request
    return replace(request, data=chosen_snapshot(run.session, request.data, see_data(run.session)).id)


@contextmanager
def _both(
    run: Run, revisions: tuple[str, str], request: CommandRequest, sweeper: Sweeper
) -> Iterator[tuple[Temporary, Temporary]]:
    """Two environments that come up at the same time; neither stays where the other does not come up."""
    names = [naming.slug(new_name(run.session)) for _revision in revisions]
    for name in names:
        sweeper.watch(name)
    managers = [
        temporary(run, revision, replace(request.deploy, name=name))
        for revision, name in zip(revisions, names, strict=True)
    ]
    with ExitStack() as stack:
        with ThreadPoolExecutor(len(managers), thread_name_prefix="previewer-compare") as pool:
            begun = [pool.submit(manager.__enter__) for manager in managers]
        for manager, entered in zip(managers, begun, strict=True):
            if entered.exception() is None:
                stack.push(manager)
        first, second = (entered.result() for entered in begun)
        yield first, second


def _ask(run: Run, made: Temporary, request: CommandRequest, sweeper: Sweeper) -> Said:
    variables = variables_of(made.result)
    lines: list[str] = []
    code = run_on_host(
        request.command,
        {**request.variables, **variables},
        cancellation=run.cancellation,
        sweeper=sweeper,
        lines=lines.append,
    )
    return Said(code, tuple(_without_names(line, variables) for line in lines))


def _without_names(line: str, variables: Mapping[str, str]) -> str:
    """The same for both: ports, names and commits are different in any two environments."""
    for name, value in sorted(variables.items(), key=lambda item: (-len(item[1]), item[0])):
        if value and name.startswith(OWN_VARIABLES):
            mark = f"${{{name}}}"
            line = line.replace(value, mark).replace(value.partition("://")[2] or value, mark)
    return line


def _differences(left: Said, right: Said) -> Iterator[OutputDifference]:
    if left.code != right.code:
        yield OutputDifference("exit code", str(left.code), str(right.code))
    matcher = difflib.SequenceMatcher(None, left.lines, right.lines, autojunk=False)
    for kind, begin, end, other, other_end in matcher.get_opcodes():
        if kind == "equal":
            continue
        pairs = zip_longest(left.lines[begin:end], right.lines[other:other_end], fillvalue="")
        for offset, (ours, theirs) in enumerate(pairs):
            yield OutputDifference(f"line {begin + offset + 1}", ours, theirs)
