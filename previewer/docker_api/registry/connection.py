"""HTTP with one registry: TLS, signing in, a few attempts, and errors that say what helps."""

from __future__ import annotations

import base64
import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import docker.auth
import requests
import requests.exceptions
from msgspec import Struct

from previewer.docker_api.errors import innermost_reason
from previewer.docker_api.registry.answer import HEADERS, read_refusal, read_words, sign_in_hint
from previewer.domain.release.registry_address import HUB, is_loopback
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


FIRST_PAUSE = 0.3
"""Seconds before the second attempt; each later pause is three times as long."""
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that another attempt may change."""
CERTIFICATES = Path("/etc/docker/certs.d")
"""Where engines look for a registry's own certificate authority."""
TRY_AGAIN = "try again: nothing is sent twice"
HUB_HOST = "registry-1.docker.io"


class Patience(Struct, frozen=True):
    """How long a registry is waited for."""

    connect: float
    """Seconds for connecting."""
    read: float
    """Seconds between two pieces of an answer."""
    attempts: int


LONG = Patience(connect=10.0, read=60.0, attempts=4)
BRIEF = Patience(connect=3.0, read=10.0, attempts=1)


class RegistryConnection:
    """One registry. Safe to use from several threads: each has its own connections."""

    def __init__(
        self,
        registry: str,
        *,
        find: Callable[[str], RegistryCredentials] = find_credentials,
        patience: Patience = LONG,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.registry = registry
        scheme = "http" if is_loopback(registry) else "https"
        self.base = f"{scheme}://{HUB_HOST if registry == HUB else registry}"
        self._patience = patience
        self._pause = pause
        self._local = threading.local()
        self._login = RegistryLogin(registry, find, self._send)

    def ask(
        self,
        method: str,
        url: str,
        *,
        repository: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        """One request, whatever the answer's status; its content is not read yet.

        ``url`` is a path or, where the registry said where to go on, a whole one. Raises :class:`RegistryError`
        where there is no answer, and where the user is not let in.
        """
        url = url if "://" in url else f"{self.base}{url}"
        is_own = url.startswith(f"{self.base}/")
        for attempt in range(self._patience.attempts):
            if attempt:
                self._pause(FIRST_PAUSE * 3 ** (attempt - 1))
            is_last = attempt == self._patience.attempts - 1
            try:
                answer = self._ask_as_user(method, url, repository if is_own else None, dict(headers or {}), body)
            except requests.exceptions.RequestException as error:
                if is_last or isinstance(error, requests.exceptions.SSLError):
                    raise _unreachable(self.registry, error) from error
                continue
            if answer.status_code not in PASSING or is_last:
                return answer
            answer.close()
        raise AssertionError("the last attempt returns or raises")

    def _ask_as_user(
        self, method: str, url: str, repository: str | None, headers: dict[str, str], body: bytes | None
    ) -> requests.Response:
        """With the user's credentials for the registry; no other server sees them (``repository`` is ``None``)."""
        if repository is None:
            return self._send(requests.Request(method, url, headers=headers, data=body))
        known = self._login.header(repository)
        answer = self._send(requests.Request(method, url, headers=_authorized(headers, known), data=body))
        if answer.status_code != HTTPStatus.UNAUTHORIZED:
            return answer
        challenge = answer.headers.get("WWW-Authenticate", "")
        answer.close()
        if not answer.url.startswith(f"{self.base}/"):
            # The server that it redirects to would choose where the user's password goes.
            raise RegistryError("the registry sends elsewhere, where one has to sign in", where=self.registry)
        given = self._login.answer(repository, challenge)
        if given is None:
            raise refused(self.registry, has_credentials=False)
        answer = self._send(requests.Request(method, url, headers=_authorized(headers, given), data=body))
        if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise refused(self.registry, has_credentials=self._login.has_credentials, problem=self._login.problem)
        return answer

    def _send(self, request: requests.Request) -> requests.Response:
        session = self._session()
        settings = session.merge_environment_settings(request.url, {}, True, self._authority(), None)
        answer = session.send(
            session.prepare_request(request),
            timeout=(self._patience.connect, self._patience.read),
            # A redirect would take what is posted along, a refresh token for one.
            allow_redirects=request.method != "POST",
            **settings,
        )
        if self.base.startswith("https:") and not answer.url.startswith("https:"):
            answer.close()
            raise RegistryError("the registry sends elsewhere, without TLS", where=self.registry)
        return answer

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            # No proxy stands between us and this machine; netrc is not where docker keeps credentials.
            session.trust_env = not is_loopback(self.registry)
            session.auth = _keep_header
            session.headers.update(HEADERS)
        return session

    def _authority(self) -> str | None:
        file = CERTIFICATES / self.registry / "ca.crt"
        return str(file) if file.is_file() else None


class _Error(Struct, frozen=True):
    message: str = ""


class _Errors(Struct, frozen=True):
    errors: list[_Error] | None = None


def refusal(registry: str, action: str, answer: requests.Response) -> RegistryError:
    """The error for an answer that is none of those that were hoped for."""
    errors = read_words(answer, _Errors, where=registry).errors or ()
    said = "; ".join(error.message for error in errors if error.message)
    refusal = read_refusal(registry.partition("/")[0], answer.status_code, said)
    reason = said or refusal.reason or f"the registry answered with status {answer.status_code}"
    return RegistryError(f"could not {action}: {reason}", where=registry, hint=refusal.hint)


def _authorized(headers: Mapping[str, str], value: str | None) -> dict[str, str]:
    return {**headers, "Authorization": value} if value else dict(headers)


def _keep_header(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Instead of what requests would look up in netrc."""
    return request


def _unreachable(registry: str, error: Exception) -> RegistryError:
    if isinstance(error, requests.exceptions.SSLError):
        return RegistryError(
            f"the registry's certificate is not trusted ({innermost_reason(error)})",
            where=registry,
            hint=f"put its authority into {CERTIFICATES / registry / 'ca.crt'}, as docker wants it too",
        )
    if isinstance(error, requests.exceptions.Timeout):
        return RegistryError("the registry did not answer in time", where=registry, hint=TRY_AGAIN)
    return RegistryError(
        f"the registry does not answer ({innermost_reason(error)})",
        where=registry,
        hint=f"check its name and the network; {TRY_AGAIN}",
    )
