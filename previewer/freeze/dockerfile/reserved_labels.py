"""``LABEL`` of a name that says whose an object is."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.labels import is_reserved
from previewer.errors import PolicyError
from previewer.freeze.dockerfile.instructions import Dockerfile, split_words


def refuse_reserved_labels(dockerfile: Dockerfile, *, where: str) -> None:
    """Raise :class:`PolicyError`, with the line, for a label that is reserved.

    What this cannot see (a name made of variables, a base's labels) is dropped from the built image, see
    :mod:`previewer.freeze.canonical.config`; and containers inherit none of previewer's labels from any image.
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
