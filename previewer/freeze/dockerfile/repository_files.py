"""What a Dockerfile asks of git: its folder, which no build context has, and the commit, which it may be told."""

from __future__ import annotations

import csv
import posixpath
from collections.abc import Iterator, Sequence

from previewer.errors import DefinitionError
from previewer.freeze.dockerfile.bases import UnneededStage
from previewer.freeze.dockerfile.instructions import Dockerfile, Instruction, split_flags

COMMIT_ARGUMENT = "PREVIEWER_COMMIT"
"""A build argument that has the commit's id in each build whose Dockerfile declares it."""
GIT_FOLDER = ".git"


def declares_commit(dockerfile: Dockerfile) -> bool:
    """Whether the Dockerfile has an ``ARG`` for the commit's id; its image is then built for each commit."""
    return any(
        word.partition("=")[0] == COMMIT_ARGUMENT
        for instruction in dockerfile.instructions
        if instruction.keyword == "ARG"
        for word in instruction.arguments.split()
    )


def refuse_git_folder(dockerfile: Dockerfile, unneeded: Sequence[UnneededStage], *, where: str) -> None:
    """Raise :class:`DefinitionError`, with the line, where a needed stage reads ``.git`` of the context."""
    for instruction in dockerfile.instructions:
        if any(stage.line <= instruction.line < stage.end for stage in unneeded):
            continue
        for path in _paths_of_context(instruction):
            if posixpath.normpath(path.lstrip("/") or ".").split("/")[0] == GIT_FOLDER:
                raise DefinitionError(
                    f"{instruction.keyword} reads {path}, and a commit holds no git folder",
                    where=f"{where}:{instruction.line}",
                    hint=f"for the version, declare `ARG {COMMIT_ARGUMENT}`: it has the commit's id",
                )


def _paths_of_context(instruction: Instruction) -> Iterator[str]:
    """What an instruction reads from the build context, as written."""
    flags, rest = split_flags(instruction.arguments)
    if instruction.keyword in ("COPY", "ADD") and not any(flag.startswith("--from=") for flag in flags):
        yield from (word.strip("[]\",'") for word in rest.split()[:-1])
    if instruction.keyword == "RUN":
        for flag in flags:
            name, _, value = flag.partition("=")
            if name == "--mount":
                parts = dict(part.partition("=")[::2] for part in next(csv.reader([value]), []))
                if "from" not in parts and parts.get("type", "bind") == "bind":
                    yield parts.get("source", parts.get("src", ""))
