"""The user's own variables in what is stored: references with keyed hashes, in place of their values.

``postgres://shop:${DB_PASSWORD}@db`` in a definition is kept as ``postgres://shop:${DB_PASSWORD@KEY:HASH}@db``,
and gets the value when something runs. ``HASH`` is an HMAC under a key that never leaves the user's machine, so
values can be compared and not guessed. ``KEY`` tells which key that is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from msgspec.structs import replace

from previewer.domain.compose.definition import Definition
from previewer.domain.json_value import JsonObject, JsonValue, as_object
from previewer.errors import DefinitionError

REFERENCE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)@(?P<key>[0-9a-f]{8}):(?P<hash>[0-9a-f]{16})\}")


class References:
    """What one user's variables are kept as, and what is kept means for this user."""

    def __init__(self, key: bytes, values: Mapping[str, str]) -> None:
        """``values`` are the variables that definitions may use."""
        self._key = key
        self._values = values
        self._key_id = hashlib.sha256(b"previewer\0" + key).hexdigest()[:8]

    @cached_property
    def marked(self) -> Mapping[str, str]:
        """The reference that stands for each variable; an empty value is no secret and stands for itself."""
        return {name: self._reference(name, value) if value else value for name, value in self._values.items()}

    def expand(self, text: str) -> str:
        """``text`` with the values that are known in place of references."""
        if "${" not in text:
            return text
        return REFERENCE.sub(lambda found: self._values.get(found["name"]) or found.group(), text)

    def resolve(self, definition: Definition) -> Definition:
        """The definition with the values that are known."""
        if next(find_references(definition.model), None) is None:
            return definition
        return replace(definition, model=as_object(map_texts(definition.model, self.expand)))

    def missing(self, definition: Definition) -> tuple[str, ...]:
        """The variables that a definition refers to and that are not set, sorted."""
        used = {found["name"] for found in find_references(definition.model)}
        return tuple(sorted(name for name in used if not self._values.get(name)))

    def changed(self, definition: Definition) -> tuple[str, ...]:
        """The variables that are not what they were when this user's key was used, sorted."""
        own = [found for found in find_references(definition.model) if found["key"] == self._key_id]
        values = {found["name"]: (found, self._values.get(found["name"])) for found in own}
        return tuple(sorted(n for n, (found, value) in values.items() if value and not self._is(found, value)))

    def used(self, definition: Definition) -> Mapping[str, str]:
        """The values of the variables that a definition refers to, by name, as far as they are known."""
        names = {found["name"] for found in find_references(definition.model)}
        return {name: self._values[name] for name in sorted(names) if self._values.get(name)}

    def settle(self, kept: JsonValue, live: JsonValue) -> JsonValue:
        """``live`` where it is what ``kept``, with references in it, stands for; else ``kept``."""
        return live if self._holds(kept, live) else kept

    def alike(self, one: JsonValue, other: JsonValue) -> bool:
        """Whether two models are equal. Where hashes are under another key than this user's, none is compared."""
        if one == other:
            return True
        foreign = any(found["key"] != self._key_id for model in (one, other) for found in find_references(model))
        return foreign and map_texts(one, _without_hash) == map_texts(other, _without_hash)

    def _holds(self, kept: JsonValue, live: JsonValue) -> bool:
        if isinstance(kept, str) and isinstance(live, str):
            return kept == live or self._is_from(kept, live)
        if isinstance(kept, list | tuple) and isinstance(live, list | tuple):
            return len(kept) == len(live) and all(map(self._holds, kept, live))
        if isinstance(kept, Mapping) and isinstance(live, Mapping):
            return kept.keys() == live.keys() and all(self._holds(kept[key], live[key]) for key in kept)
        return kept == live

    def _is_from(self, kept: str, live: str) -> bool:
        references = list(REFERENCE.finditer(kept))
        if not references:
            return False
        pattern, end, groups = "", 0, dict[str, re.Match[str]]()
        for found in references:
            is_known = found["name"] in groups
            pattern += re.escape(kept[end : found.start()]) + f"(?{'P=' if is_known else 'P<'}{found['name']}"
            pattern += ")" if is_known else ">.+)"
            groups[found["name"]], end = found, found.end()
        said = re.fullmatch(pattern + re.escape(kept[end:]), live, re.DOTALL)
        return said is not None and all(
            found["key"] != self._key_id or self._is(found, said[name]) for name, found in groups.items()
        )

    def _is(self, found: re.Match[str], value: str) -> bool:
        return hmac.compare_digest(found["hash"], self._hash(found["name"], value))

    def _reference(self, name: str, value: str) -> str:
        return f"${{{name}@{self._key_id}:{self._hash(name, value)}}}"

    def _hash(self, name: str, value: str) -> str:
        text = f"{name}\0{value}".encode("utf-8", "surrogateescape")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:16]


def find_references(value: JsonValue) -> Iterator[re.Match[str]]:
    """Every reference in the texts of a model."""
    if isinstance(value, str):
        yield from REFERENCE.finditer(value) if "${" in value else ()
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from find_references(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from find_references(inner)


def map_texts(value: JsonValue, change: Callable[[str], str]) -> JsonValue:
    """The value with ``change`` made to every text in it, but for keys."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: map_texts(inner, change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [map_texts(inner, change) for inner in value]
    return value


def _without_hash(text: str) -> str:
    return REFERENCE.sub(lambda found: f"${{{found['name']}}}", text)


# ``${PREVIEWER_URL}`` and its like in definitions: known when an environment starts, and marks
# until then.
#
# A mark is the same in every environment, so that the values are part of no digest, a release's or
# a build's.

_NAME = re.compile(
    "PREVIEWER(_(BRANCH|COMMIT|DATA|ENVIRONMENT|EXPIRES_AT|FIRST_RUN|RELEASE|ROLE|URL(_[A-Za-z0-9_]+)?))?"
)
MARK = re.compile(r"\$\{(?P<name>PREVIEWER[A-Za-z0-9_]*)@run\}")


def mark_of(name: str) -> str | None:
    """What stands for a variable that an environment gives its containers; ``None`` for any other variable."""
    return f"${{{name}@run}}" if _NAME.fullmatch(name) else None


def fill_marks(value: JsonValue, variables: Mapping[str, str], *, where: str) -> JsonValue:
    """``value`` with the environment's ``variables`` in place of marks.

    Raises :class:`DefinitionError` for a mark of a variable that the environment does not have.
    """
    if isinstance(value, str):
        return MARK.sub(lambda found: _value(found["name"], variables, where), value)
    if isinstance(value, Mapping):
        return {key: fill_marks(inner, variables, where=where) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [fill_marks(inner, variables, where=where) for inner in value]
    return value


def filled(table: JsonObject, variables: Mapping[str, str], *, where: str) -> JsonObject:
    """:func:`fill_marks` of a mapping."""
    return {key: fill_marks(value, variables, where=where) for key, value in table.items()}


def _value(name: str, variables: Mapping[str, str], where: str) -> str:
    if name not in variables:
        urls = ", ".join(sorted(known for known in variables if known.startswith("PREVIEWER_URL"))) or "none"
        raise DefinitionError(
            f"{name} has no value in this environment",
            where=where,
            hint=f"each published TCP port whose machine is known has a URL, here {urls}",
        )
    return variables[name]
