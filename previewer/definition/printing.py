"""What ``docker compose config --format json`` prints for a definition (Compose 5), with every ``x-*`` kept."""

from __future__ import annotations

import copy
import posixpath
from typing import cast

import yaml

from previewer.definition.paths import TREE_ROOT, change_paths, is_outside_tree
from previewer.definition.values import Table, Value, as_tables, named_tables, table_at
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.run_variables import MARK
from previewer.domain.json_value import JsonObject, JsonValue

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
        for volume in as_tables(service.get("volumes")):
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
