"""One more entry in the allow-list of a Compose file, as an edit of its text: comments and order stay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import yaml

from previewer.errors import DefinitionError

_LIST = ("x-previewer", "parity", "allow")
_STRING = "tag:yaml.org,2002:str"
Plain: TypeAlias = "dict[str, Plain] | list[Plain] | tuple[str, str]"
"""A node without its style: a scalar as its tag and text."""


def with_allow_entry(text: str, entry: Mapping[str, str], *, where: str) -> str:
    """The text of the file ``where`` with ``entry`` at the end of its ``x-previewer.parity.allow``.

    The result is read again, and says what it said before and the entry. Raises :class:`DefinitionError` for a
    file that is written in a way in which it cannot be added to.
    """
    written = {key: value.replace("$", "$$") for key, value in entry.items()}  # Compose interpolates it
    try:
        before = yaml.compose(text, Loader=yaml.SafeLoader)
        edited = _edit(text, before, written)
        after = yaml.compose(edited, Loader=yaml.SafeLoader) if edited is not None else None
    except yaml.YAMLError as error:
        raise _not_editable(where) from error
    expected = _with(_plain(before) if before else None, _LIST, written)
    if edited is None or after is None or _plain(after) != expected:
        raise _not_editable(where)
    return edited


def allow_entry(entry: Mapping[str, str]) -> str:
    """The entry where nothing is allowed yet, in YAML."""
    return _block(_LIST, {key: value.replace("$", "$$") for key, value in entry.items()}, "")


def _not_editable(where: str) -> DefinitionError:
    return DefinitionError(
        "the entry cannot be added to the file as it is written", where=where, hint="add it by hand"
    )


def _edit(text: str, root: yaml.Node | None, entry: Mapping[str, str]) -> str | None:
    """``None`` where something else stands in the list's place."""
    if root is None:
        return text + ("" if not text or text.endswith("\n") else "\n") + _block(_LIST, entry, "")
    node, missing = root, list(_LIST)
    while missing and isinstance(node, yaml.MappingNode):
        node_below = next((value for key, value in node.value if key.value == missing[0]), None)
        if node_below is None:
            break
        node = node_below
        del missing[0]
    if not isinstance(node, yaml.MappingNode if missing else yaml.SequenceNode):
        return None
    if node.flow_style:
        at = node.end_mark.index - 1
        return f"{text[:at]}{', ' if node.value else ''}{_flow(missing, entry)}{text[at:]}"
    at = _end(text, node)
    gap = "" if text[:at].endswith("\n") else "\n"
    return f"{text[:at]}{gap}{_block(missing, entry, ' ' * node.start_mark.column)}{text[at:]}"


def _end(text: str, node: yaml.Node) -> int:
    """Where the line ends that a block node's last scalar is on: its own mark is beyond the comments after it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    at: int = node.end_mark.index
    if text[:at].endswith("\n"):
        return at
    return text.index("\n", at) + 1 if "\n" in text[at:] else len(text)


def _block(keys: Sequence[str], entry: Mapping[str, str], indent: str) -> str:
    lines = [f"{indent}{'  ' * depth}{key}:\n" for depth, key in enumerate(keys)]
    inside = indent + "  " * len(keys)
    marks = ("- ", *("  " for _ in entry))
    fields = (
        f"{inside}{mark}{key}: {_quoted(value)}\n"
        for mark, (key, value) in zip(marks, entry.items(), strict=False)
    )
    return "".join((*lines, *fields))


def _flow(keys: Sequence[str], entry: Mapping[str, str]) -> str:
    item = "{" + ", ".join(f"{key}: {_quoted(value)}" for key, value in entry.items()) + "}"
    if not keys:
        return item
    inner = f"[{item}]"
    for key in reversed(keys[1:]):
        inner = f"{{{key}: {inner}}}"
    return f"{keys[0]}: {inner}"


def _quoted(text: str) -> str:
    """A double-quoted scalar (YAML 1.2 §7.3.1) of one line: JSON's strings are such."""
    return json.dumps(text, ensure_ascii=False)


def _plain(node: yaml.Node) -> Plain:
    if isinstance(node, yaml.MappingNode):
        return {f"{key.tag} {key.value}": _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return str(node.tag), str(node.value)


def _with(node: Plain | None, keys: Sequence[str], entry: Mapping[str, str]) -> Plain:
    if not keys:
        added: Plain = {f"{_STRING} {key}": (_STRING, value) for key, value in entry.items()}
        return [*(node if isinstance(node, list) else ()), added]
    inside = node if isinstance(node, dict) else {}
    key = f"{_STRING} {keys[0]}"
    return {**inside, key: _with(inside.get(key), keys[1:], entry)}
