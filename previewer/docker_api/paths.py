"""Where an engine's objects are in its API, whatever they are called."""

from __future__ import annotations

from urllib.parse import quote


def container_path(name: str, what: str = "") -> str:
    """``/containers/NAME/json`` for ``/json``. An id is as good as a name."""
    return f"/containers/{quote(name, safe='')}{what}"


def network_path(name: str, what: str = "") -> str:
    """``/networks/NAME/connect`` for ``/connect``."""
    return f"/networks/{quote(name, safe='')}{what}"


def volume_path(name: str) -> str:
    """``/volumes/NAME``."""
    return f"/volumes/{quote(name, safe='')}"


def image_path(reference: str, what: str = "") -> str:
    """``/images/REFERENCE/json`` for ``/json``; a reference keeps its slashes."""
    return f"/images/{quote(reference, safe='/:@')}{what}"
