"""What the engine's events mean that somebody else than previewer caused."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain.drift.finding import Severity
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class TouchMeaning:
    """One of the engine's words for what somebody did."""

    kind: str
    severity: Severity
    what: str
    why: str
    taints: bool = True


COPIED_OUT = "copied-out"
EXPORTED = "exported"
_INSIDE = "what it changed there was never frozen, and may not show"
_INTERRUPTED = "what it had in memory is gone, and who used it was cut off"
_SEEN = "nothing was changed, but somebody took data out or looked"

CONTAINER_TOUCHES: Mapping[str, TouchMeaning] = {
    "exec_create": TouchMeaning("command-run", Severity.HIGH, "somebody ran a command in it", _INSIDE),
    "attach": TouchMeaning("attached", Severity.HIGH, "somebody attached to its main process", _INSIDE),
    "extract-to-dir": TouchMeaning("copied-into", Severity.HIGH, "somebody copied files into it", _INSIDE),
    "update": TouchMeaning(
        "updated", Severity.HIGH, "somebody changed its limits or restart policy", "it is not what was tried"
    ),
    "rename": TouchMeaning(
        "renamed", Severity.HIGH, "somebody renamed it", "nobody finds it by its name any more"
    ),
    "commit": TouchMeaning(
        "committed",
        Severity.MEDIUM,
        "somebody made an image of it",
        "that image holds what it wrote, secrets included, and it stood still meanwhile",
    ),
    "pause": TouchMeaning("paused", Severity.MEDIUM, "somebody paused it", "it answered nobody meanwhile"),
    "restart": TouchMeaning("restarted", Severity.HIGH, "somebody restarted it", _INTERRUPTED),
    "stop": TouchMeaning("stopped-by-hand", Severity.HIGH, "somebody stopped it", _INTERRUPTED),
    "kill": TouchMeaning("signalled", Severity.HIGH, "somebody sent it the signal", _INTERRUPTED),
    "start": TouchMeaning(
        "started-by-hand",
        Severity.MEDIUM,
        "it was started again, by somebody or after the engine's own restart",
        "it ran a second time on what the first run left",
        taints=False,
    ),
    "create": TouchMeaning(
        "made-by-hand",
        Severity.HIGH,
        "somebody made a container with the environment's labels",
        "nobody declared it",
    ),
    "destroy": TouchMeaning("removed-by-hand", Severity.HIGH, "somebody removed it", "what needs it fails"),
    "archive-path": TouchMeaning(COPIED_OUT, Severity.LOW, "somebody copied files out of it", _SEEN, taints=False),
    "export": TouchMeaning(EXPORTED, Severity.LOW, "somebody exported its file system", _SEEN, taints=False),
    "top": TouchMeaning("listed", Severity.LOW, "somebody listed its processes", _SEEN, taints=False),
}
"""By the engine's word for an event of a container; others mean nothing here."""

NETWORK_JOINED = TouchMeaning(
    "network-connected",
    Severity.HIGH,
    "somebody joined it to the network",
    "it reaches, or was reached by, others than was declared",
)
NETWORK_LEFT = TouchMeaning(
    "network-disconnected", Severity.HIGH, "somebody cut it off from the network", "what needs it failed meanwhile"
)
STRANGER_CAME = TouchMeaning(
    "stranger-connected",
    Severity.HIGH,
    "somebody joined another container to the network",
    "it reached every service, past what is published",
)
ABSORBED = {"restart": ("kill", "stop", "start"), "stop": ("kill",), "commit": ("pause",), "destroy": ("kill",)}
"""Which events only belong to a later one of the same container."""
