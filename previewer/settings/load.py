"""What a user and a project choose, in layers: ours, the user's file, the project's file, the environment.

The project's file is read from its default branch and from nowhere else, so that no branch under preview decides
what it is trusted with. Command line options come last and are applied by the operations that take them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from previewer.domain.glob import any_glob_matches
from previewer.errors import UsageError
from previewer.settings.model import REPOSITORY_FILE, VARIABLE_PREFIX, Settings

__all__ = ["REPOSITORY_FILE", "USER_FILE", "Settings", "load_settings", "read_user_file", "user_settings_path"]

USER_FILE = "previewer/settings.toml"
"""Below the user's folder for configuration."""


def load_settings(
    *,
    user_file: bytes | None,
    repository_file: bytes | None,
    environment: Mapping[str, str],
    user_name: str = USER_FILE,
) -> Settings:
    """The settings that the layers make together. ``environment`` is the caller's; nothing else is looked at.

    Raises :class:`UsageError` with the file and line, or the variable, of what cannot be read, is unknown or
    does not belong into that file. ``user_name`` is what messages call the user's file.
    """
    is_chosen = any(name.startswith(VARIABLE_PREFIX) and text for name, text in environment.items())
    if user_file is None and repository_file is None and not is_chosen:
        return Settings()  # most often: then the modules that read settings need not be loaded
    settings = _layered(user_file, repository_file, environment, user_name)
    allowed = {name: value for name, value in environment.items() if any_glob_matches(settings.variables, name)}
    return replace(settings, allowed_variables=allowed)


def _layered(
    user_file: bytes | None, repository_file: bytes | None, environment: Mapping[str, str], user_name: str
) -> Settings:
    from previewer.settings.layers import apply_environment, apply_file
    from previewer.settings.table import Layer

    settings = Settings()
    if user_file is not None:
        settings = apply_file(settings, user_file, name=user_name, layer=Layer.USER)
    if repository_file is not None:
        settings = apply_file(settings, repository_file, name=REPOSITORY_FILE, layer=Layer.REPOSITORY)
    return apply_environment(settings, environment)


def user_settings_path(environment: Mapping[str, str]) -> Path | None:
    """Where the user's file is: below ``XDG_CONFIG_HOME``, else where the platform keeps such files.

    ``None`` where ``environment`` names no home.
    """
    if folder := environment.get("XDG_CONFIG_HOME"):
        return Path(folder) / USER_FILE
    if not (home := environment.get("HOME")):
        return None
    folder = "Library/Application Support" if sys.platform == "darwin" else ".config"
    return Path(home) / folder / USER_FILE


def read_user_file(environment: Mapping[str, str]) -> bytes | None:
    """The content of the user's file; ``None`` where there is none.

    Raises :class:`UsageError` for one that cannot be read.
    """
    path = user_settings_path(environment)
    try:
        return path.read_bytes() if path is not None else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"the settings cannot be read: {error.strerror}", where=str(path)) from error
