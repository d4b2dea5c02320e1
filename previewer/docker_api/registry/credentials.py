"""Who the user is to a registry, as the docker command knows: ``auths``, ``credHelpers`` and ``credsStore``."""

from __future__ import annotations

from dataclasses import field

from previewer.docker_api.wire.sdk import docker
from previewer.errors import RegistryError
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class RegistryCredentials:
    """A user of one registry; all empty for nobody."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """An OAuth 2 refresh token, instead of a password."""

    def __bool__(self) -> bool:
        return bool(self.username or self.identity_token)


def find_credentials(registry: str) -> RegistryCredentials:
    """The credentials for a registry's host that the user's docker configuration has or its helper gives.

    Raises :class:`RegistryError` where the configuration or its helper does not work.
    """
    try:
        found = docker.auth.load_config().resolve_authconfig(registry) or {}
    except (docker.errors.DockerException, ValueError) as error:
        raise RegistryError(
            f"the docker credentials cannot be read: {error}", where=registry, hint="docker login writes them anew"
        ) from error
    values = {str(key).lower(): str(value) for key, value in found.items() if value}
    return RegistryCredentials(
        values.get("username", ""), values.get("password", ""), values.get("identitytoken", "")
    )
