"""Which images a build takes from outside: ``FROM``, ``COPY --from`` and ``RUN --mount=…,from=``.

Only stages that the target needs count: a Dockerfile may have a stage for developers whose base nobody here has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field

from previewer.errors import DefinitionError
from previewer.freeze.build_contexts import FurtherContexts
from previewer.freeze.dockerfile.instructions import Dockerfile, Instruction, split_words
from previewer.freeze.dockerfile.variables import expand, platform_variables, unquote
from previewer.frozen import dataclass

SCRATCH = "scratch"
_MOUNT_FROM = re.compile(r"(?:^|,)from=([^,]+)")


@dataclass(frozen=True, slots=True)
class BaseUse:
    """One place that names an image from outside the build."""

    instruction: Instruction
    written: str
    """As it stands in the file, variables and all."""
    reference: str
    """With variables expanded."""
    platform: str


@dataclass(slots=True)
class _Stage:
    """A stage while it is being read."""

    names: set[str]
    """Its number and, in lower case, its name."""
    uses: list[BaseUse] = field(default_factory=list)
    needs: set[int] = field(default_factory=set)
    """Positions of the stages that it takes something from."""


@dataclass(frozen=True, slots=True)
class _Named:
    """What names in a Dockerfile mean besides its own stages."""

    contexts: FurtherContexts
    platform: str

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
) -> tuple[BaseUse, ...]:
    """The images that building ``target`` (the last stage, if ``None``) needs, in the order of the file.

    A further context goes before a stage or an image of its name.

    Raises :class:`DefinitionError`, with ``where`` and the line, for a Dockerfile without stages, an unknown
    target or a name that can't be known before the build.
    """
    stages = _read_stages(dockerfile, args, _Named(contexts or FurtherContexts(), platform), where)
    if not stages:
        raise DefinitionError("the Dockerfile has no FROM", where=where)
    needed = _needed(stages, _target_position(stages, target, where))
    return tuple(use for position in sorted(needed) for use in stages[position].uses)


def _read_stages(dockerfile: Dockerfile, args: Mapping[str, str], named: _Named, where: str) -> list[_Stage]:
    variables = platform_variables(named.platform)
    stages: list[_Stage] = []
    for instruction in dockerfile.instructions:
        place = f"{where}:{instruction.line}"
        if instruction.keyword == "ARG" and not stages:
            variables.update(_declared(instruction, args, variables))
        elif instruction.keyword == "FROM":
            stages.append(_read_from(instruction, stages, variables, named, place))
        elif stages:
            for name in _taken_from(instruction):
                _take(stages, instruction, name, named, place)
    return stages


def _declared(instruction: Instruction, args: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """What an ``ARG`` before the first stage sets: the given value, else its default."""
    found: dict[str, str] = {}
    for word in split_words(instruction.arguments):
        name, equals, default = word.partition("=")
        if name in args:
            found[name] = args[name]
        elif equals:
            found[name] = expand(unquote(default), {**variables, **found})
    return found


def _read_from(
    instruction: Instruction, before: list[_Stage], variables: Mapping[str, str], named: _Named, place: str
) -> _Stage:
    flags, words = split_flags(instruction.arguments)
    if len(words) not in (1, 3) or (len(words) == 3 and words[1].upper() != "AS"):
        raise DefinitionError("FROM takes an image and perhaps AS and a name", where=place)
    stage = _Stage({str(len(before))} | ({words[2].lower()} if len(words) == 3 else set()))
    reference = expand(unquote(words[0]), variables)
    if not reference:
        raise DefinitionError(
            f"FROM {words[0]} names no image", where=place, hint="give the ARG a default, or set it in build.args"
        )
    earlier = _position(before, reference, by_number=False)
    if earlier is not None and not named.has(reference):
        stage.needs.add(earlier)
    elif (image := named.image(reference)) is not None:
        asked = [expand(flag.partition("=")[2], variables) for flag in flags if flag.startswith("--platform=")]
        platform = asked[0] if asked and asked[0] else named.platform
        stage.uses.append(BaseUse(instruction, words[0], image, platform))
    return stage


def _taken_from(instruction: Instruction) -> Iterator[str]:
    """The stages and images that an instruction other than ``FROM`` takes files from."""
    if instruction.keyword in ("COPY", "ADD", "RUN"):
        for flag in split_flags(instruction.arguments)[0]:
            name, _, value = flag.partition("=")
            if name == "--from" and instruction.keyword != "RUN":
                yield unquote(value)
            if name == "--mount" and (match := _MOUNT_FROM.search(unquote(value))):
                yield match[1]


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
    found = [position for position, stage in enumerate(stages) if name.lower() in stage.names]
    return found[-1] if found else None


def _target_position(stages: list[_Stage], target: str | None, where: str) -> int:
    if target is None:
        return len(stages) - 1
    position = _position(stages, target, by_number=True)
    if position is None:
        raise DefinitionError(f"the Dockerfile has no stage called {target}", where=where)
    return position


def _needed(stages: list[_Stage], target: int) -> set[int]:
    found: set[int] = set()
    pending = [target]
    while pending:
        position = pending.pop()
        if position not in found:
            found.add(position)
            pending.extend(stages[position].needs)
    return found


def split_flags(arguments: str) -> tuple[list[str], list[str]]:
    """The leading ``--name=value`` words of an instruction, and the others."""
    words = split_words(arguments)
    count = next((i for i, word in enumerate(words) if not word.startswith("--")), len(words))
    return words[:count], words[count:]
