"""What two-sided screens offer to choose from."""

from __future__ import annotations

from previewer.domain.definition import Role
from previewer.domain.revision import short_id
from previewer.tui.picture import Picture

Named = tuple[tuple[str, str], ...]
"""Names, each with what it is."""


def sides_to_compare(picture: Picture) -> Named:
    """For parity: what runs, and what the branch that is checked out defines. Others can be typed."""
    running = tuple((e.name, f"{e.role.value}, {e.state.value}") for e in picture.environments or ())
    current = next((branch.name for branch in picture.branches or () if branch.is_current), None)
    if current is None:
        return running
    return (*running, *((f"{current}:{role.value}", "a definition; nothing runs") for role in Role))


def releases_to_compare(picture: Picture) -> Named:
    """For a diff: what environments run, and what was good in them. Others can be typed."""
    found: dict[str, str] = {}
    for environment in picture.environments or ():
        found[environment.name] = f"runs release {short_id(environment.ownership.release)}"
    for environment in picture.environments or ():
        for good in environment.notes.known_good:
            found.setdefault(short_id(good.release), f"was good in {environment.name}")
    return tuple(found.items())
