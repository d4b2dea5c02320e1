"""Definitions from outside: all that loading gives is taken, and nothing else."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from msgspec.structs import replace

from previewer.definition import load_definition
from previewer.definition.printing import check_normal_form
from previewer.domain.compose.definition import Definition
from previewer.domain.json_value import JsonValue
from previewer.errors import DefinitionError, PreviewerError
from tests.definition.test_cases import HOME, all_cases
from tests.definition.trees import load_text, tree_of

TEXT = """
services:
  web:
    image: web
    command: [echo, "$$HOME"]
    environment: {A: "1"}
    ports: ["80"]
    oom_score_adj: 5
    memswap_limit: -1
    volumes: ["./a:/a", "data:/data"]
    depends_on:
      later: {condition: service_started, required: false}
  later: {image: later, profiles: [late]}
volumes: {data: {}}
x-previewer: {egress: false}
"""


def written(definition: Definition) -> Definition:
    """As it comes back from a registry."""
    return replace(definition, model=json.loads(json.dumps(definition.model)))


@pytest.mark.parametrize("case", list(all_cases()))
def test_whatever_loading_gives_is_in_normal_form(case: dict[str, Any]) -> None:
    try:
        definition = load_definition(
            tree_of(case["files"]),
            files=case["load"],
            variables={"HOME": HOME, **case.get("variables", {})},
            profiles=case.get("profiles", ["*"]),
        )
    except PreviewerError:
        return
    check_normal_form(written(definition))


@pytest.mark.parametrize(
    "unlimited",
    [
        "mem_limit: -1",
        "mem_swappiness: -1",
        "shm_size: -1",
        "build: {context: ., shm_size: -1}",
        "blkio_config: {device_read_bps: [{path: /dev/sda, rate: -1}]}",
        'x-note: {mem_limit: "-1"}',
    ],
)
def test_what_has_no_limit_is_taken_wherever_a_size_may_stand(unlimited: str) -> None:
    check_normal_form(written(load_text(f"services:\n  web:\n    image: web\n    {unlimited}\n")))


def test_services_of_other_profiles_may_be_waited_for() -> None:
    check_normal_form(written(load_text(TEXT)))


@pytest.mark.parametrize(
    "odd",
    [
        {"oom_score_adj": "-1000"},
        {"oom_score_adj": 5.0},
        {"pids_limit": "100000"},
        {"privileged": "true"},
        {"cap_add": "SYS_ADMIN"},
        {"volumes": ["/:/host"]},
        {"volumes": [{"type": "bind", "source": "./../../etc", "target": "/a"}]},
        {"ports": ["0.0.0.0:80:80"]},
        {"ports": [{"target": "80"}]},
        {"environment": ["A=1"]},
        {"gpus": "all"},
        {"sysctls": ["kernel.shmmax=1"]},
        {"devices": "/dev/sda"},
        {"deploy": {"replicas": "100"}},
        {"scale": True},
        {"unknown": 1},
        {"env_file": ["/etc/passwd"]},
        {"extends": {"service": "web", "file": "/etc/x.yaml"}},
        {"depends_on": {"gone": {"condition": "service_started", "required": True}}},
        {"image": None},
        {"image": ["web"]},
    ],
    ids=str,
)
def test_no_other_form_is_taken(odd: dict[str, object]) -> None:
    definition = written(load_text(TEXT))
    model = copy.deepcopy(json.loads(json.dumps(definition.model)))
    model["services"]["web"] |= odd
    with pytest.raises(DefinitionError, match="no Compose file gives this definition"):
        check_normal_form(replace(definition, model=model))


@pytest.mark.parametrize(
    "odd",
    [
        {"services": []},
        {"services": {"../x": {"image": "a"}}},
        {"x-previewer": {"egress": "no"}},
        {"x-previewer": {"unknown": 1}},
        {"volumes": {"data": {"name": "p_data", "driver_opts": ["device=/"]}}},
        {"include": ["/etc/x.yaml"]},
        {"name": "Not A Name"},
        {"x-text": "\ud800"},
        {"x-number": float("nan")},
    ],
    ids=ascii,
)
def test_nor_another_top(odd: dict[str, JsonValue]) -> None:
    definition = written(load_text(TEXT))
    with pytest.raises(DefinitionError, match="no Compose file gives this definition"):
        check_normal_form(replace(definition, model={**definition.model, **odd}))


def test_what_nests_too_deeply_is_an_error_like_any_other() -> None:
    deep: list[JsonValue] = []
    for _ in range(5000):
        deep = [deep]
    definition = written(load_text(TEXT))
    with pytest.raises(DefinitionError, match="no Compose file gives this definition"):
        check_normal_form(replace(definition, model={**definition.model, "x-deep": deep}))
