"""A repository for releases alone: what a machine without a clone keeps them in."""

from __future__ import annotations

from pathlib import Path

from previewer.source.git import INSTALLATION_KEY, PROJECT_KEY
from previewer.source.git_command import GitCommand
from previewer.source.git_settings import STORE_KEY

SHA1_DIGITS = 40


def make_store(folder: Path, *, project: str, installation: str, id_length: int) -> None:
    """Make a bare repository at ``folder``; nothing happens if it is there.

    ``installation`` is that of the project's repository, so that both see one another's environments, and
    ``id_length`` the number of digits of its objects' ids. Raises :class:`SourceError`.
    """
    if folder.is_dir():
        return
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # definitions hold values that may be secret
    format_option = () if id_length == SHA1_DIGITS else ("--object-format=sha256",)
    # Whole or not there at all: a store without its settings would be somebody else's.
    unfinished = folder.with_name(f".{folder.name}.new")
    GitCommand(str(folder.parent)).run("init", "--quiet", "--bare", *format_option, unfinished.name)
    command = GitCommand(str(unfinished))
    for key, value in ((STORE_KEY, "true"), (INSTALLATION_KEY, installation), (PROJECT_KEY, project)):
        command.run("config", key, value)
    if not folder.is_dir():
        unfinished.rename(folder)
