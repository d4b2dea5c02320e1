"""What can be done to the data of an environment: take a snapshot of it, begin again with other data, copy it."""

from __future__ import annotations

from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Role
from previewer.domain.data.beginning import EMPTY, SEEDS
from previewer.domain.naming import environment_name
from previewer.operations.data import clone, plan_clone, plan_reset, plan_take, reset, take
from previewer.session.run import Run
from previewer.tui.request import Choice, Done, JobKind, Request, deployed


def _masks(request: Request) -> bool:
    return request.option is True


def _take(run: Run, request: Request) -> Done:
    taken = take(run, request.environment.name, name=request.typed, masks=_masks(request))
    return Done((f"snapshot {taken.name or short_id(taken.id)} of {', '.join(sorted(taken.volumes))}",))


SNAPSHOT = JobKind(
    verb="data snapshot",
    progress_label="snapshot",
    button="Take it",
    title=lambda request: (
        f"Take a {'masked ' if _masks(request) else ''}snapshot of {request.subject}"
        f"{f', called {request.typed}' if request.typed else ''}"
    ),
    meaning=lambda request: (
        "Data: copied; what personal data the mask takes out of the copy is in no snapshot."
        if _masks(request)
        else "Data: copied, and nothing of it changes; what writes to it stands still meanwhile."
    ),
    choices=lambda _request: (
        Choice("as it is", option=False),
        Choice("masked", option=True, flags=("--mask",)),
    ),
    other="a name: one with a name is never pruned · enter takes it",
    other_flag="--name",
    endangers=lambda _request: None,
    propose=lambda session, request: plan_take(session, request.environment.name, masks=_masks(request)),
    perform=_take,
)


def _begins_with(request: Request) -> str:
    said = request.revision
    return {"": "what seeds made", SEEDS: "what seeds made", EMPTY: "nothing"}.get(said, f"snapshot {said}")


RESET = JobKind(
    verb="data reset",
    progress_label="resetting",
    button="Reset its data",
    title=lambda request: f"Let {request.subject} begin again with {_begins_with(request)}",
    meaning="The same release starts beside it. State that outlives releases becomes a snapshot first.",
    choices=lambda request: (Choice("", None, ("--to", request.revision) if request.revision != SEEDS else ()),),
    propose=lambda session, request: plan_reset(session, request.environment.name, request.revision),
    perform=lambda run, request: deployed(reset(run, request.environment.name, request.revision)),
)


def _endangered(request: Request) -> str | None:
    is_production = request.revision == environment_name(request.project, Role.PRODUCTION.value)
    return request.revision if is_production else None


CLONE = JobKind(
    verb="data clone",
    progress_label="gets data",
    button="Copy its data",
    title=lambda request: f"Give {request.revision} the data that {request.subject} has now",
    meaning=lambda request: (
        f"A snapshot of {request.subject} is taken; {request.revision} is replaced by the same release with it."
    ),
    choices=lambda request: (Choice("", None, ("--to", request.revision)),),
    changes=lambda request: (request.revision,),
    endangers=_endangered,
    propose=lambda session, request: plan_clone(session, request.environment.name, request.revision),
    perform=lambda run, request: deployed(clone(run, request.environment.name, request.revision)),
)
DATA_JOBS = {kind.verb.replace(" ", "-"): kind for kind in (SNAPSHOT, RESET, CLONE)}
"""By the ids of the actions that ask for them."""
