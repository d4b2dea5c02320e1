"""The name of a project: letters, digits, ``_`` and ``-``, in lower case, beginning with a letter or digit."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from previewer.definition.interpolation import Interpolator
from previewer.definition.model_error import ModelError
from previewer.errors import UsageError


def normal_project_name(text: str) -> str:
    """``text`` with everything left out that a project name may not hold."""
    return "".join(re.findall(r"[a-z0-9_-]", text.lower())).lstrip("_-")


def choose_project_name(
    *,
    given: str | None,
    variables: Mapping[str, str],
    written: Iterable[str],
    directory: str,
    otherwise: str,
) -> str:
    """The name that is given > ``COMPOSE_PROJECT_NAME`` > the last ``name:`` of the files > the directory's.

    ``written`` holds the names of the files in their order; ``otherwise`` stands for the directory where that is
    the root of the tree, which has no name. Raises :class:`UsageError` for a given name that is none,
    :class:`ModelError` where nothing is left of a name.
    """
    explicit = given or variables.get("COMPOSE_PROJECT_NAME")
    if explicit:
        if normal_project_name(explicit) != explicit:
            raise UsageError(
                f"{explicit!r} is not a project name",
                hint=f"use lower-case letters, digits, _ and -: {normal_project_name(explicit) or 'preview'}",
            )
        return explicit
    names = [Interpolator(variables.get).substitute(text) for text in written]
    name = normal_project_name(names[-1] if names else posixpath.basename(directory) or otherwise)
    if not name:
        raise ModelError("the project's name must hold a letter or digit", path=("name",))
    return name
