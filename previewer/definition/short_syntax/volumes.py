"""Short form of ``volumes``: ``[SOURCE:]TARGET[:OPTIONS]``, Windows drives and ``${NAME:-default}`` left whole."""

from __future__ import annotations

import posixpath
import re

from previewer.definition.values import ModelError, Table, Value

PROPAGATIONS = frozenset({"rprivate", "private", "rshared", "shared", "rslave", "slave"})
HOST_PATH = re.compile(r"[./~]|\\\\|[A-Za-z]:")
"""How a source begins that is a path of the host and not the name of a volume."""
LONGEST_BARE_TARGET = 2
"""Texts up to this length are a target alone, whatever they hold."""


def expand_volume(text: str) -> list[Value]:
    """The long form, as the only item of a list."""
    return [parse_volume(text)]


def parse_volume(text: str) -> Table:
    """The long form that ``text`` stands for; options that Compose does not know are ignored, as Compose does.

    Raises :class:`ModelError` for empty sections and for more than three of them.
    """
    if not text:
        raise ModelError("this volume is empty")
    if len(text) <= LONGEST_BARE_TARGET:
        return {"type": "volume", "target": posixpath.normpath(text)}
    sections = _split_sections(text)
    if "" in sections:
        raise ModelError(f"{text!r} has an empty section between colons")
    if len(sections) > 3:
        raise ModelError(f"{text!r} has too many colons")
    source = sections[0] if len(sections) > 1 else ""
    options = sections[2].split(",") if len(sections) == 3 else []
    volume: Table = {"target": clean_target(sections[0] if len(sections) == 1 else sections[1])}
    if source:
        volume["source"] = source
    is_bind = HOST_PATH.match(source) is not None
    volume["type"] = "bind" if is_bind else "volume"
    bind: Table = {"create_host_path": True} if is_bind else {}
    named: Table = {}
    for option in options:
        _apply_option(option, volume, bind, named)
    if bind:
        volume["bind"] = bind
    if named or not is_bind:
        volume["volume"] = named
    return volume


def clean_target(path: str) -> str:
    """A path in a container without ``.``, ``..`` and doubled slashes."""
    cleaned = posixpath.normpath(path) if path else path
    return f"/{cleaned.lstrip('/')}" if cleaned.startswith("//") else cleaned


def _apply_option(option: str, volume: Table, bind: Table, named: Table) -> None:
    if option in ("ro", "rw"):
        volume["read_only"] = option == "ro"
    elif option == "nocopy":
        named["nocopy"] = True
    elif option in PROPAGATIONS:
        bind["propagation"] = option
    elif option in ("z", "Z"):
        bind["selinux"] = option


def _split_sections(text: str) -> list[str]:
    """Split at colons, except after a drive letter and inside ``${...}``."""
    sections: list[str] = []
    begin = 0
    open_variables = 0
    for position, sign in enumerate(text):
        if sign == "$" and text.startswith("{", position + 1):
            open_variables += 1
        elif sign == "}" and open_variables:
            open_variables -= 1
        elif sign == ":" and not open_variables:
            section = text[begin:position]
            if not (len(section) == 1 and section.isalpha()):
                sections.append(section)
                begin = position + 1
    return [*sections, text[begin:]]
