"""How a user signs in to a registry: credentials of the docker command, HTTP Basic, or a token."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import urlsplit

import docker.auth
import requests
from msgspec import Struct

from previewer.docker_api.registry.answer import read_words, sign_in_hint
from previewer.domain.release.registry_address import is_loopback
from previewer.errors import RegistryError

HELPER_PREFIX = "docker-credential-"


class RegistryCredentials(Struct, frozen=True):
    """A user of one registry; all empty without a login."""

    username: str = ""
    password: str = ""
    identity_token: str = ""
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

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name not in {"password", "identity_token"})
        return f"RegistryCredentials({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


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
    """The login in the configuration file itself, else an empty one."""
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


CLIENT_ID = "previewer"
_PARAMETER = re.compile(r'([A-Za-z_]+)="((?:[^"\\]|\\.)*)"')

Send: TypeAlias = Callable[[requests.Request], requests.Response]


class _Token(Struct, frozen=True):
    token: str = ""
    access_token: str = ""


class RegistryLogin:
    """Answers one registry's challenges and remembers the answers, by repository."""

    def __init__(self, registry: str, find: Callable[[str], RegistryCredentials], send: Send) -> None:
        """``find`` is asked for credentials only where the registry wants some."""
        self._registry = registry
        self._find = find
        self._send = send
        self._headers: dict[str, str] = {}
        self.has_credentials = False
        self.problem = ""
        """Whether the user had any when the registry asked."""

    def header(self, repository: str) -> str | None:
        """The ``Authorization`` that worked before."""
        return self._headers.get(repository)

    def answer(self, repository: str, challenge: str) -> str | None:
        """The ``Authorization`` for a ``WWW-Authenticate``; ``None`` where the user has nothing to show.

        Raises :class:`RegistryError` where the token server refuses.
        """
        scheme, _, rest = challenge.partition(" ")
        credentials = self._find(self._registry)
        self.has_credentials, self.problem = bool(credentials), credentials.problem
        if scheme.lower() == "bearer":
            header = f"Bearer {self._fetch_token(dict(_PARAMETER.findall(rest)), credentials)}"
        elif scheme.lower() == "basic" and credentials.username:
            header = basic_header(credentials)
        else:
            return None
        self._headers[repository] = header
        return header

    def _fetch_token(self, challenge: dict[str, str], credentials: RegistryCredentials) -> str:
        realm = challenge.get("realm", "")
        parts = urlsplit(realm)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.netloc)):
            raise RegistryError("the registry's token server has no TLS", where=realm or self._registry)
        asked: dict[str, str] = {key: challenge[key] for key in ("service", "scope") if key in challenge}
        if credentials.identity_token:
            asked |= {"grant_type": "refresh_token", "refresh_token": credentials.identity_token}
            answer = self._send(requests.Request("POST", realm, data={**asked, "client_id": CLIENT_ID}))
        else:
            request = requests.Request("GET", realm, params=asked)
            if credentials:
                request.headers = {"Authorization": basic_header(credentials)}
            answer = self._send(request)
        if answer.status_code != HTTPStatus.OK:
            raise refused(self._registry, has_credentials=bool(credentials), problem=credentials.problem)
        body = read_words(answer, _Token, where=self._registry)
        token = body.token or body.access_token
        if not token or not token.isprintable():  # a line's end in it would be another header
            raise RegistryError("the registry's token server gave no token", where=realm)
        return token


def basic_header(credentials: RegistryCredentials) -> str:
    """RFC 7617."""
    pair = f"{credentials.username}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def refused(registry: str, *, has_credentials: bool, problem: str = "") -> RegistryError:
    """The error for a user that the registry does not let in; ``problem`` is that of the credentials."""
    if has_credentials:
        return RegistryError(
            "the registry does not let this user do that", where=registry, hint=sign_in_hint(registry)
        )
    hint = f"{problem}; docker login {registry}" if problem else f"docker login {registry}"
    return RegistryError("the registry wants to know who you are", where=registry, hint=hint)
