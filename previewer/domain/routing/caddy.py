"""The router's configuration, which is the same whatever environments there are. Pure.

A host name is looked up in the file system for each request (see :mod:`previewer.domain.routing.route_files`), so
that nothing is ever reloaded: a reload resets connections of every environment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from previewer.domain.json_value import JsonObject, JsonValue, as_object, as_text

FOLDER = "/routes"
"""Where the router sees the volume of its files."""
CONFIG_FILE = "router.json"
HEALTH_HOST = "router.previewer.internal"
"""A host name that the router itself answers."""
HEALTH_HEADER = "X-Previewer-Router"
TRY_SECONDS = 5
"""How long a request waits for a service that does not accept connections, because it restarts say."""
IDLE_SECONDS = 1
"""How long a connection to a service is kept without a request: what replaces it waits for that."""
RETRY_AFTER = 2
_HOST = "{http.request.host}"
_PART = "{http.request.uri.path.%d}"
_FOUND = "{http.matchers.file.relative}"
_LOOKUPS = (
    f"/{_HOST}/2/{_PART % 0}/{_PART % 1}/=*",
    f"/{_HOST}/1/{_PART % 0}/=*",
    f"/{_HOST}/=*",
)
"""The longest path first. Whatever a request's path is, none of them leaves the folder of its host name."""
_UPSTREAM = "=([^/ ]+)$"
_UPSTREAM_WITH_HOST = "=([^/ ]+) ([^/ ]+)$"
_PAGE = "=page ([0-9]{3})$"


def router_configuration(*, name: str, port: int, addresses: Iterable[str]) -> bytes:
    """Caddy's JSON for a router called ``name`` that listens on a port of each of ``addresses``."""
    server: JsonObject = {
        "listen": [f"[{address}]:{port}" if ":" in address else f"{address}:{port}" for address in addresses],
        "protocols": ["h1", "h2", "h2c"],
        "automatic_https": {"disable": True},
        "logs": {},
        "routes": [_health(name), *map(_lookup, _LOOKUPS), _unknown()],
        "errors": {"routes": [_failure()]},
    }
    return json.dumps(
        {
            "admin": {"disabled": True, "config": {"persist": False}},
            "logging": {"logs": {"default": {"encoder": _encoder()}}},
            "apps": {"http": {"servers": {"router": server}}},
        },
        indent=1,
    ).encode()


def read_requested_host(line: str) -> str:
    """The host name that a line of the router's log is about; empty where it is about none."""
    try:
        entry = as_object(json.loads(line))
    except ValueError:
        return ""
    return as_text(as_object(entry.get("request")).get("host")).partition(":")[0]


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


def _lookup(pattern: str) -> JsonObject:
    found: JsonObject = {"file": {"root": FOLDER, "try_files": [pattern], "try_policy": "most_recently_modified"}}
    routes: list[JsonValue] = [
        {"match": [_said(_PAGE)], "handle": _page(), "terminal": True},
        {
            "match": [{**_said(_UPSTREAM), "protocol": "grpc"}],
            "handle": [_proxy(versions=["h2c"])],
            "terminal": True,
        },
        {"match": [_said(_UPSTREAM)], "handle": [_proxy()], "terminal": True},
        {"match": [_said(_UPSTREAM_WITH_HOST)], "handle": [_proxy(host="{http.regexp.said.2}")], "terminal": True},
    ]
    return {"match": [found], "handle": [{"handler": "subroute", "routes": routes}], "terminal": True}


def _said(pattern: str) -> JsonObject:
    return {"vars_regexp": {_FOUND: {"name": "said", "pattern": pattern}}}


def _proxy(*, host: str = "", versions: Iterable[str] = ()) -> JsonObject:
    transport: JsonObject = {"protocol": "http", "keep_alive": {"idle_timeout": f"{IDLE_SECONDS}s"}}
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": "{http.regexp.said.1}"}],
        "load_balancing": {"try_duration": f"{TRY_SECONDS}s", "try_interval": "50ms"},
        "transport": {**transport, **({"versions": list(versions)} if versions else {})},
        **({"headers": {"request": {"set": {"Host": [host]}}}} if host else {}),
    }


def _page() -> list[JsonValue]:
    """A file of the host name's folder, with the status that its name says, whatever was asked for."""
    kept: JsonObject = {"Cache-Control": ["no-store"], "X-Robots-Tag": ["noindex"]}
    retry: JsonObject = {"Retry-After": [str(RETRY_AFTER)]}
    is_waiting: JsonObject = {"vars_regexp": {_FOUND: {"pattern": "=page 503$"}}}
    return [
        {"handler": "headers", "response": {"set": kept}},
        {
            "handler": "subroute",
            "routes": [{"match": [is_waiting], "handle": [{"handler": "headers", "response": {"set": retry}}]}],
        },
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
