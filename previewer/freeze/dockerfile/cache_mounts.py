"""``RUN --mount=type=cache``: folders that a builder keeps between builds, whichever build wrote them.

BuildKit knows them by their id alone, so a branch could leave a program in one that another branch's build runs.
Each build therefore gets a namespace, which BuildKit puts in front of every id, written or not, and which no
Dockerfile can name.
"""

from __future__ import annotations

from previewer.freeze.dockerfile.instructions import Dockerfile

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
