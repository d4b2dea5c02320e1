"""Rewrite a Dockerfile so that every image it takes from outside is named by content.

Its lines keep their numbers. What asks for another frontend is taken out: it names a further image, which would
have to be pulled for every build and which no digest covers. The engine's own frontend reads the file instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from previewer.errors import DefinitionError
from previewer.freeze.dockerfile.bases import SCRATCH, BaseUse, UnneededStage, taken_from
from previewer.freeze.dockerfile.instructions import Dockerfile, read_dockerfile, split_flags, split_words


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
