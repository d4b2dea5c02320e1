"""What a config or secret of a definition contains: a text, a file of the commit, or a variable's value."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain.definition import Definition
from previewer.domain.file_tree import FileTree
from previewer.domain.json_value import as_object, as_text
from previewer.domain.tree_files import is_in_tree
from previewer.errors import DefinitionError


def given_content(
    definition: Definition, reference: str, tree: FileTree, variables: Mapping[str, str], *, limit: int
) -> bytes:
    """The content of ``configs/KEY`` or ``secrets/KEY`` (Compose Specification, "configs" and "secrets").

    Raises :class:`DefinitionError` for a file that the commit does not have and for a variable that is not set,
    :class:`NotFoundError` for a file of more than ``limit`` bytes.
    """
    kind, key = reference.split("/", 1)
    description = as_object(as_object(definition.model.get(kind)).get(key))
    where = str(definition.locate((kind, key)))
    if (inline := description.get("content")) is not None:
        return as_text(inline).encode()
    if file := as_text(description.get("file")):
        if not is_in_tree(file) or not tree.is_file(file):
            raise DefinitionError(
                f"the commit has no file {file}",
                where=where,
                hint="`environment` gives it from a variable instead",
            )
        return tree.read(file, limit=limit)
    variable = as_text(description.get("environment"))
    if variable not in variables:
        raise DefinitionError(
            f"{reference} comes from the variable {variable or '(none named)'}, which is not set",
            where=where,
            hint="set it, and name it under `variables` in previewer.toml on the default branch",
        )
    return variables[variable].encode("utf-8", "surrogateescape")
