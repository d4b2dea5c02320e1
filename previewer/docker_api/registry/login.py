"""What a registry wants to see of the user: HTTP Basic, or a token from its token server.

Follows the Distribution project's "Token Authentication Specification" and, for identity tokens, its OAuth 2
counterpart.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import urlsplit

import requests

from previewer.docker_api.registry.answer import read_words
from previewer.docker_api.registry.credentials import RegistryCredentials
from previewer.docker_api.registry.refusals import sign_in_hint
from previewer.domain.json_value import as_object, as_text
from previewer.domain.registry_address import is_loopback
from previewer.errors import RegistryError

CLIENT_ID = "previewer"
_PARAMETER = re.compile(r'([A-Za-z_]+)="((?:[^"\\]|\\.)*)"')

Send: TypeAlias = Callable[[requests.Request], requests.Response]


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
        body = as_object(read_words(answer, where=self._registry))
        token = as_text(body.get("token")) or as_text(body.get("access_token"))
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
