"""What a Dockerfile asks of git: its folder, which no build context has, and the commit, which it may be told."""

from __future__ import annotations

import csv
import posixpath
from collections.abc import Iterator, Sequence

from previewer.domain.labels import is_reserved
from previewer.errors import DefinitionError, PolicyError
from previewer.freeze.dockerfile.bases import UnneededStage
from previewer.freeze.dockerfile.instructions import Dockerfile, Instruction, split_flags, split_words

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


def refuse_reserved_labels(dockerfile: Dockerfile, *, where: str) -> None:
    """Raise :class:`PolicyError`, with the line, for a label that is reserved.

    What this cannot see (a name made of variables, a base's labels) is dropped from the built image, see
    :mod:`previewer.freeze.canonical.image`; and containers inherit none of previewer's labels from any image.
    """
    for instruction in dockerfile.instructions:
        keyword, arguments = instruction.keyword, instruction.arguments
        if keyword == "ONBUILD":
            keyword, _, arguments = arguments.partition(" ")
        if keyword.upper() != "LABEL":
            continue
        for name in _names(arguments):
            if is_reserved(name):
                raise PolicyError(
                    f"LABEL sets the reserved label {name!r} (reserved-label)",
                    where=f"{where}:{instruction.line}",
                    hint="choose another name for the label",
                )


def _names(arguments: str) -> Iterator[str]:
    """The names in ``NAME=VALUE …``, or in the old form ``NAME VALUE``."""
    words = split_words(arguments)
    for word in words if words and "=" in words[0] else words[:1]:
        yield word.partition("=")[0].replace('"', "").replace("'", "").replace("\\", "")


# ``RUN --mount=type=cache``: folders that a builder keeps between builds, whichever build wrote
# them.
#
# BuildKit knows them by their id alone, so a branch could leave a program in one that another
# branch's build runs. Each build therefore gets a namespace, which BuildKit puts in front of every
# id, written or not, and which no Dockerfile can name.

NAMESPACE_ARGUMENT = "BUILDKIT_CACHE_MOUNT_NS"
"""The build argument that BuildKit takes the namespace from."""
_MAY_MEAN_CACHE = ("cache", "$", "\\", '"', "'")


def may_mount_cache(dockerfile: Dockerfile) -> bool:
    """Whether an instruction may mount a cache, as far as that can be told without a builder.

    What such a build gives depends on the cache: it is an input.
    """
    return any(
        "--mount" in instruction.arguments
        and any(sign in instruction.arguments.casefold() for sign in _MAY_MEAN_CACHE)
        for instruction in dockerfile.instructions
        if instruction.keyword in ("RUN", "ONBUILD")
    )
