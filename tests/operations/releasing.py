"""A shop with a staging and a production, in memory, and the verbs that move releases through them."""

from __future__ import annotations

from msgspec import structs

from previewer.deployment.deployment import UpResult
from previewer.domain.cancellation import Cancellation
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.engine.observation import ContainerState
from previewer.domain.environment.environment import Environment
from previewer.domain.record.notes import EnvironmentNotes, LedgerEntry
from previewer.engine.protocol import Selection
from previewer.operations.promote import promote
from previewer.operations.replace import replace_environment, update
from previewer.operations.rollback import RollbackOptions, rollback
from previewer.operations.up import up_release
from previewer.session.run import Run
from previewer.testing.memory.engine import MemoryEngine
from tests.operations.shop import FILES, Shop

DEFINITION = "include: [../compose.yaml]\n"
STAGED = {**FILES, **{f"envs/{role.value}.yaml": DEFINITION for role in Role}}


class ReleasingShop(Shop):
    """The shop, with definitions for all three roles on main."""

    def __init__(self, *, engine: MemoryEngine | None = None, files: dict[str, str] | None = None) -> None:
        super().__init__(engine=engine)
        self.files = files or STAGED
        self.commit("first")

    def commit(self, text: str) -> None:
        """A new commit on main with another page."""
        self.source.commit("main", {**self.files, "web/page.html": text})

    def stage(self) -> UpResult:
        """Bring main up in staging."""
        return self.up(role=Role.STAGING)

    def promote(self, subject: str, to: Role = Role.PRODUCTION, *, force: bool = False) -> UpResult:
        """Promote it."""
        return promote(
            Run(self.session, self.report),
            subject,
            DeployRequest(role=to, takes_unproven=force),
        )

    def rollback(self, target: str | None = None, release: str | None = None, **options: float) -> UpResult:
        """Roll back."""
        wanted = RollbackOptions(release=release, timeout=options.get("timeout"))
        return rollback(Run(self.session, self.report), target, wanted)

    def replace(self, name: str, cancellation: Cancellation | None = None) -> UpResult:
        """Replace an environment by itself."""
        return replace_environment(
            Run(self.session, self.report, cancellation or Cancellation()), name, DeployRequest()
        )

    def update(self, name: str) -> UpResult:
        """Bring an environment to the tip of its branch."""
        return update(Run(self.session, self.report), name, DeployRequest())

    def up_release(self, release: str, **options: object) -> UpResult:
        """Run a kept release."""
        chosen = DeployRequest(**options)  # type: ignore[arg-type]
        return up_release(Run(self.session, self.report), release, chosen)

    def notes(self, name: str) -> EnvironmentNotes:
        """What the ledger says of an environment."""
        return self.session.ledger.notes().get(name, EnvironmentNotes())

    def one(self, name: str) -> Environment:
        """An environment."""
        return self.environments()[name]

    def generations(self, name: str) -> dict[int, set[ContainerState]]:
        """The states of the containers of each generation that is there."""
        found: dict[int, set[ContainerState]] = {}
        for container in self.engine.observe(Selection(environment=name)).containers:
            found.setdefault(container.ownership.generation, set()).add(container.state)
        return found

    def taint(self, name: str) -> None:
        """Mark what runs now as touched."""
        notes = self.notes(name).of_generation(self.one(name).ownership.generation)
        touched = structs.replace(notes, tainted="ada ran a shell in it")
        entry = LedgerEntry("taint", self.session.clock(), "ada@laptop", environment=name, notes={name: touched})
        self.session.ledger.append(entry)
