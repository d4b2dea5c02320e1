"""The old form of ``external`` on networks, volumes, secrets and configs."""

from __future__ import annotations

from previewer.definition.model_error import ModelError
from previewer.definition.values import Table
from previewer.domain.definition import ModelPath


def expand_external(resource: Table, *, path: ModelPath) -> None:
    """``external: {name: N}`` becomes ``external: true`` and ``name: N``.

    Raises :class:`ModelError` where ``name`` says something else.
    """
    external = resource.get("external")
    if not isinstance(external, dict):
        return
    resource["external"] = True
    name = external.get("name")
    if name is None:
        return
    if resource.get("name", name) != name:
        raise ModelError("name and external.name differ; use name alone", path=path)
    resource["name"] = name
