"""The proxies of the user's docker configuration, as the build arguments that no Dockerfile has to declare.

They change no image's id: builders keep them out of their caches and histories, and they are no part of an input.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from previewer.docker_api.wire.sdk import docker
from previewer.domain.json_value import as_object, as_text

_ARGUMENTS = {
    "httpProxy": "http_proxy",
    "httpsProxy": "https_proxy",
    "ftpProxy": "ftp_proxy",
    "noProxy": "no_proxy",
    "allProxy": "all_proxy",
}
"""Build arguments, in lower case, by the key of ``proxies`` in ``config.json``."""


def proxy_arguments(host: str) -> dict[str, str]:
    """Those for an engine at ``host``, in lower and in upper case as programs look for either."""
    proxies = as_object(as_object(docker.utils.config.load_general_config()).get("proxies"))
    chosen = as_object(proxies.get(host)) or as_object(proxies.get("default"))
    found = {name: value for key, name in _ARGUMENTS.items() if (value := as_text(chosen.get(key)))}
    return {**found, **{name.upper(): value for name, value in found.items()}}


def proxy_passwords(arguments: Mapping[str, str]) -> set[bytes]:
    """What of them must not be shown."""
    passwords = (urlsplit(value).password for name, value in arguments.items() if name.lower() != "no_proxy")
    return {password.encode() for password in passwords if password}
