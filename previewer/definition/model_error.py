"""The error of everything that knows a place in the model but not the line it was written on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from previewer.domain.definition import ModelPath
from previewer.errors import DefinitionError


class ModelError(DefinitionError):
    """Something is wrong at ``path`` of the model; the loader adds the file and line (``where``)."""

    def __init__(self, message: str, *, path: ModelPath = (), hint: str | None = None) -> None:
        super().__init__(f"{'.'.join(path)}: {message}" if path else message, hint=hint)
        self.path = path

    def under(self, *prefix: str) -> ModelError:
        """The same error, told by somebody who knows which keys lead to the place."""
        message = self.message.removeprefix(f"{'.'.join(self.path)}: ") if self.path else self.message
        return ModelError(message, path=(*prefix, *self.path), hint=self.hint)


def nearest_name_hint(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the known one that looks most like ``name``; ``None`` where none is near."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else None
