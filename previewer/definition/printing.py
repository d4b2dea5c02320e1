"""What ``docker compose config --format json`` prints for a definition (Compose 5), with every ``x-*`` kept."""

from __future__ import annotations

import copy
import json
import posixpath
from collections.abc import Iterator
from typing import cast

import yaml

from previewer.definition.load import LoadOptions, load_files
from previewer.definition.path_rules import PathRules
from previewer.definition.paths import TREE_ROOT, change_paths, is_outside_tree
from previewer.definition.values import Table, Value, named_tables, table_at, tables_at
from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.key import Kind
from previewer.domain.compose.keys import ALL_KEYS
from previewer.domain.compose.references import MARK
from previewer.domain.json_value import JsonObject, JsonValue, as_text
from previewer.errors import DefinitionError, OutsideTreeError, UsageError

ALWAYS_PRINTED = frozenset(
    ("attach", "command", "create_host_path", "enable_ipv4", "enable_ipv6", "entrypoint", "init", "required")
)
"""Keys that are printed even if they are false or empty; others then mean the same as absent ones."""
TABLES_OF_NAMES = frozenset(
    ("additional_contexts", "annotations", "args", "depends_on", "driver_opts", "labels", "options")
) | {"storage_opt", "sysctls", "ulimits"}
"""Keys whose mappings have names of the user's, and that are not printed where they are empty."""


def compose_config_output(definition: Definition) -> JsonObject:
    """The model as Compose prints it.

    Every ``$`` is doubled, so that the output can be read as a Compose file again; paths are absolute, with
    ``TREE_ROOT`` for the root of the tree; ``command`` and ``entrypoint`` are always there.
    """
    model = cast("Table", copy.deepcopy(definition.model))
    change_paths(model, _printed_path)
    for _, service in named_tables(model, "services"):
        service.setdefault("command", None)
        service.setdefault("entrypoint", None)
        if isinstance(service.get("deploy"), dict):
            table_at(service, "deploy").setdefault("placement", {})
            table_at(service, "deploy").setdefault("resources", {})
        for volume in tables_at(service, "volumes"):
            if table_at(volume, "bind").get("create_host_path") is True:
                table_at(volume, "bind").pop("create_host_path")
    for _, network in named_tables(model, "networks"):
        network.setdefault("ipam", {})
    return cast("JsonObject", _printed(model))


def to_yaml(value: JsonValue) -> str:
    """A JSON value as YAML 1.2 that every reader of YAML 1.1 understands too: keys in the order they have."""
    return yaml.dump(value, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=1_000_000)


class _PlainDumper(yaml.SafeDumper):
    """No anchors: a value that is used twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _printed_path(path: str) -> str:
    if is_outside_tree(path) and not path.startswith(".."):
        return path
    return posixpath.normpath(f"{TREE_ROOT}/{path}")


def _printed(value: Value, *, in_extension: bool = False) -> Value:
    if isinstance(value, str):
        parts = enumerate(MARK.split(value))  # text and names of variables by turns
        return "".join(f"${{{part}}}" if index % 2 else part.replace("$", "$$") for index, part in parts)
    if isinstance(value, list):
        return [_printed(item, in_extension=in_extension) for item in value]
    if not isinstance(value, dict):
        return value
    printed: Table = {}
    for key in sorted(value):
        as_is = in_extension or key.startswith("x-")
        if as_is or key in ALWAYS_PRINTED or not _is_omitted(key, value[key]):
            printed[key.replace("$", "$$")] = _printed(value[key], in_extension=as_is)
    return printed


def _is_omitted(key: str, value: Value) -> bool:
    return value is False or value == [] or (value == {} and key in TABLES_OF_NAMES)


_FILE = "definition.json"
_SIZES = PathRules({path: True for path, row in ALL_KEYS if row.kind is Kind.BYTES})
"""What a file may give as the number -1, which is no limit; in the normal form sizes are text."""


def check_normal_form(definition: Definition) -> None:
    """Raise :class:`DefinitionError` unless loading ``definition``'s model as a Compose file changes nothing.

    Rules and limits are about values in their normal form. One in another form (``oom_score_adj: "-1000"``, say)
    is something that no rule looks at, and that an engine may understand all the same.
    """
    try:
        model = _without_absent(definition.model)
        content = json.dumps(_as_written(model, _SIZES), ensure_ascii=False, allow_nan=False).encode()
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
        yield from service.profiles


def _without_absent(model: JsonObject) -> Table:
    """Without the services of other profiles that may be waited for, and that the model so does not have."""
    kept = cast("Table", copy.deepcopy(model))
    services = table_at(kept, "services")
    for _, service in named_tables(kept, "services"):
        waits = table_at(service, "depends_on")
        absent = [
            name for name in waits if name not in services and table_at(waits, name).get("required") is False
        ]
        for name in absent:
            del waits[name]
        if absent and not waits:
            del service["depends_on"]
    return kept


def _as_written(value: JsonValue, sizes: PathRules[bool]) -> JsonValue:
    """As it would stand in a file: every ``$`` is doubled, for nothing in it is to be interpolated."""
    if isinstance(value, str):
        return -1 if sizes.rule and value == "-1" else value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: _as_written(item, sizes.child(key)) for key, item in value.items()}
    return [_as_written(item, sizes.items()) for item in value] if isinstance(value, list) else value
