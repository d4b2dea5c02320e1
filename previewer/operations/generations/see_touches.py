"""Look, before a generation is replaced, whether somebody touched it: only what was left alone is known-good."""

from __future__ import annotations

from dataclasses import replace

from previewer.domain.environment import SERVING
from previewer.domain.release import Release
from previewer.errors import NotFoundError
from previewer.operations.generations.scene import Scene
from previewer.operations.session import Session


def see_touches(session: Session, scene: Scene, successor: Release) -> Scene:
    """The scene, its live generation tainted where ``successor`` is to replace it and this look finds a touch.

    Nothing is noted. One of the same release, or one that does not serve, becomes no known-good anyway.
    """
    live = scene.environment
    if live is None or live.is_tainted or live.state not in SERVING or live.ownership.release == successor.id:
        return scene
    from previewer.operations.taint import look_for_touches  # an import as slow as any, and no first `up` needs it

    try:
        seen = look_for_touches(session, live)
    except NotFoundError:
        return scene  # it goes at this moment, by somebody else's hand
    return replace(scene, notes=seen.notes) if seen.is_tainted else scene
