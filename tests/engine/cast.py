"""The services that the contract suite runs: a Compose mapping for real engines, a behaviour for the memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from previewer.domain.engine.observation import Health
from previewer.domain.json_value import JsonObject
from previewer.errors import EngineError
from previewer.testing.memory.container import Behaviour

HOSTILE_LINE = "[/foo] \x1b[31mred\x1b[0m 名前 🙂 \u202eevil $HOME"
SICK_OUTPUT = "the database is missing"


@dataclass(frozen=True, slots=True)
class Actor:
    """A service that does one thing."""

    compose: JsonObject
    behaviour: Behaviour = field(default_factory=Behaviour)


def _check(script: str) -> JsonObject:
    return {"test": ["CMD-SHELL", script], "interval": "100ms", "timeout": "10s", "retries": 1}


def _shell(script: str) -> list[str]:
    return ["sh", "-c", script]


FOREVER = ["sleep", "600"]
FILES = ("/etc/motd", "/run/secrets/token")

CAST: Mapping[str, Actor] = {
    "sleeper": Actor({"command": FOREVER}, Behaviour(accepting=frozenset())),
    "server": Actor(
        {"command": _shell("httpd -f -p 80 & exec httpd -f -p 127.0.0.1:81")}, Behaviour(accepting=frozenset({80}))
    ),
    "healthy": Actor({"command": FOREVER, "healthcheck": _check("true")}),
    "sick": Actor(
        {"command": FOREVER, "healthcheck": _check(f"echo {SICK_OUTPUT}; exit 1")},
        Behaviour(health=Health.UNHEALTHY),
    ),
    "job": Actor({"command": ["true"]}, Behaviour(exit_code=0)),
    "failing": Actor({"command": _shell("exit 3")}, Behaviour(exit_code=3)),
    "broken": Actor({"command": ["/no/such/program"]}, Behaviour(fail_start=EngineError("no such program"))),
    "talker": Actor(
        {"command": _shell("echo one; echo two; echo three; sleep 600")}, Behaviour(lines=("one", "two", "three"))
    ),
    "writer": Actor(
        {"command": _shell("echo out; sleep 0.3; echo err >&2")},
        Behaviour(lines=("out",), error_lines=("err",), exit_code=0),
    ),
    "reader": Actor(
        {"command": _shell(f"for file in {' '.join(FILES)}; do stat -c '%a %u:%g' $file; cat $file; done")},
        Behaviour(prints=FILES, exit_code=0),
    ),
    "hostile": Actor(
        {"command": ["printf", "%s\\n", HOSTILE_LINE]}, Behaviour(lines=(HOSTILE_LINE,), exit_code=0)
    ),
}
BEHAVIOURS = {name: actor.behaviour for name, actor in CAST.items()}
