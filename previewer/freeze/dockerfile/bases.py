"""Which images a build takes from outside: ``FROM``, ``COPY --from`` and ``RUN --mount=…,from=``.

Only stages that the target needs count: a Dockerfile may have a stage for developers with a private base.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from previewer.errors import DefinitionError
from previewer.freeze.build_context import FurtherContexts
from previewer.freeze.dockerfile.instructions import (
    Dockerfile,
    Instruction,
    expand,
    platform_variables,
    split_flags,
    split_words,
)

SCRATCH = "scratch"


class BaseUse(Struct, frozen=True):
    """One place that names an image from outside the build."""

    instruction: Instruction
    written: str
    """As it stands in the file, variables and all."""
    reference: str
    """With variables expanded."""
    platform: str


class UnneededStage(Struct, frozen=True):
    """A stage that the target does not take anything from."""

    line: int
    """The line of its ``FROM``, from 1."""
    end: int
    """The line of the next stage's ``FROM``, or the one after the file's last."""
    name: str
    """What it is called by ``AS``; empty without."""
    is_before_target: bool


class NeededBases(Struct, frozen=True):
    """What building a target takes from outside, and what of the Dockerfile it does without."""

    uses: tuple[BaseUse, ...]
    """In the order of the file."""
    unneeded: tuple[UnneededStage, ...]


class _Stage(Struct):
    """A stage while it is being read."""

    origin: Instruction
    """The stage's ``FROM``."""
    name: str
    names: set[str]
    """Its number and, in lower case, its name."""
    triggers: list[Instruction] = field(default_factory=list)
    """What stages that are built upon this one do first."""
    uses: list[BaseUse] = field(default_factory=list)
    needs: set[int] = field(default_factory=set)
    """Positions of the stages that it takes something from."""


class _Named(Struct, frozen=True):
    """What names in a Dockerfile mean besides its own stages."""

    contexts: FurtherContexts
    platform: str
    escape: str

    def expand(self, text: str, variables: Mapping[str, str], place: str) -> str:
        """Raises :class:`DefinitionError` where BuildKit would refuse the text."""
        try:
            return expand(text, variables, escape=self.escape)
        except ValueError as error:
            raise DefinitionError(str(error), where=place) from None

    def has(self, name: str) -> bool:
        return name in self.contexts.images or name in self.contexts.folders

    def image(self, name: str) -> str | None:
        """The image that ``name`` means; ``None`` for a folder and for nothing."""
        if not name or name in self.contexts.folders or name == SCRATCH:
            return None
        return self.contexts.images.get(name, name)


def find_bases(
    dockerfile: Dockerfile,
    *,
    args: Mapping[str, str],
    target: str | None,
    platform: str,
    where: str,
    contexts: FurtherContexts | None = None,
) -> NeededBases:
    """The images that building ``target`` (the last stage, if ``None``) needs, and the stages that it does not.

    A further context goes before a stage or an image of its name.

    Raises :class:`DefinitionError`, with ``where`` and the line, for a Dockerfile without stages, an unknown
    target or a name that can't be known before the build.
    """
    named = _Named(contexts or FurtherContexts(), platform, dockerfile.escape)
    stages = _read_stages(dockerfile, args, named, where)
    if not stages:
        other = "; it is for another frontend, and those are not used" if dockerfile.frontends else ""
        raise DefinitionError(f"the Dockerfile has no FROM{other}", where=where)
    wanted = _target_position(stages, target, where)
    needed = _needed(stages, wanted)
    ends = [stage.origin.line for stage in stages[1:]] + [len(dockerfile.lines) + 1]
    return NeededBases(
        tuple(use for position in sorted(needed) for use in stages[position].uses),
        tuple(
            UnneededStage(stage.origin.line, end, stage.name, position < wanted)
            for position, (stage, end) in enumerate(zip(stages, ends, strict=True))
            if position not in needed
        ),
    )


def _read_stages(dockerfile: Dockerfile, args: Mapping[str, str], named: _Named, where: str) -> list[_Stage]:
    variables = platform_variables(named.platform)
    stages: list[_Stage] = []
    for instruction in dockerfile.instructions:
        place = f"{where}:{instruction.line}"
        if instruction.has_odd_heredoc:
            raise DefinitionError(
                "a heredoc's name has blanks, inner quotes or escapes", where=place, hint="call it EOF"
            )
        if instruction.keyword == "ARG" and not stages:
            variables.update(_declared(instruction, args, variables, named, place))
        elif instruction.keyword == "FROM":
            stages.append(_read_from(instruction, stages, variables, named, place))
            for trigger in _triggers_of_base(stages):
                _take_all(stages, trigger, named, f"{where}:{trigger.line}")
        elif instruction.trigger is not None and stages:
            stages[-1].triggers.append(instruction.trigger)
        elif stages:
            _take_all(stages, instruction, named, place)
    return stages


def _triggers_of_base(stages: list[_Stage]) -> list[Instruction]:
    """The ``ONBUILD`` instructions of the stage that the last one is built upon."""
    return [trigger for position in stages[-1].needs for trigger in stages[position].triggers]


def _take_all(stages: list[_Stage], instruction: Instruction, named: _Named, place: str) -> None:
    for name in taken_from(instruction, place):
        _take(stages, instruction, name, named, place)


def _declared(
    instruction: Instruction, args: Mapping[str, str], variables: Mapping[str, str], named: _Named, place: str
) -> dict[str, str]:
    """What an ``ARG`` before the first stage sets: the given value, else its default."""
    arguments: dict[str, str] = {}
    for word in split_words(instruction.arguments):
        name, equals, default = word.partition("=")
        if name in args:
            arguments[name] = args[name]
        elif equals:
            arguments[name] = named.expand(default, {**variables, **arguments}, place)
    return arguments


def _read_from(
    instruction: Instruction, before: list[_Stage], variables: Mapping[str, str], named: _Named, place: str
) -> _Stage:
    flags, rest = split_flags(instruction.arguments)
    words = rest.split()
    if len(words) not in (1, 3) or (len(words) == 3 and words[1].upper() != "AS"):
        raise DefinitionError("FROM takes an image and perhaps AS and a name", where=place)
    name = words[2] if len(words) == 3 else ""
    stage = _Stage(instruction, name, {str(len(before))} | ({name.lower()} if name else set()))
    reference = named.expand(words[0], variables, place)
    if not reference:
        raise DefinitionError(
            f"FROM {words[0]} names no image", where=place, hint="give the ARG a default, or set it in build.args"
        )
    earlier = _position(before, reference, by_number=False)
    if earlier is not None and not named.has(reference):
        stage.needs.add(earlier)
    elif (image := named.image(reference)) is not None:
        asked = [
            named.expand(flag.partition("=")[2], variables, place)
            for flag in flags
            if flag.startswith("--platform=")
        ]
        platform = asked[0] if asked and asked[0] else named.platform
        stage.uses.append(BaseUse(instruction, words[0], image, platform))
    return stage


def taken_from(instruction: Instruction, place: str) -> Iterator[str]:
    """The stages and images that an instruction other than ``FROM`` takes files from.

    Raises :class:`DefinitionError` for a flag whose value stands apart from it: BuildKits read that differently.
    """
    if instruction.keyword not in ("COPY", "ADD", "RUN"):
        return
    for flag in split_flags(instruction.arguments)[0]:
        name, equals, value = flag.partition("=")
        if name in ("--from", "--mount") and not equals:
            raise DefinitionError(f"{name} has no value", where=place, hint=f"write {name}=…, without a blank")
        if name == "--from":
            yield value
        if name == "--mount":
            for key, _, source in (part.partition("=") for part in next(csv.reader([value]), [])):
                if key.lower() == "from":
                    yield source


def _take(stages: list[_Stage], instruction: Instruction, name: str, named: _Named, place: str) -> None:
    if "$" in name:
        raise DefinitionError(
            f"from={name} cannot be known before the build", where=place, hint="name a stage: FROM … AS …"
        )
    position = _position(stages[:-1], name, by_number=True)
    if position is not None and not named.has(name):
        stages[-1].needs.add(position)
    elif (image := named.image(name)) is not None:
        stages[-1].uses.append(BaseUse(instruction, name, image, named.platform))


def _position(stages: list[_Stage], name: str, *, by_number: bool) -> int | None:
    """The latest stage that is called so."""
    if name.isdigit() and not by_number:
        return None
    positions = [position for position, stage in enumerate(stages) if name.lower() in stage.names]
    return positions[-1] if positions else None


def _target_position(stages: list[_Stage], target: str | None, where: str) -> int:
    if target is None:
        return len(stages) - 1
    position = _position(stages, target, by_number=True)
    if position is None:
        raise DefinitionError(f"the Dockerfile has no stage called {target}", where=where)
    return position


def _needed(stages: list[_Stage], target: int) -> set[int]:
    needed: set[int] = set()
    pending = [target]
    while pending:
        position = pending.pop()
        if position not in needed:
            needed.add(position)
            pending.extend(stages[position].needs)
    return needed
