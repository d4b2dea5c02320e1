"""What the mapping refuses, always by name."""

from __future__ import annotations

import pytest

from previewer.domain.json_value import JsonObject
from previewer.engine.mapping import values
from previewer.errors import EngineError, UnsupportedError
from tests.engine.mapped import NEW, OLD, mapped

UNSUPPORTED: list[tuple[JsonObject, tuple[int, int], str]] = [
    ({"provider": {"type": "x"}}, NEW, "provider"),
    ({"use_api_socket": True}, NEW, "use_api_socket"),
    ({"post_start": [{"command": ["x"]}]}, NEW, "post_start"),
    ({"from_the_future": 1}, NEW, "from_the_future"),
    ({"deploy": {"from_the_future": 1}}, NEW, "deploy.from_the_future"),
    ({"healthcheck": {"test": ["CMD", "x"], "start_interval": "1s"}}, OLD, "healthcheck.start_interval"),
    ({"annotations": {"a": "b"}}, OLD, "annotations"),
    ({"networks": {"default": {"gw_priority": 1}}}, OLD, "gw_priority"),
    ({"networks": {"default": {"mac_address": "02:42:ac:11:00:01"}}}, OLD, "mac_address"),
    ({"networks": {"default": {"interface_name": "eth9"}}}, OLD, "interface_name"),
    ({"volumes": [{"type": "npipe", "source": "x", "target": "y"}]}, NEW, "npipe"),
    ({"volumes": [{"type": "image", "source": "x", "target": "/y"}]}, NEW, "image"),
    (
        {"volumes": [{"type": "volume", "source": "data", "target": "/y", "volume": {"subpath": "s"}}]},
        OLD,
        "subpath",
    ),
    ({"security_opt": ["seccomp:./profile.json"]}, NEW, "profile.json"),
]


@pytest.mark.parametrize(
    ("compose", "api_version", "named"), UNSUPPORTED, ids=[named for *_rest, named in UNSUPPORTED]
)
def test_what_cannot_be_honoured_is_refused_by_name(
    compose: JsonObject, api_version: tuple[int, int], named: str
) -> None:
    with pytest.raises(UnsupportedError, match=named) as caught:
        mapped(compose, api_version)
    assert caught.value.where == "service web"


MALFORMED: list[tuple[JsonObject, str]] = [
    ({"command": "sleep 1"}, "command"),
    ({"mem_limit": "512m"}, "mem_limit"),
    ({"stop_grace_period": "soon"}, "stop_grace_period"),
    ({"tty": "yes"}, "tty"),
    ({"networks": {"missing": None}}, "missing"),
    ({"network_mode": "service:missing"}, "missing"),
    ({"volumes": [{"type": "volume", "source": "missing", "target": "/x"}]}, "missing"),
    ({"volumes": [{"type": "bind", "source": "./code", "target": "/code"}]}, "./code"),
    ({"secrets": [{"source": "unknown"}]}, "unknown"),
    ({"healthcheck": {"interval": "often"}}, "often"),
    ({"deploy": {"restart_policy": {"condition": "sometimes"}}}, "sometimes"),
    ({"labels": {"dev.previewer.owner": "me"}}, "dev.previewer.owner"),
    ({"labels": {"com.docker.compose.project": "me"}}, "com.docker.compose.project"),
]


@pytest.mark.parametrize(("compose", "named"), MALFORMED, ids=[named for _compose, named in MALFORMED])
def test_what_makes_no_sense_is_an_error_that_names_it(compose: JsonObject, named: str) -> None:
    with pytest.raises(EngineError, match=named) as caught:
        mapped(compose)
    assert caught.value.where == "service web"


@pytest.mark.parametrize("text", ["", "1", "1x", "1m 30s", "-1s", "s", "1.5.5s"])
def test_text_that_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        values.nanoseconds(text)
