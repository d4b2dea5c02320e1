"""An environment as it was frozen and as it is, to be judged after a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from previewer.domain.drift.finding import Finding
from previewer.domain.drift.frozen import FrozenContainer, FrozenEnvironment, OwnWindow
from previewer.domain.drift.judge import judge_environment
from previewer.domain.engine.examination import (
    EngineHappening,
    Examination,
    ExaminedContainer,
    ExaminedNetwork,
    ExaminedVolume,
    FileChange,
)
from previewer.domain.engine.observation import ContainerState
from previewer.domain.secrecy import Secrecy
from tests.domain.values import make_ownership

OWNER = make_ownership()
NOW = OWNER.created_at + timedelta(hours=1)
NETWORK, VOLUME = "shop-main-g1_default", "shop-main-g1_data"
FIELDS: Mapping[str, Any] = {
    "image": "sha256:1",
    "environment.DB_PASSWORD": "=hunter22",
    f"networks.{NETWORK}": {"aliases": ["web"]},
    "healthcheck": {"Test": ["CMD", "probe", "web"]},
}
WEB = FrozenContainer("shop-main-g1-web-1", "web", 1, FIELDS, copied=("/greeting",), is_server=True)
FROZEN = FrozenEnvironment(
    ownership=OWNER,
    containers=(WEB,),
    networks={NETWORK: {"labels.a": "=1"}},
    volumes={VOLUME: {}},
    begun=OWNER.created_at,
    address_pool="10.213.0.0/16",
    windows=(
        OwnWindow(
            OWNER.created_at, OWNER.created_at + timedelta(seconds=5), frozenset({"start", "create"}), once=True
        ),
    ),
)
LIVE = ExaminedContainer(
    id="web-id",
    name=WEB.name,
    number=1,
    ownership=replace(OWNER, service="web"),
    is_one_off=False,
    state=ContainerState.RUNNING,
    exit_code=None,
    created_at=OWNER.created_at,
    started_at=OWNER.created_at,
    restarts=0,
    out_of_memory=False,
    commands=0,
    fields=FIELDS,
    volumes=frozenset({VOLUME}),
    mounted=frozenset({"/data"}),
    host_ports={},
)
SEEN = Examination(
    containers=(LIVE,),
    networks=(ExaminedNetwork("net-id", NETWORK, OWNER, ("10.213.0.0/28",), "", {"labels.a": "=1"}),),
    volumes=(ExaminedVolume(VOLUME, OWNER, "", {}),),
)


def judge(
    live: ExaminedContainer | None = LIVE,
    *,
    seen: Examination = SEEN,
    frozen: FrozenEnvironment = FROZEN,
    changes: tuple[FileChange, ...] = (),
    happenings: tuple[EngineHappening, ...] = (),
) -> tuple[Finding, ...]:
    """The findings about one container in its environment."""
    others = tuple(container for container in seen.containers if container is not LIVE)
    seen = replace(seen, containers=(*((live,) if live else ()), *others))
    return judge_environment(
        frozen, seen, changes={"web-id": changes}, happenings=happenings, secrecy=Secrecy(b"key")
    )


def kinds(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.kind for finding in findings]


def happening(action: str, detail: str = "", seconds: float = 60, **more: Any) -> EngineHappening:
    """Something that happened to the container, a minute after it was made."""
    said: dict[str, Any] = {"kind": "container", "subject": "web-id", "name": WEB.name, "attributes": {}, **more}
    return EngineHappening(action=action, detail=detail, at=OWNER.created_at + timedelta(seconds=seconds), **said)
