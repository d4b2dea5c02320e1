"""What a user asks for where an environment is to run something: one value from the front ends to the plan."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from previewer.domain.compose.definition import DEFAULT_CHOICE, ReadingChoice, Role

Act = Literal["up", "replace", "update", "promote", "rollback"]


class DeployRequest(Struct, frozen=True):
    """Role, definition, data, lifetime and patience. What a verb has no use for keeps its default."""

    role: Role = Role.PREVIEW
    definition: str | None = None
    """Which of the commit's definitions; ``None`` for the role's."""
    choice: ReadingChoice = DEFAULT_CHOICE
    """How that one is read. Its environment files may be ones of the user's machine too."""
    branch: str | None = None
    """The branch that the commit is of, where the revision does not say it."""
    name: str | None = None
    """The environment's name; ``None`` for one made of the project and the branch, or the role."""
    data: str = ""
    """The snapshot that volumes are clones of, ``from:ENVIRONMENT``, ``seeds`` or ``empty``; empty for those of
    seeds, or where an environment is replaced, for what its volumes began with."""
    ttl: str | None = None
    """``90m 10h 5d 1d12h never``; ``None`` for the definition's, else the role's default."""
    timeout: float | None = None
    """Seconds to wait for health; ``None`` for the setting."""
    is_queued: bool = False
    """Whether to wait for room on the engine, at most ``timeout``, instead of failing where there is none."""
    use_cache: bool = True
    """Whether images that were built before, and the builder's cache, may be used."""
    pins_again: bool = False
    """Whether registries are asked what references mean now, although the commit was frozen before."""
    takes_unproven: bool = False
    """Whether production runs what staging has not proven. Nothing lifts the rule of the same images."""
    process: str | None = None
    """The process that the environment ends with; ``None`` for one that lives on."""
    action: Act = "up"
    """What the ledger calls it."""


ANY_PREVIEW = DeployRequest()
