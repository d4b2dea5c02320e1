"""Small projects, one rule each, against what Docker Compose 5.6.1 printed for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from previewer.definition import load_definition
from previewer.definition.printing import compose_config_output
from previewer.domain.json_value import JsonValue, as_object
from previewer.errors import PreviewerError
from tests.definition.trees import tree_of

CASES = Path(__file__).parent / "cases"
HOME = "/home/golden"

PRINTED_DIFFERENTLY = {
    "include_changes/override_label_file": "label_file",  # Compose keeps the file beside its labels
    "merge/develop": "develop",  # Compose prints an exec that is not there
    "service/blkio": "blkio_config",  # Compose prints Go's field names
    "service/develop": "develop",
    "service/label_file": "label_file",
    "service/models": "models",  # Compose forgets the top-level models
    "service/models_map": "models",
    "service/ulimits": "ulimits",  # Compose prints a limit of 0 as {}
}
"""The key that is printed differently, on purpose (docs/compose.md)."""
FAILS_TO_PRINT = "build/ssh_path"
"""Compose's own JSON printer fails here."""


def all_cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.json")):
        for name, case in json.loads(path.read_text("utf-8")).items():
            yield pytest.param(case, id=f"{path.stem}/{name}")


def without_key(value: JsonValue, key: str) -> JsonValue:
    """``value`` without that key of mappings at any level."""
    if isinstance(value, dict):
        return {name: without_key(item, key) for name, item in value.items() if name != key}
    return [without_key(item, key) for item in value] if isinstance(value, list) else value


def without_extensions(value: JsonValue, *, top: bool = True) -> JsonValue:
    """Compose prints ``x-*`` only at the top level."""
    if isinstance(value, dict):
        return {
            key: without_extensions(item, top=False)
            for key, item in value.items()
            if top or not key.startswith("x-")
        }
    return [without_extensions(item, top=False) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", list(all_cases()))
def test_equals_docker_compose(case: dict[str, Any], request: pytest.FixtureRequest) -> None:
    def printed() -> JsonValue:
        definition = load_definition(
            tree_of(case["files"]),
            files=case["load"],
            variables={"HOME": HOME, **case.get("variables", {})},
            profiles=case.get("profiles", ["*"]),
        )
        return without_extensions(compose_config_output(definition))

    name = request.node.callspec.id
    if name == FAILS_TO_PRINT:
        assert as_object(as_object(printed())["services"])["a"]
    elif key := PRINTED_DIFFERENTLY.get(name):
        assert without_key(printed(), key) == without_key(case["expected"], key)
        assert printed() != case["expected"]
    elif case["expected"] is None:
        with pytest.raises(PreviewerError):
            printed()
    else:
        assert printed() == case["expected"]
