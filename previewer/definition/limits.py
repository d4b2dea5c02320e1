"""How much of a machine one definition may use. Anyone may have written it, so every quantity has an end."""

from __future__ import annotations

from previewer.errors import DefinitionError

MAX_FILE_BYTES = 1 << 20
"""Of one Compose file."""
MAX_ENV_FILE_BYTES = 1 << 20
"""Of one ``.env``, ``env_file`` or ``label_file``."""
MAX_FILES = 500
"""Compose and environment files that one definition may read, each inclusion counted."""
MAX_NODES = 500_000
"""YAML values after all aliases, inclusions and extensions."""
MAX_NESTING = 100
"""Of YAML collections."""
MAX_TEXT = 16 << 20
"""Characters that interpolation may produce in all."""
MAX_INTERPOLATION_DEPTH = 50
"""Of ``${A:-${B:-...}}``."""
MAX_EXTENDS_DEPTH = 50
MAX_INCLUDE_DEPTH = 20
MAX_SERVICES = 200


class Budget:
    """An amount that may be spent once, in all calls together."""

    def __init__(self, amount: int, what: str) -> None:
        self._left = amount
        self._message = f"the definition is too large: more than {amount} {what}"

    def spend(self, amount: int = 1) -> None:
        """Take ``amount``; raises :class:`DefinitionError` once more is asked for than there was."""
        self._left -= amount
        if self._left < 0:
            raise DefinitionError(
                self._message, hint="look for anchors, inclusions or variables that multiply each other"
            )
