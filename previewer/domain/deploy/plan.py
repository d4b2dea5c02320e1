"""What is going to happen, decided before anything does: steps with a resource, a cause and what they wait for.

The text form is stable. It is what ``--dry-run`` prints, what the confirm screen shows and what tests compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from previewer.domain.compose.service import Condition
from previewer.domain.engine.observation import ContainerState, Observation, ObservedContainer, ObservedNetwork
from previewer.domain.engine.specs import ContainerSpec, FillSpec, NetworkSpec, VolumeSpec
from previewer.domain.units import port_words


class CreateNetwork(Struct, frozen=True):
    """Make a network with a subnet of its own."""

    spec: NetworkSpec
    verb = "create network"

    @property
    def name(self) -> str:
        """The network's."""
        return self.spec.name


class CreateVolume(Struct, frozen=True):
    """Make a named volume."""

    spec: VolumeSpec
    verb = "create volume"

    @property
    def name(self) -> str:
        """The volume's."""
        return self.spec.name


class FillVolume(Struct, frozen=True):
    """Put the commit's files into a volume that was made."""

    spec: FillSpec
    verb = "fill volume"

    @property
    def name(self) -> str:
        """The volume's."""
        return self.spec.volume


class CreateContainer(Struct, frozen=True):
    """Make a container from an image by its digest, without starting it."""

    spec: ContainerSpec
    verb = "create container"

    @property
    def name(self) -> str:
        """The container's name."""
        return self.spec.name


class StartContainer(Struct, frozen=True):
    """Start a container that was made, or that was stopped before."""

    name: str
    again: bool = False
    """Whether it was stopped to be kept: it then has its restart policy again."""
    verb = "start container"


SHORT_SETTLE = 0.5
"""Seconds that a container which accepts connections has to run at least: it may be about to end."""


class AwaitContainer(Struct, frozen=True):
    """Wait until a container is as ``condition`` says."""

    name: str
    condition: Condition
    service: str
    ports: tuple[int, ...] = ()
    """TCP ports of it that have to accept connections, unless its image has a health check."""
    settle: float | None = None
    """Seconds that it has to run where nothing else says that it works; ``None`` for the run's."""

    @property
    def verb(self) -> str:
        """Depends on what is waited for."""
        if self.ports:
            return f"await {port_words(self.ports)} of"
        return {
            Condition.STARTED: "await start of",
            Condition.HEALTHY: "await health of",
            Condition.COMPLETED: "await end of",
        }[self.condition]


class StopContainer(Struct, frozen=True):
    """End a container and keep it."""

    name: str
    grace: int | None = 0
    """Seconds that it may take to end by itself; ``None`` for as long as its definition says, 0 to kill it."""
    verb = "stop container"


class PauseContainer(Struct, frozen=True):
    """Freeze a container's processes where they are; starting it lets them go on."""

    name: str
    verb = "pause container"


class TakePorts(Struct, frozen=True):
    """Move a container's published ports to where people look for them, by joining it to a network."""

    name: str
    network: str
    """The edge of its generation."""
    address: str
    """The host address that its ports are at afterwards."""
    verb = "take over ports of"


class DisconnectContainer(Struct, frozen=True):
    """Take a container out of networks: of those that need not wait for its end, or of where its ports were."""

    name: str
    networks: tuple[str, ...]
    """The engine's ids or names."""
    verb = "disconnect"


class RemoveContainer(Struct, frozen=True):
    """Kill a container and remove it with its anonymous volumes."""

    name: str
    verb = "remove container"


class RemoveNetwork(Struct, frozen=True):
    """Remove a network, endpoints that are left in it included."""

    name: str
    id: str = ""
    """The engine's id: two runs at once can make networks of one name."""
    verb = "remove network"


class RemoveVolume(Struct, frozen=True):
    """Remove a named volume and what it holds."""

    name: str
    verb = "remove volume"


Removal: TypeAlias = DisconnectContainer | RemoveContainer | RemoveNetwork | RemoveVolume
"""Steps that cannot be undone."""
Action: TypeAlias = (
    CreateNetwork
    | CreateVolume
    | FillVolume
    | CreateContainer
    | StartContainer
    | AwaitContainer
    | StopContainer
    | PauseContainer
    | TakePorts
    | Removal
)


class Step(Struct, frozen=True):
    """One action, why it is taken, and the steps that must have ended before it."""

    action: Action
    cause: str
    """Ends the sentence "… because": ``the definition declares it``."""
    needs: frozenset[str] = frozenset()
    """Ids of other steps of the same plan."""

    @property
    def id(self) -> str:
        """Unique within a plan: the verb and the resource."""
        return f"{self.action.verb} {self.action.name}"

    @property
    def removes(self) -> bool:
        """Whether it is part of removing something: a warning's colour is for these."""
        return isinstance(self.action, Removal)


class Plan(Struct, frozen=True):
    """Steps in an order in which they could be taken one by one; empty where reality is as wanted."""

    title: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    """What of the definition does not run as it is written, one line each: for a person, no part of the text."""
    environment: str = ""
    """The name of the one that gets another generation by it; empty where no environment does."""
    left_data: tuple[str, ...] = ()
    """Which data does not come along, or is deleted, one line each: no part of the text either."""
    begins: tuple[str, ...] = ()
    """What the volumes of its next generation begin with, one line each: no part of the text either."""

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for step in self.steps:
            if step.id in seen:
                raise ValueError(f"the plan has the step {step.id!r} twice")
            if missing := step.needs - seen:
                raise ValueError(f"the step {step.id!r} stands before {sorted(missing)}")
            seen.add(step.id)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def lines(self) -> tuple[str, ...]:
        """One line a step, aligned, with its cause."""
        width = max((len(step.action.verb) for step in self.steps), default=0)
        names = max((len(step.action.name) for step in self.steps), default=0)
        return tuple(
            f"{step.action.verb:<{width}}  {step.action.name:<{names}}  because {step.cause}"
            for step in self.steps
        )

    def text(self) -> str:
        """The title and the lines; says so where there is nothing to do."""
        body = self.lines() or ("nothing to do",)
        return "\n".join((self.title, *(f"  {line}" for line in body)))


ATTACHED = (ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING)
"""What has an endpoint in its networks."""


def plan_removal(observation: Observation, *, title: str, cause: str) -> Plan:
    """Remove everything in ``observation``.

    What runs is disconnected from its networks first: so the engine, which waits for the kernel to take a network
    down, kills containers meanwhile. Volumes wait for containers. No environment waits for another.
    """
    names = sorted({owner.environment for owner in observation.owners})
    steps = [step for name in names for step in _steps(observation.of(name), cause)]
    order = (DisconnectContainer, RemoveContainer, RemoveNetwork, RemoveVolume)
    return Plan(title, tuple(sorted(steps, key=lambda step: order.index(type(step.action)))))


def _steps(found: Observation, cause: str) -> tuple[Step, ...]:
    """For the objects of one environment."""
    containers = sorted(found.containers, key=lambda container: container.name)
    networks = sorted(found.networks, key=lambda network: network.name)
    leaving = {container.name: step for container in containers if (step := _leave(container, networks, cause))}
    removing = {container.name: _remove(container, leaving, cause) for container in containers}
    removed = frozenset(step.id for step in removing.values())
    outside = {**removing, **leaving}
    """By container, the step after which it is in no network."""
    return (
        *leaving.values(),
        *removing.values(),
        *(
            Step(
                RemoveNetwork(network.name, network.id),
                cause,
                frozenset(outside[member.name].id for member in containers if network.name in member.networks),
            )
            for network in networks
        ),
        *(Step(RemoveVolume(name), cause, removed) for name in sorted(volume.name for volume in found.volumes)),
    )


def _leave(container: ObservedContainer, networks: list[ObservedNetwork], cause: str) -> Step | None:
    ids = tuple(network.id for network in networks if network.name in container.networks)
    if not ids or container.state not in ATTACHED:
        return None
    return Step(DisconnectContainer(container.name, ids), cause)


def _remove(container: ObservedContainer, leaving: Mapping[str, Step], cause: str) -> Step:
    needs = frozenset({leaving[container.name].id}) if container.name in leaving else frozenset()
    return Step(RemoveContainer(container.name), cause, needs)
