"""What variables stand for at each instruction of a Dockerfile, as far as the file itself says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from previewer.freeze.dockerfile.instructions import (
    Dockerfile,
    Instruction,
    expand,
    platform_variables,
    split_flags,
    split_words,
)


class StageVariables(Struct, frozen=True):
    """The variables of a stage at one of its instructions. What the base image sets is not among them."""

    known: Mapping[str, str] = field(default_factory=dict)
    unset: frozenset[str] = frozenset()
    """Declared by an ``ARG`` that has no value."""


def follow_variables(
    dockerfile: Dockerfile, args: Mapping[str, str], platform: str
) -> Iterator[tuple[Instruction, StageVariables]]:
    """Each instruction, with the variables before it. ``args`` are the build's arguments.

    Raises :class:`ValueError` where BuildKit would refuse a value.
    """
    outer: dict[str, str] = {}
    stages: dict[str, _Stage] = {}
    stage: _Stage | None = None
    for instruction in dockerfile.instructions:
        yield instruction, StageVariables(stage.variables, frozenset(stage.unset)) if stage else StageVariables()
        if instruction.keyword == "FROM":
            words = split_flags(instruction.arguments)[1].split()
            base = stages.get(expand(words[0], outer, escape=dockerfile.escape).lower()) if words else None
            stage = _Stage(base)
            stages[words[2].lower() if len(words) == 3 else ""] = stage
        elif instruction.keyword == "ARG":
            for name, default in _assignments(instruction.arguments):
                values = stage.variables if stage else {**platform_variables(platform), **outer}
                value = args.get(name, default and expand(default, values, escape=dockerfile.escape))
                if stage is None:
                    outer |= {} if value is None else {name: value}
                else:
                    stage.declare(name, outer.get(name, platform_variables(platform).get(name)), value)
        elif instruction.keyword == "ENV" and stage is not None:
            values = dict(stage.variables)
            for name, text in _environment(instruction.arguments):
                stage.set(name, expand(text or "", values, escape=dockerfile.escape))


class _Stage:
    """The variables of a stage so far."""

    def __init__(self, base: _Stage | None) -> None:
        self._arguments: dict[str, str] = dict(base._arguments) if base else {}
        self._environment: dict[str, str] = dict(base._environment) if base else {}
        self.unset: set[str] = set(base.unset) if base else set()

    @property
    def variables(self) -> Mapping[str, str]:
        """Values by name; ``ENV`` takes precedence over an argument."""
        return {**self._arguments, **self._environment}

    def declare(self, name: str, outer: str | None, value: str | None) -> None:
        """Take an ``ARG`` in; without a value of its own it has that from before the first stage."""
        value = outer if value is None else value
        if value is not None:
            self._arguments[name] = value
            self.unset.discard(name)
        elif name not in self.variables:
            self.unset.add(name)

    def set(self, name: str, value: str) -> None:
        """Take an ``ENV`` in."""
        self._environment[name] = value
        self.unset.discard(name)


def _assignments(text: str) -> Iterator[tuple[str, str | None]]:
    """``NAME=VALUE`` words, and those that are only a name."""
    for word in split_words(text):
        name, equals, value = word.partition("=")
        yield name, value if equals else None


def _environment(text: str) -> Iterator[tuple[str, str | None]]:
    """The same, and the old form ``ENV NAME VALUE``."""
    words = text.split(maxsplit=1)
    if len(words) == 2 and "=" not in words[0]:
        yield words[0], words[1]
    else:
        yield from _assignments(text)
