"""Check that a model from outside is one that loading could have produced."""

from __future__ import annotations

import json
from collections.abc import Iterator

from previewer.definition.load import LoadOptions, load_files
from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry
from previewer.domain.compose.definition import Definition
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.errors import DefinitionError, OutsideTreeError, UsageError

_FILE = "definition.json"
_MAY_BE_UNLIMITED = ("mem_limit", "mem_reservation", "memswap_limit", "shm_size")
"""Sizes that a file may give as the number -1; in the normal form they are text, as all sizes are."""


def check_normal_form(definition: Definition) -> None:
    """Raise :class:`DefinitionError` unless loading ``definition``'s model as a Compose file changes nothing.

    Rules and limits are about values in their normal form. One in another form (``oom_score_adj: "-1000"``, say)
    is something that no rule looks at, and that an engine may understand all the same.
    """
    try:
        model = _without_absent(definition.model)
        content = json.dumps(_as_written(model), ensure_ascii=False, allow_nan=False).encode()
        tree = FileTree((TreeEntry(_FILE, EntryKind.FILE, _FILE, len(content)),), lambda _id: content)
        options = LoadOptions(
            profiles=tuple(_profiles(definition)),
            project_name=as_text(model.get("name")) or None,
            name=definition.name,
            role=definition.role,
        )
        loaded = load_files(tree, [_FILE], options).model
    except (DefinitionError, OutsideTreeError, UsageError, RecursionError, ValueError) as error:
        raise DefinitionError(f"no Compose file gives this definition: {error}", where=definition.name) from error
    # As text: Python takes 1, 1.0 and true for equal.
    if json.dumps(loaded, sort_keys=True) != json.dumps(model, sort_keys=True):
        place = ".".join((definition.name, *_difference(model, loaded)))
        raise DefinitionError("no Compose file gives this definition", where=place)


def _difference(ours: JsonValue, theirs: JsonValue) -> Iterator[str]:
    """The path of the first value that is not as it should be."""
    while isinstance(ours, dict) and isinstance(theirs, dict):
        pairs = ((key, ours.get(key), theirs.get(key)) for key in sorted({*ours, *theirs}))
        key, ours, theirs = next(pair for pair in pairs if json.dumps(pair[1]) != json.dumps(pair[2]))
        yield key


def _profiles(definition: Definition) -> Iterator[str]:
    for service in definition.services.values():
        yield from map(as_text, as_list(service.spec.get("profiles")))


def _without_absent(model: JsonObject) -> JsonObject:
    """Without the services of other profiles that may be waited for, and that the model so does not have."""
    services = as_object(model.get("services"))
    found: dict[str, JsonValue] = {}
    for name, spec in services.items():
        waits = as_object(as_object(spec).get("depends_on"))
        absent = {other for other, how in waits.items() if as_object(how).get("required") is False} - set(services)
        kept = {other: how for other, how in waits.items() if other not in absent}
        found[name] = {**as_object(spec), "depends_on": kept} if absent else spec
        if absent and not kept:
            found[name] = {key: value for key, value in as_object(spec).items() if key != "depends_on"}
    return {**model, "services": found} if services else model


def _as_written(value: JsonValue) -> JsonValue:
    """As it would stand in a file: every ``$`` is doubled, for nothing in it is to be interpolated."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        is_number = {key: key in _MAY_BE_UNLIMITED and item == "-1" for key, item in value.items()}
        return {key: -1 if is_number[key] else _as_written(item) for key, item in value.items()}
    return [_as_written(item) for item in value] if isinstance(value, list) else value
