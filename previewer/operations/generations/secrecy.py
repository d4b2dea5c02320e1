"""What a run may show of values that may be secrets."""

from __future__ import annotations

import os

from previewer.domain.drift.secrecy import Secrecy
from previewer.operations.session import Session


def new_secrecy(session: Session) -> Secrecy:
    """A way of showing values that is this run's own; variables that the settings let in are secrets."""
    return Secrecy(os.urandom(16), session.settings.allowed_variables.values())
