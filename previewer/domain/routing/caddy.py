"""The router's configuration, which is the same whatever environments there are. Pure.

A host name is looked up in the file system for each request (see :mod:`previewer.domain.routing.route_files`), so
that nothing is ever reloaded: a reload resets connections of every environment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from msgspec import Struct

from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.routing.host_names import tls_port
from previewer.domain.routing.route_files import LINKS, MOST_UPSTREAMS, TUNNELS

FOLDER = "/routes"
"""Where the router sees the volume of its files."""
CONFIG_FILE = "router.json"
SHARE_HOST = r"^share-[0-9a-f]{24}\."
"""What host names of shares begin with."""
ASK_PATH = "/.previewer/certificate"
TLS_FOLDER = ".tls"
"""The volume's folder with the router's own authority and its certificates."""
AUTHORITY_FILE = f"{TLS_FOLDER}/pki/authorities/local/root.crt"
ROOTS_FILE = f"{TLS_FOLDER}/roots.pem"
"""The volume's file of authorities that the router trusts when it asks one for certificates."""
CERTIFICATE_FILE, KEY_FILE = f"{TLS_FOLDER}/given.crt", f"{TLS_FOLDER}/given.key"
"""Of the volume: what it was given."""
HEALTH_HOST = "router.previewer.internal"
"""A host name that the router itself answers."""
HEALTH_HEADER = "X-Previewer-Router"
TRY_SECONDS = 5
"""How long a request waits for a service that does not accept connections, because it restarts say."""
IDLE_SECONDS = 1
"""How long a connection to a service is kept without a request: what replaces it waits for that."""
RETRY_AFTER = 2
_HOST = "{http.request.host}"
_PLACE = "{http.request.hostport}"
_PART = "{http.request.uri.path.%d}"
_FOUND = "{http.matchers.file.relative}"
_LOOKUPS = tuple(
    f"/{_HOST}/{link}/{place}=*"
    for link in LINKS
    for place in (f"2/{_PART % 0}/{_PART % 1}/", f"1/{_PART % 0}/", "")
)
"""The longest path first. Whatever a request's path is, none of them leaves the folder of its host name."""
_PAGE = "=page ([0-9]{3})$"
_SHARE = "=share ([0-9]+) ([^/ ]+) (open|locked)$"
_BASIC = "^Basic ([A-Za-z0-9+=]+)$"
GONE = 410


class Acme(Struct, frozen=True):
    """A public authority that is asked for the certificate of each name."""

    email: str = ""
    """Where it writes to; empty for nowhere."""
    directory: str = ""
    """Its address; empty for Let's Encrypt."""
    has_roots: bool = False
    """Whether :data:`ROOTS_FILE` says whom to trust."""


def router_configuration(
    *,
    name: str,
    port: int,
    addresses: Sequence[str],
    has_tls: bool = False,
    is_given: bool = False,
    acme: Acme | None = None,
) -> bytes:
    """Caddy's JSON for a router called ``name`` that listens on a port of each of ``addresses``.

    With TLS it gets a certificate for each host name that it knows, from an authority of its own or by ``acme``,
    unless one ``is_given``.
    """
    server: JsonObject = {
        "listen": _listen(addresses, port),
        "protocols": ["h1", "h2", "h2c"],
        "automatic_https": {"disable": True},
        "logs": {},
        "routes": [
            _health(name),
            _asked(port, addresses),
            _shares(port, addresses),
            _lookup(),
            _tunnels(port, addresses),
            _unknown(),
        ],
        "errors": {"routes": [_failure()]},
    }
    return json.dumps(
        {
            "admin": {"disabled": True, "config": {"persist": False}},
            "logging": {"logs": {"default": {"encoder": _encoder()}}},
            "apps": {
                "http": {"servers": {"router": server, **(_secure(server, addresses, port) if has_tls else {})}},
                **(_given() if is_given else _certificates(port, addresses, acme) if has_tls else {}),
            },
            **({"storage": {"module": "file_system", "root": f"{FOLDER}/{TLS_FOLDER}"}} if has_tls else {}),
        },
        indent=1,
    ).encode()


def _listen(addresses: Sequence[str], port: int) -> list[JsonValue]:
    return [f"[{address}]:{port}" if ":" in address else f"{address}:{port}" for address in addresses]


def _secure(server: JsonObject, addresses: Sequence[str], port: int) -> JsonObject:
    listen = _listen(addresses, tls_port(port))
    return {"secure": {**server, "listen": listen, "tls_connection_policies": [{}]}}


def _certificates(port: int, addresses: Sequence[str], acme: Acme | None) -> JsonObject:
    """Certificates that are made at the first request for a name that has a folder."""
    ask = f"http://{_itself(port, addresses)}{ASK_PATH}"
    policy: JsonObject = {"on_demand": True, "issuers": [_issuer(acme)]}
    automation: JsonObject = {
        "policies": [policy],
        "on_demand": {"permission": {"module": "http", "endpoint": ask}},
    }
    if acme is not None:
        return {"tls": {"automation": automation}}
    return {
        "tls": {"automation": automation},
        "pki": {"certificate_authorities": {"local": {"name": "previewer router", "install_trust": False}}},
    }


def _issuer(acme: Acme | None) -> JsonObject:
    if acme is None:
        return {"module": "internal"}
    return {
        "module": "acme",
        **({"ca": acme.directory} if acme.directory else {}),
        **({"email": acme.email} if acme.email else {}),
        **({"trusted_roots_pem_files": [f"{FOLDER}/{ROOTS_FILE}"]} if acme.has_roots else {}),
    }


def _given() -> JsonObject:
    files: JsonObject = {"certificate": f"{FOLDER}/{CERTIFICATE_FILE}", "key": f"{FOLDER}/{KEY_FILE}"}
    return {"tls": {"certificates": {"load_files": [files]}}}


def _asked(port: int, addresses: Sequence[str]) -> JsonObject:
    """Whether a host name is known, which the router asks itself before it makes a certificate."""
    domain = "{http.request.uri.query.domain}"
    known: JsonObject = {
        "file": {"root": FOLDER, "try_files": [f"/{domain}/{link}/" for link in LINKS]},
        "path": [ASK_PATH],
    }
    address = _itself(port, addresses).rpartition(":")[0].strip("[]")
    is_local: JsonObject = {"host": [address], "remote_ip": {"ranges": [address]}}
    answer: JsonObject = {"handler": "static_response", "status_code": 200}
    return {"match": [{**known, **is_local}], "handle": [answer], "terminal": True}


def _itself(port: int, addresses: Sequence[str]) -> str:
    """Where the router reaches itself."""
    address = "127.0.0.1" if set(addresses) & {"0.0.0.0", "127.0.0.1"} else addresses[0]  # noqa: S104 - read
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _encoder() -> JsonObject:
    """Lines that hold no header of a request or an answer: they may be secrets."""
    hidden = ("request>headers", "request>tls", "resp_headers", "user_id", "request>remote_port", "bytes_read")
    return {
        "format": "filter",
        "wrap": {"format": "json"},
        "fields": {
            **{field: {"filter": "delete"} for field in hidden},
            "request>uri": {"filter": "regexp", "regexp": r"\?.*", "value": ""},
        },
    }


def _health(name: str) -> JsonObject:
    answer: JsonObject = {"handler": "static_response", "status_code": 200, "headers": {HEALTH_HEADER: [name]}}
    return {"match": [{"host": [HEALTH_HOST]}], "handle": [answer], "terminal": True}


def _lookup() -> JsonObject:
    """Pages, and services with one container or several, perhaps with a host header, perhaps in gRPC."""
    found: JsonObject = {"file": {"root": FOLDER, "try_files": [*_LOOKUPS]}}
    routes: list[JsonValue] = [{"match": [_said(_PAGE)], "handle": _page(), "terminal": True}]
    for count in range(1, MOST_UPSTREAMS + 1):
        dials = ",".join(["([^/, ]+)"] * count)
        for end, host in (("", ""), (" ([^/ ]+)", f"{{http.regexp.said.{count + 1}}}")):
            said = _said(f"={dials}{end}$")
            grpc: JsonObject = {**said, "protocol": "grpc"}
            routes += [
                {"match": [grpc], "handle": [_proxy(count, host, versions=["h2c"])], "terminal": True},
                {"match": [said], "handle": [_proxy(count, host)], "terminal": True},
            ]
    return {"match": [found], "handle": [{"handler": "subroute", "routes": routes}], "terminal": True}


def _shares(port: int, addresses: Sequence[str]) -> JsonObject:
    """Unguessable hosts: each leads to an environment's own name until its time is over."""
    is_share: JsonObject = {"vars_regexp": {_HOST: {"pattern": SHARE_HOST}}}
    inner = _routes(_shared(f"/{_HOST}", port, addresses), {"handle": [_OVER]})
    return {"match": [is_share], "handle": [inner], "terminal": True}


def _tunnels(port: int, addresses: Sequence[str]) -> JsonObject:
    """Shares under the names that tunnels have elsewhere, which no environment has."""
    return _shared(f"/{TUNNELS}/{_PLACE}", port, addresses)


def _shared(folder: str, port: int, addresses: Sequence[str]) -> JsonObject:
    """What a share's folder says, if there is one.

    The router asks itself, under the environment's name, so that a share follows it wherever that leads.
    """
    proxy: JsonObject = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": _itself(port, addresses)}],
        "headers": {
            "request": {"set": {"Host": ["{http.regexp.said.2}"]}, "delete": ["Authorization"]},
            "response": {"set": {"X-Robots-Tag": ["noindex"]}},
        },
    }
    is_over: JsonObject = {"expression": "int({time.now.unix}) >= int({http.regexp.said.1})"}
    is_locked: JsonObject = {"vars_regexp": {"{http.regexp.said.3}": {"pattern": "^locked$"}}}
    has_key: JsonObject = {"header_regexp": {"Authorization": {"name": "key", "pattern": _BASIC}}}
    fits: JsonObject = {"file": {"root": FOLDER, "try_files": [f"{folder}/key-{{http.regexp.key.1}}"]}}
    ask = _text(401, "This preview asks for a password.\n", {"WWW-Authenticate": ['Basic realm="preview"']})
    checked = _routes(
        {"match": [is_over], "handle": [_OVER], "terminal": True},
        {
            "match": [is_locked],
            "handle": [
                _routes({"match": [has_key], "handle": [_routes({"match": [fits], "handle": [proxy]})]}),
                ask,
            ],
            "terminal": True,
        },
        {"handle": [proxy]},
    )
    known: JsonObject = {"file": {"root": FOLDER, "try_files": [f"{folder}/{link}/=share *" for link in LINKS]}}
    found = _routes({"match": [_said(_SHARE)], "handle": [checked], "terminal": True}, {"handle": [_OVER]})
    return {"match": [known], "handle": [found], "terminal": True}


def _routes(*routes: JsonValue) -> JsonObject:
    return {"handler": "subroute", "routes": list(routes)}


def _said(pattern: str) -> JsonObject:
    return {"vars_regexp": {_FOUND: {"name": "said", "pattern": pattern}}}


def _proxy(count: int, host: str, versions: Iterable[str] = ()) -> JsonObject:
    """A container that does not accept a connection is passed over: the next one is tried at once."""
    transport: JsonObject = {"protocol": "http", "keep_alive": {"idle_timeout": f"{IDLE_SECONDS}s"}}
    upstreams: list[JsonValue] = [{"dial": f"{{http.regexp.said.{number + 1}}}"} for number in range(count)]
    turns: JsonObject = {"selection_policy": {"policy": "round_robin"}} if count > 1 else {}
    return {
        "handler": "reverse_proxy",
        "upstreams": upstreams,
        "load_balancing": {"try_duration": f"{TRY_SECONDS}s", "try_interval": "50ms", **turns},
        "transport": {**transport, **({"versions": list(versions)} if versions else {})},
        **({"headers": {"request": {"set": {"Host": [host]}}}} if host else {}),
    }


def _page() -> list[JsonValue]:
    """A file of the host name's folder, with the status that its name says, whatever was asked for.

    Only a project's own page is a template.
    """
    kept: JsonObject = {"Cache-Control": ["no-store"], "X-Robots-Tag": ["noindex"]}
    retry: JsonObject = {"Retry-After": [str(RETRY_AFTER)]}
    is_waiting: JsonObject = {"vars_regexp": {_FOUND: {"pattern": "=page 503$"}}}
    is_index: JsonObject = {"vars_regexp": {_FOUND: {"pattern": "=page 200$"}}}
    return [
        {"handler": "headers", "response": {"set": kept}},
        _routes({"match": [is_waiting], "handle": [{"handler": "headers", "response": {"set": retry}}]}),
        _routes({"match": [is_index], "handle": [{"handler": "templates", "file_root": FOLDER}]}),
        {"handler": "rewrite", "method": "GET", "uri": f"/{_HOST}/page-{{http.regexp.said.1}}.html"},
        {"handler": "headers", "request": {"delete": ["If-None-Match", "If-Modified-Since", "Range"]}},
        {"handler": "file_server", "root": FOLDER, "status_code": "{http.regexp.said.1}"},
    ]


def _unknown() -> JsonObject:
    body = "There is no environment of this name here.\n"
    return {"handle": [_text(404, body, {"Cache-Control": ["no-store"]})]}


def _failure() -> JsonObject:
    """What a service that is there but does not answer looks like: never the engine's or another one's error."""
    body = "This environment does not answer at the moment.\n"
    return {"handle": [_text("{http.error.status_code}", body, {"Retry-After": [str(RETRY_AFTER)]})]}


def _text(status: int | str, body: str, headers: JsonObject) -> JsonObject:
    plain: JsonObject = {"Content-Type": ["text/plain; charset=utf-8"], "X-Robots-Tag": ["noindex"]}
    return {"handler": "static_response", "status_code": status, "headers": {**plain, **headers}, "body": body}


_OVER = _text(GONE, "This address is no longer shared.\n", {})
