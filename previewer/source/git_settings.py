"""A repository's git configuration, read once."""

from __future__ import annotations

from functools import cached_property

from previewer.source.git_command import GitCommand

STORE_KEY = "previewer.store"
"""The git setting of a repository that holds releases and no commits: ``previewer pull`` made it."""


class GitSettings:
    """What ``git config`` says, system, user and repository files together."""

    def __init__(self, command: GitCommand) -> None:
        self._command = command

    @cached_property
    def _values(self) -> dict[str, str]:
        output = self._command.text("config", "--list", "-z")
        pairs = (record.partition("\n") for record in output.split("\0") if record)
        return {key: value for key, _, value in pairs}

    def get(self, key: str) -> str | None:
        """The last value of a key (section and name in lower case, as git prints them); ``None`` without one."""
        return self._values.get(key) or None

    @cached_property
    def remotes(self) -> tuple[str, ...]:
        """The remotes' names, ``origin`` first, then sorted."""
        found = {
            key.removeprefix("remote.").removesuffix(".url")
            for key in self._values
            if key.startswith("remote.") and key.endswith(".url")
        }
        return tuple(sorted(found, key=lambda name: (name != "origin", name)))

    @property
    def is_store(self) -> bool:
        """Whether the repository holds releases without their commits."""
        return self.get(STORE_KEY) == "true"

    @property
    def is_partial_clone(self) -> bool:
        """Whether objects are fetched when they are first asked for."""
        return self.get("extensions.partialclone") is not None
