"""Short ways to a definition and to a freeze, for the tests of the build stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import Commit
from previewer.domain.compose.definition import Definition, Role
from previewer.domain.json_value import JsonValue
from previewer.domain.progress import Event, Outcome, TaskFinished, TaskOutput
from previewer.domain.release.release import Release
from previewer.freeze.freeze_commit import freeze_commit
from previewer.freeze.planned_images import permit_all
from previewer.freeze.protocol import Images
from previewer.source.protocol import Source


def definition(
    services: Mapping[str, JsonValue], *, name: str = "preview", extension: JsonValue = None
) -> Definition:
    """A definition with these services, as the loader would give it."""
    model: dict[str, JsonValue] = {"services": services}
    if extension is not None:
        model["x-previewer"] = extension
    return Definition(name=name, role=Role.PREVIEW, files=("compose.yaml",), model=model)


def built(context: str = ".", build: Mapping[str, JsonValue] | None = None) -> JsonValue:
    """A service with a build, its further keys in ``build``."""
    return {"build": {"context": context, "dockerfile": "Dockerfile", **(build or {})}}


@dataclass
class Events:
    """A report that remembers."""

    seen: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.seen.append(event)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """How each task ended."""
        return {event.task: event.outcome for event in self.seen if isinstance(event, TaskFinished)}

    @property
    def lines(self) -> list[str]:
        """What builds printed."""
        return [event.line for event in self.seen if isinstance(event, TaskOutput)]


def freeze(
    source: Source,
    commit: Commit,
    images: Images,
    *definitions: Definition,
    project: str = "shop",
    report: Events | None = None,
    cancellation: Cancellation | None = None,
    use_cache: bool = True,
) -> Release:
    """Freeze a commit of a source."""
    return freeze_commit(
        tree=source.tree(commit.id),
        commit=commit,
        project=project,
        cache_scope="",
        definitions=definitions,
        images=images,
        permit=permit_all,
        use_cache=use_cache,
        report=report or Events(),
        cancellation=cancellation or Cancellation(),
    )
