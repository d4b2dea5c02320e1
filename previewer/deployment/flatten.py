"""Make one layer of many while what shows them serves, so that the next handover stands on that one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from previewer.deployment.data import see_data, sweep
from previewer.deployment.generation import Generation
from previewer.domain import naming
from previewer.domain.data.beginning import MANY_LAYERS
from previewer.domain.data.snapshots import data_labels, flat_labels, flattened
from previewer.domain.engine.specs import CloneSpec, FillSpec, VolumeSpec
from previewer.domain.labels import COMPOSE_ONEOFF, ownership_labels
from previewer.domain.progress import Noted, Outcome, TaskFinished, TaskStarted
from previewer.errors import PreviewerError
from previewer.session.run import Run


def flatten_layers(run: Run, generation: Generation) -> None:
    """Copy what the volumes of a generation that has taken over show of more than a dozen layers into one each.

    Nothing writes to these layers any more, so that nothing is stopped for it. What fails, or is interrupted, is
    told and leaves nothing: the next handover tries again. The caller holds the environment's lock.
    """
    for key, data in sorted(generation.data.items()):
        if len(data.layers) <= MANY_LAYERS or data.copies:
            continue
        if len(flattened(see_data(run.session), data.layers)) < len(data.layers):
            continue  # a run that was killed has done it already
        task, began = f"flatten {key}", time.monotonic()
        run.report(TaskStarted(task, "data"))
        try:
            _flatten(run, generation, key, data.layers)
            run.report(TaskFinished(task, Outcome.DONE, time.monotonic() - began, f"{len(data.layers)} layers"))
        except PreviewerError as error:
            run.report(TaskFinished(task, Outcome.FAILED, time.monotonic() - began, str(error)))
            run.report(Noted(f"the layers of {key} stay as they are: {error}", "the next handover tries again"))
        finally:
            sweep(run.session, generation.owner.environment)


def _flatten(run: Run, generation: Generation, key: str, layers: tuple[str, ...]) -> None:
    """The mark comes last: before, all of it is what a killed run left."""
    session, owner = run.session, generation.owner
    said = data_labels(owner.environment, key, installation=owner.installation, project=owner.project)
    passing = {**ownership_labels(owner), COMPOSE_ONEOFF: "True"}
    image = min(artifact.image for artifact in generation.frozen.artifacts.values())
    flat = f"{naming.scope(owner.environment, owner.generation)}_{key}.flat"
    view = f"{flat}-view"
    session.engine.create_volume(VolumeSpec(flat, said, {}))
    session.engine.create_volume(
        VolumeSpec(view, said, {}, CloneSpec(f"{view}.data", said, layers, image, passing))
    )
    archive = FillSpec(flat, image, passing, archive=lambda _owner: _read(run, view, image, passing))
    session.engine.fill_volume(archive)
    session.engine.create_volume(VolumeSpec(f"{flat}.mark", flat_labels(said, flat, layers), {}))


def _read(run: Run, volume: str, image: str, labels: Mapping[str, str]) -> Iterator[bytes]:
    for piece in run.session.debugger.read_volume(volume, image=image, labels=labels):
        run.cancellation.check()
        yield piece
