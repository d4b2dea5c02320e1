"""Who the user is to a registry, as the docker command knows: ``auths``, ``credHelpers`` and ``credsStore``.

Every question for credentials goes through here, the engine's ``X-Registry-Auth`` included. A helper that is not
installed or fails (``credsStore: desktop.exe`` outside of Docker Desktop) leaves the user anonymous, which is all
that public images need; :attr:`RegistryCredentials.problem` says so.
"""

from __future__ import annotations

import shutil
from dataclasses import field

from previewer.docker_api.wire.sdk import docker
from previewer.errors import RegistryError
from previewer.frozen import dataclass

HELPER_PREFIX = "docker-credential-"


@dataclass(frozen=True, slots=True)
class RegistryCredentials:
    """A user of one registry; all empty for nobody."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """An OAuth 2 refresh token, instead of a password."""
    problem: str = ""
    """Why credentials that may be there could not be had; empty where nothing failed."""

    def __bool__(self) -> bool:
        return bool(self.username or self.identity_token)

    @property
    def header(self) -> str:
        """What an engine is to be given as ``X-Registry-Auth``."""
        named = {
            "username": self.username,
            "password": self.password,
            "identitytoken": self.identity_token,
        }
        return docker.auth.encode_header({key: value for key, value in named.items() if value}).decode()


def find_credentials(registry: str) -> RegistryCredentials:
    """The credentials for a registry's host that the user's docker configuration has or its helper gives.

    Raises :class:`RegistryError` where the configuration itself cannot be read.
    """
    try:
        configuration = docker.auth.load_config()
        helper = configuration.get_credential_store(registry)
    except (docker.errors.DockerException, ValueError) as error:
        raise RegistryError(
            f"the docker credentials cannot be read: {error}",
            where=registry,
            hint="docker login writes them again",
        ) from error
    program = f"{HELPER_PREFIX}{helper}" if helper else ""
    if program and shutil.which(program) is None:
        return _without_helper(configuration, registry, f"{program} is not installed")
    try:
        return _read(configuration.resolve_authconfig(registry))
    except (docker.errors.DockerException, ValueError) as error:
        return _without_helper(configuration, registry, f"{program} failed ({error})")


def _without_helper(configuration: docker.auth.AuthConfig, registry: str, problem: str) -> RegistryCredentials:
    """What the configuration file itself holds, else nobody."""
    plain = docker.auth.AuthConfig({"auths": configuration.auths})
    return _read(plain.resolve_authconfig(registry), problem)


def _read(found: object, problem: str = "") -> RegistryCredentials:
    entries = found.items() if isinstance(found, dict) else ()
    values = {str(key).lower(): str(value) for key, value in entries if value}
    user = RegistryCredentials(
        values.get("username", ""), values.get("password", ""), values.get("identitytoken", "")
    )
    if user or not problem:
        return user
    return RegistryCredentials(problem=f"{problem}, so registries are asked without signing in")
