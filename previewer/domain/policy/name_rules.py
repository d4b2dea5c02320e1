"""Rules about labels and names by which previewer knows what is its own."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.json_value import JsonValue, as_list, as_object
from previewer.domain.labels import is_reserved
from previewer.domain.naming import RESERVED_NAMES
from previewer.domain.policy.rule import Allowance, Request, Rule
from previewer.domain.policy.trust import Trust

LABEL_PLACES: tuple[ModelPath, ...] = (
    ("services", "*", "labels"),
    ("services", "*", "annotations"),
    ("services", "*", "build", "labels"),
    ("services", "*", "deploy", "labels"),
    ("services", "*", "volumes", "*", "volume", "labels"),
    ("networks", "*", "labels"),
    ("volumes", "*", "labels"),
    ("secrets", "*", "labels"),
    ("configs", "*", "labels"),
)
"""Every place of a normalised definition that names labels. ``label_file`` is folded into ``labels`` by then."""
_SECTIONS = ("services", "networks", "volumes", "secrets", "configs")


def _labels(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for place in LABEL_PLACES:
        for path, labels in _values_at(definition.model, place):
            for name in as_object(labels):
                if is_reserved(name):
                    yield Request((*path, name), f"sets the reserved label {name!r}", (name,))


def _values_at(
    value: JsonValue, pattern: ModelPath, path: ModelPath = ()
) -> Iterator[tuple[ModelPath, JsonValue]]:
    """What is at the paths that ``pattern`` matches; ``*`` is any key, or any item of a list."""
    if not pattern:
        yield path, value
        return
    key, *rest = pattern
    members = as_object(value) or {str(index): item for index, item in enumerate(as_list(value))}
    for name in members if key == "*" else (key,):
        if name in members:
            yield from _values_at(members[name], tuple(rest), (*path, name))


def _names(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for section in _SECTIONS:
        for key in as_object(definition.model.get(section)):
            if key.casefold().startswith(RESERVED_NAMES):
                yield Request((section, key), f"has a name that begins with {RESERVED_NAMES!r}", (key,))


NAME_RULES = (
    Rule(
        id="reserved-label",
        forbids="labels of previewer, Compose and Swarm, wherever a definition or a Dockerfile can write labels",
        why="labels say which environment an object belongs to; a branch could forge another's",
        instead="choose another name for the label",
        subject="",
        find=_labels,
        allowance=Allowance.NEVER,
    ),
    Rule(
        id="reserved-name",
        forbids="services, networks, volumes, secrets and configs whose name begins with `previewer-`",
        why="previewer adds volumes and networks of such names, and nothing else may write to them",
        instead="choose another name",
        subject="",
        find=_names,
        allowance=Allowance.NEVER,
    ),
)
