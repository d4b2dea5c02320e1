"""Rewrite a Dockerfile so that every image it takes from outside is named by digest; files from the network
must name theirs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from previewer.errors import DefinitionError
from previewer.freeze.dockerfile.bases import SCRATCH, BaseUse, UnneededStage, taken_from
from previewer.freeze.dockerfile.instructions import (
    Dockerfile,
    Instruction,
    expand,
    platform_variables,
    read_dockerfile,
    split_flags,
    split_words,
)

_URL = re.compile(r"https?://", re.IGNORECASE)
_GIT = re.compile(r"[\w.-]+@[\w.-]+:|git://|ssh://|https?://[^#?]+\.git(?:[#?]|$)", re.IGNORECASE)
_COMMIT = re.compile(r"#(?:[0-9a-f]{40}|[0-9a-f]{64})(?::|$)")
_CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|[0-9a-f]{40,64}")
_SOME_ADDRESS = "https://set-by-the-base.invalid/"


class _Assuming(Mapping[str, str]):
    """Variables of which those that the base image may set are taken for an address."""

    def __init__(self, known: Mapping[str, str], unset: frozenset[str]) -> None:
        self._known = known
        self._unset = unset

    def __getitem__(self, name: str) -> str:
        if name in self._unset:
            raise KeyError(name)
        return self._known.get(name, _SOME_ADDRESS)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def refuse_remote_files(dockerfile: Dockerfile, *, args: Mapping[str, str], platform: str, where: str) -> None:
    """Raise :class:`DefinitionError`, with the line, for a remote ``ADD`` that may give other files tomorrow.

    A URL needs ``--checksum=sha256:…``, a repository that or a full commit id: ``….git#COMMIT``. Variables
    count as what they stand for. Stages that the target does not need are looked at as well.
    """
    for instruction, variables in follow_variables(dockerfile, args, platform):
        inner = instruction.trigger or instruction
        if inner.keyword != "ADD":
            continue
        place = f"{where}:{instruction.line}"
        try:
            _judge(inner, variables.known, place, dockerfile.escape)
            _judge(inner, _Assuming(variables.known, variables.unset), place, dockerfile.escape)
        except ValueError as error:
            raise DefinitionError(str(error), where=place) from None


def _judge(instruction: Instruction, variables: Mapping[str, str], place: str, escape: str) -> None:
    flags, rest = split_flags(instruction.arguments)
    checksums = [flag.partition("=")[2] for flag in flags if flag.startswith("--checksum=")]
    if any(_CHECKSUM.fullmatch(expand(text, variables, escape=escape)) for text in checksums):
        return
    for word in _sources(rest):
        address = expand(word, variables, escape=escape)
        if _GIT.match(address) and _COMMIT.search(address):
            continue
        if address.startswith(_SOME_ADDRESS):
            hint = (
                "say what it is: declare it by ARG or ENV in this stage; or use COPY, which reads only files here"
            )
        elif _GIT.match(address):
            hint = "name a full commit id: ….git#COMMIT"
        elif _URL.match(address):
            hint = "say which: ADD --checksum=sha256:… (needs BuildKit), or commit the file"
        else:
            continue
        requirements = f" ({address})" if address != word and not address.startswith(_SOME_ADDRESS) else ""
        raise DefinitionError(f"ADD {word}{requirements} may be another file tomorrow", where=place, hint=hint)


def _sources(text: str) -> list[str]:
    """All but the destination, of words or of a JSON list."""
    try:
        words = json.loads(text) if text.startswith("[") else None
    except ValueError:
        words = None
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return words[:-1]
    return text.split()[:-1]


def pin_dockerfile(dockerfile: Dockerfile, pinned: Sequence[tuple[BaseUse, str]], *, where: str) -> str:
    """The text with each use's image replaced by the reference beside it.

    Raises :class:`DefinitionError`, with ``where`` and the line, where an image is written so that it cannot be
    replaced with certainty.
    """
    lines = _without_frontends(dockerfile)
    for use, reference in pinned:
        first, end = use.instruction.line - 1, use.instruction.end - 1
        if use.instruction.keyword == "FROM":
            lines[first:end] = [_pinned_from(use, reference), *[""] * (end - first - 1)]
        else:
            lines[first:end] = _pinned_flag(lines[first:end], use.written, reference)
    text = "\n".join(lines)
    _check(text, pinned, where)
    return text


def leave_out(text: str, stages: Sequence[UnneededStage]) -> str:
    """A pinned Dockerfile's text without what its target does not need; lines and stages keep their numbers.

    Such a stage may use what this builder does not know, or build upon what is not there.
    """
    lines = text.split("\n")
    for stage in stages:
        name = f" AS {stage.name}" if stage.name else ""
        stub = f"FROM {SCRATCH}{name}" if stage.is_before_target else ""
        lines[stage.line - 1 : stage.end - 1] = [stub, *[""] * (stage.end - stage.line - 1)]
    return "\n".join(lines)


def _pinned_from(use: BaseUse, reference: str) -> str:
    arguments = use.instruction.arguments
    rest = split_flags(arguments)[1]
    flags = split_words(arguments.removesuffix(rest))
    return " ".join(["FROM", *flags, reference, *rest.split()[1:]])


def _pinned_flag(lines: list[str], written: str, reference: str) -> list[str]:
    """Replace ``--from=WRITTEN``, or ``from=WRITTEN`` within a ``--mount``, where it is first seen."""
    name = re.escape(written)
    flag = re.compile(rf"(--from=[\"']?|--mount=(?:\S*,)?[\"']?(?:from|FROM|From)=){name}(?=[\s,\"']|$)")

    def replace(match: re.Match[str]) -> str:
        return match[1] + reference

    for index, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            continue
        changed, count = flag.subn(replace, line, count=1)
        if count:
            return [*lines[:index], changed, *lines[index + 1 :]]
    return lines


def _check(text: str, pinned: Sequence[tuple[BaseUse, str]], where: str) -> None:
    """Read it as a builder will: nothing that was replaced may be left."""
    left = {
        instruction.line: set(taken_from(instruction.trigger or instruction, where))
        for instruction in read_dockerfile(text).instructions
    }
    for use, reference in pinned:
        if use.written != reference and use.written in left.get(use.instruction.line, ()):
            raise DefinitionError(
                f"the image {use.written} is written so that it cannot be pinned",
                where=f"{where}:{use.instruction.line}",
                hint=f"write --from={use.written} without inner quotes and escapes, or name a stage: FROM … AS …",
            )


def _without_frontends(dockerfile: Dockerfile) -> list[str]:
    """Directives end at the first other line, so the ones that stay move up and a comment fills the gap."""
    lines = list(dockerfile.lines)
    left_out = {frontend.line - 1 for frontend in dockerfile.frontends}
    if not left_out:
        return lines
    first = min([*left_out, *dockerfile.directives.values()])
    end = max([*left_out, *dockerfile.directives.values()]) + 1
    kept = [line for index, line in enumerate(lines[first:end], first) if index not in left_out]
    return [*lines[:first], *kept, *["#"] * (end - first - len(kept)), *lines[end:]]


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
